import COpenSSL
public import LetheBytes

/// A passphrase in memory: wiped with its last reference, never printed, never part of an error.
///
/// `@unchecked Sendable`: the bytes are written in `init` and in `deinit` only.
public final class Passphrase: @unchecked Sendable {
    /// The fewest bytes that a new key is protected with.
    public static let minimumByteCount = 12
    static let maximumByteCount = 1024

    private let storage: UnsafeMutableBufferPointer<UInt8>

    /// Takes over `bytes`, which are wiped.
    /// - Throws: `.empty`, `.tooLong`.
    public init(taking bytes: inout [UInt8]) throws(PassphraseError) {
        defer { wipe(&bytes) }
        guard !bytes.isEmpty else { throw .empty }
        guard bytes.count <= Self.maximumByteCount else { throw .tooLong(limit: Self.maximumByteCount) }
        storage = .allocate(capacity: bytes.count)
        _ = storage.initialize(from: bytes)
    }

    deinit {
        OPENSSL_cleanse(storage.baseAddress, storage.count)
        storage.deallocate()
    }

    /// Reads the first line of a file that only its owner may read, as `openssl -passin file:` does.
    /// - Throws: `.file`, `.empty`, `.tooLong`.
    public convenience init(file path: String) throws(PassphraseError) {
        var bytes: [UInt8]
        do {
            bytes = try Files.readPrivate(path, limit: 4096)
        } catch {
            throw .file(error)
        }
        defer { wipe(&bytes) }
        var line = Array(bytes.prefix { $0 != 0x0A })
        if line.last == 0x0D { line.removeLast() }
        try self.init(taking: &line)
    }

    /// Refuses a passphrase too short to protect a new key.
    public func requireStrength() throws(PassphraseError) {
        guard storage.count >= Self.minimumByteCount else {
            throw .tooShort(minimum: Self.minimumByteCount, found: storage.count)
        }
    }

    /// Whether both are the same, in a time that depends on their lengths only.
    public func equals(_ other: Passphrase) -> Bool {
        storage.count == other.storage.count
            && CRYPTO_memcmp(storage.baseAddress, other.storage.baseAddress, storage.count) == 0
    }

    /// Lends the bytes to OpenSSL.
    func withCharacters<Result>(_ body: (UnsafePointer<CChar>, Int32) -> Result?) -> Result? {
        guard let base = storage.baseAddress else { return nil }
        return base.withMemoryRebound(to: CChar.self, capacity: storage.count) { body($0, Int32(storage.count)) }
    }
}

/// Why something is not a passphrase. No case holds any part of one.
public enum PassphraseError: Error, Equatable, CustomStringConvertible {
    /// The file cannot be read, or others may read it.
    case file(FileError)
    /// No character.
    case empty
    /// More bytes than any passphrase.
    case tooLong(limit: Int)
    /// Too few bytes to protect a key.
    case tooShort(minimum: Int, found: Int)
    /// Typed twice, differently.
    case notRepeated
    /// A key is encrypted and nobody can be asked.
    case unavailable

    /// One line that says what to do.
    public var description: String {
        switch self {
        case .file(let error): "passphrase: \(error)"
        case .empty: "passphrase: expected at least one character on the first line, found none"
        case .tooLong(let limit): "passphrase: expected at most \(limit) bytes"
        case .tooShort(let minimum, let found): "passphrase: expected at least \(minimum) bytes, found \(found)"
        case .notRepeated: "passphrase: the two entries differ; nothing was written"
        case .unavailable:
            "passphrase: needed, and there is no terminal to ask on: --passphrase-file FILE or LETHE_PASSPHRASE_FILE"
        }
    }
}
