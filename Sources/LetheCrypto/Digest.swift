import COpenSSL
import LetheBytes

/// A SHA-256 digest: exactly 32 bytes, compared and hashed by value.
///
/// Kept in four machine words, so that a million of them in an array are one block of memory.
public struct Digest: Sendable, Hashable {
    /// The length of every digest in bytes.
    public static let byteCount = 32

    private let words: (UInt64, UInt64, UInt64, UInt64)

    /// Computes the SHA-256 digest of `message`.
    public init(sha256 message: some Collection<UInt8>) {
        self = SHA256Hasher.digest(of: message)
    }

    /// Takes over 32 bytes that already are a digest.
    ///
    /// - Throws: `.wrongLength` for any other number of bytes.
    public init(bytes: some Collection<UInt8>) throws(DigestError) {
        guard bytes.count == Self.byteCount else {
            throw .wrongLength(expected: Self.byteCount, found: bytes.count)
        }
        self =
            bytes.withContiguousStorageIfAvailable { Digest(exactly: UnsafeRawBufferPointer($0)) }
            ?? Array(bytes).withUnsafeBytes { Digest(exactly: $0) }
    }

    /// Reads 64 lowercase hexadecimal digits.
    ///
    /// - Throws: `.notHex` for anything else, uppercase digits included: a digest has one spelling.
    public init(hex: String) throws(DigestError) {
        var text = hex
        guard let digest = text.withUTF8({ Digest(lowercaseHex: $0) }) else { throw .notHex(found: hex) }
        self = digest
    }

    /// The same of digits that are given as bytes; nil for anything else.
    package init?(lowercaseHex digits: UnsafeBufferPointer<UInt8>) {
        guard digits.count == 2 * Self.byteCount else { return nil }
        let raw = UnsafeRawBufferPointer(digits)
        func word(_ index: Int) -> UInt64? {
            UInt64(
                lowercaseHex: raw.loadUnaligned(fromByteOffset: 16 * index, as: UInt64.self),
                raw.loadUnaligned(fromByteOffset: 16 * index + 8, as: UInt64.self))
        }
        guard let first = word(0), let second = word(1), let third = word(2), let fourth = word(3) else { return nil }
        words = (first, second, third, fourth)
    }

    /// - Precondition: `raw` holds 32 bytes; every caller has checked or produced them.
    init(exactly raw: UnsafeRawBufferPointer) {
        func word(_ index: Int) -> UInt64 {
            UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self))
        }
        words = (word(0), word(1), word(2), word(3))
    }

    /// The 32 bytes that `write` writes to where it is told.
    init(writing write: (UnsafeMutablePointer<UInt8>) -> Void) {
        self = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.byteCount) { buffer in
            buffer.initialize(repeating: 0)
            if let start = buffer.baseAddress { write(start) }
            return Digest(exactly: UnsafeRawBufferPointer(buffer))
        }
    }

    /// The 32 bytes.
    public var bytes: [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(Self.byteCount)
        append(to: &result)
        return result
    }

    /// The 32 bytes as 64 lowercase hexadecimal digits.
    public var hex: String { Hex.encode(bytes) }

    /// Appends the 32 bytes to `buffer` without a temporary array.
    public func append(to buffer: inout [UInt8]) {
        let bigEndian = (words.0.bigEndian, words.1.bigEndian, words.2.bigEndian, words.3.bigEndian)
        withUnsafeBytes(of: bigEndian) { buffer.append(contentsOf: $0) }
    }

    /// Appends the 64 digits of `hex` to `buffer` without a temporary text.
    package func append(hexTo buffer: inout [UInt8]) {
        func digits(_ word: UInt64) -> (UInt64, UInt64) {
            (
                UInt64(lowercaseHexOf: UInt32(truncatingIfNeeded: word >> 32)).bigEndian,
                UInt64(lowercaseHexOf: UInt32(truncatingIfNeeded: word)).bigEndian
            )
        }
        let text = (digits(words.0), digits(words.1), digits(words.2), digits(words.3))
        withUnsafeBytes(of: text) { buffer.append(contentsOf: $0) }
    }

    /// Equality of all 32 bytes.
    public static func == (left: Digest, right: Digest) -> Bool { left.words == right.words }

    /// Feeds the 32 bytes to `hasher`.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
        hasher.combine(words.2)
        hasher.combine(words.3)
    }
}

extension Digest: CustomStringConvertible {
    /// The same as `hex`.
    public var description: String { hex }
}

/// Why bytes or text are not a SHA-256 digest.
public enum DigestError: Error, Equatable, CustomStringConvertible {
    /// A digest has 32 bytes.
    case wrongLength(expected: Int, found: Int)
    /// A digest is written as 64 lowercase hexadecimal digits.
    case notHex(found: String)

    /// One line that names what was expected and found.
    public var description: String {
        switch self {
        case .wrongLength(let expected, let found): "digest: expected \(expected) bytes, found \(found)"
        case .notHex(let found):
            "digest: expected 64 lowercase hexadecimal digits, found \(Printable.quoted(found))"
        }
    }
}
