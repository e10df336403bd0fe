public import LetheBytes
public import LetheCrypto

// Invariants of this file (OpenSSF model signing v1, serialisation method "files"):
// 1. The digest of a model is SHA-256 over the concatenated SHA-256 digests of its files, in the order of their names' UTF-8 bytes.
// 2. Digest alone does not fix the names; the list of resources does, so both are signed and compared.
// 3. Links and special files are refused: what is signed is what lies in the folder.

/// The identity of a model folder: one digest and the list of files it stands for.
public struct ModelDigest: Sendable, Equatable {
    /// One file of a model.
    public struct Resource: Sendable {
        /// The path inside of the folder, with `/` between parts.
        public let name: String
        /// SHA-256 of its bytes.
        public let digest: Digest

        /// Names a file by its digest.
        public init(name: String, digest: Digest) {
            self.name = name
            self.digest = digest
        }
    }

    /// Names that model signing never covers, at the top of the folder: its own signature and version control.
    public static let defaultIgnored: Set<String> = ["model.sig", ".git", ".gitattributes", ".gitignore", ".github"]

    /// The files, in the order of their names.
    public let resources: [Resource]
    /// The digest of the model.
    public let digest: Digest

    /// Computes the digest of listed files, in any order.
    ///
    /// - Throws: `.noFiles`, `.duplicateName`, `.invalidName` for names that leave the folder.
    public init(resources: [Resource]) throws(ModelDigestError) {
        guard !resources.isEmpty else { throw .noFiles(folder: nil) }
        let sorted = resources.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        for (index, resource) in sorted.enumerated() {
            guard Self.isValid(name: resource.name) else { throw .invalidName(resource.name) }
            if index > 0, Array(sorted[index - 1].name.utf8) == Array(resource.name.utf8) {
                throw .duplicateName(resource.name)
            }
        }
        let hasher = SHA256Hasher()
        for resource in sorted { hasher.update(resource.digest.bytes) }
        self.resources = sorted
        digest = hasher.finalize()
    }

    /// Reads every file below `folder`.
    ///
    /// - Parameter ignored: names directly in the folder that do not count.
    /// - Throws: `.file`, `.notAFile` for special files and links, `.noFiles`.
    public init(folder: String, ignoring ignored: Set<String> = ModelDigest.defaultIgnored) throws(ModelDigestError) {
        var resources: [Resource] = []
        var pending: [String] = []
        do throws(FileError) {
            pending = try Files.names(in: folder).filter { !ignored.contains($0) }
            while let name = pending.popLast() {
                let path = Files.join(folder, name)
                switch Files.unlinkedKind(path) {
                case .file: resources.append(Resource(name: name, digest: try Digest(sha256OfFile: path)))
                case .folder: pending += try Files.names(in: path).map { name + "/" + $0 }
                default: throw FileError.notAFile(path: path)
                }
            }
        } catch {
            throw .file(error)
        }
        guard !resources.isEmpty else { throw .noFiles(folder: folder) }
        try self.init(resources: resources)
    }

    /// Compares the files below `folder` with this list.
    ///
    /// - Throws: the first file that is missing, surplus or changed.
    public func check(
        folder: String, ignoring ignored: Set<String> = ModelDigest.defaultIgnored
    ) throws(ModelDigestError) {
        let found = try ModelDigest(folder: folder, ignoring: ignored)
        // By bytes: two names may differ in them and still be equal as Swift strings (é as one scalar or as two).
        let byName = Dictionary(uniqueKeysWithValues: found.resources.map { (Array($0.name.utf8), $0.digest) })
        for resource in resources {
            guard let digest = byName[Array(resource.name.utf8)] else { throw .missingFile(resource.name) }
            guard digest == resource.digest else {
                throw .changedFile(resource.name, expected: resource.digest, found: digest)
            }
        }
        let names = Set(resources.map { Array($0.name.utf8) })
        if let surplus = found.resources.first(where: { !names.contains(Array($0.name.utf8)) }) {
            throw .surplusFile(surplus.name)
        }
    }

    private static func isValid(name: String) -> Bool {
        let parts = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return parts.allSatisfy { part in
            !part.isEmpty && !part.elementsEqual(".".utf8) && !part.elementsEqual("..".utf8)
                && part.allSatisfy { $0 >= 0x20 && $0 != 0x7f }
        }
    }
}

extension ModelDigest.Resource: Equatable {
    /// Equal names are equal byte for byte.
    public static func == (left: Self, right: Self) -> Bool {
        left.digest == right.digest && left.name.utf8.elementsEqual(right.name.utf8)
    }
}

/// Why a folder has no digest, or not the expected one.
public enum ModelDigestError: Error, Equatable, CustomStringConvertible {
    /// A file could not be read.
    case file(FileError)
    /// A model has at least one file.
    case noFiles(folder: String?)
    /// Two files of one name.
    case duplicateName(String)
    /// A name that is empty, leaves the folder, or holds control characters.
    case invalidName(String)
    /// A listed file is not there.
    case missingFile(String)
    /// A file is there that is not listed.
    case surplusFile(String)
    /// A file has other bytes.
    case changedFile(String, expected: Digest, found: Digest)

    /// One line that names the file, expected and found.
    public var description: String {
        switch self {
        case .file(let error): "model: \(error)"
        case .noFiles(let folder): "model: no files\(folder.map { " in \($0)" } ?? "")"
        case .duplicateName(let name): "model: two files are called \(Printable.quoted(name))"
        case .invalidName(let name): "model: \(Printable.quoted(name)) is not a name inside of a folder"
        case .missingFile(let name): "model: \(Printable.quoted(name)): missing"
        case .surplusFile(let name): "model: \(Printable.quoted(name)): not one of the certified files"
        case .changedFile(let name, let expected, let found):
            "model: \(Printable.quoted(name)): expected SHA-256 \(expected), found \(found)"
        }
    }
}
