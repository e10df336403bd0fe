import Glibc
import LetheBytes
public import LetheCrypto
public import LetheRequests

/// The key under which the vault's keys are wrapped. It lives in a file outside of the database, so that a copy of the
/// database alone opens nothing.
public struct MasterKey: Sendable, Redacted {
    private let bytes: [UInt8]

    private static let byteCount = 32

    private init(bytes: [UInt8]) { self.bytes = bytes }

    /// A new key that lives in memory only.
    public static func generate() -> MasterKey { MasterKey(bytes: secureRandomBytes(byteCount)) }

    /// Makes a new key and keeps it at `path`, readable for its owner only.
    /// - Throws: `.alreadyExists`, `.readOnly`, `.diskFull`, `.system`.
    public static func create(_ path: String) throws(StoreError) -> MasterKey {
        let key = generate()
        try createExclusively(path, Array((Hex.encode(key.bytes) + "\n").utf8))
        return key
    }

    /// Reads the key at `path`.
    /// - Throws: `.masterKey`, which never repeats what the file holds.
    public static func load(_ path: String) throws(StoreError) -> MasterKey {
        let text: [UInt8]
        do { text = try Files.readPrivate(path, limit: 1_024) } catch { throw .masterKey(detail: "\(error)") }
        guard text.count == 2 * byteCount + 1, text.last == 0x0A,
            let bytes = try? Hex.decode(String(decoding: text.dropLast(), as: UTF8.self)), bytes.count == byteCount
        else { throw .masterKey(detail: "\(path): expected \(2 * byteCount) hexadecimal digits and a newline") }
        return MasterKey(bytes: bytes)
    }

    /// A key for pseudonyms of what senders call their requests: whoever holds the log alone cannot guess these names.
    public var referenceSecret: [UInt8] {
        hmacSHA256(key: bytes, message: Array("unlearn-ledger/reference-secret/v1".utf8)).bytes
    }

    /// By what the database finds a person's requests: a pseudonym that nobody makes or reverses without this key. It is the same for every
    /// request of one person, so whoever has the database alone sees which rows of the vault are one person's, not whose.
    public func tag(of identity: SubjectIdentity) -> Digest {
        let key = hmacSHA256(key: bytes, message: Array("unlearn-ledger/subject-tag/v1".utf8)).bytes
        return hmacSHA256(key: key, message: Array(identity.type.utf8) + [0x00] + Array(identity.value.utf8))
    }

    private static let context = "unlearn-ledger/wrap/v1"

    func wrap(_ key: SubjectKey, for id: RequestID) throws -> [UInt8] {
        try AESGCM.seal(key.bytes, key: bytes, additionalData: additionalData(id))
    }

    func unwrap(_ wrapped: [UInt8], for id: RequestID) -> SubjectKey? {
        (try? AESGCM.open(wrapped, key: bytes, additionalData: additionalData(id))).flatMap { SubjectKey(bytes: $0) }
    }

    private func additionalData(_ id: RequestID) -> [UInt8] { Array("\(MasterKey.context)\u{0}\(id)".utf8) }
}

/// Creates the file at `path`, which must not exist, for its owner only; the bytes are durable afterwards.
func createExclusively(_ path: String, _ bytes: [UInt8]) throws(StoreError) {
    let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw fileError(errno, path) }
    var written = 0
    while written < bytes.count {
        let count = bytes[written...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        guard count > 0 else {
            let code = count < 0 ? errno : ENOSPC
            if code == EINTR { continue }
            _ = Glibc.close(descriptor)
            _ = Glibc.unlink(path)
            throw fileError(code, path)
        }
        written += count
    }
    let isDurable = fsync(descriptor) == 0
    let code = errno
    guard Glibc.close(descriptor) == 0, isDurable else {
        _ = Glibc.unlink(path)
        throw fileError(code, path)
    }
    syncFolder(of: path)
}

/// Makes a new name in a folder durable, as far as the file system can.
private func syncFolder(of path: String) {
    let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    let name = folder.isEmpty ? (path.hasPrefix("/") ? "/" : ".") : folder
    let descriptor = Glibc.open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    _ = fsync(descriptor)
    _ = Glibc.close(descriptor)
}

private func fileError(_ code: Int32, _ path: String) -> StoreError {
    switch code {
    case EEXIST, ELOOP: .alreadyExists(path: path)
    case ENOENT, ENOTDIR: .notFound(path: path)
    case EACCES, EPERM, EROFS: .readOnly
    case ENOSPC, EDQUOT: .diskFull
    default: .system(code: code, detail: "\(path): \(String(cString: strerror(code)))")
    }
}
