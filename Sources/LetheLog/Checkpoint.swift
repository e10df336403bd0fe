import LetheBytes
public import LetheCrypto

// Invariants of this file (C2SP tlog-checkpoint):
// 1. A checkpoint is `origin LF size LF base64(root) LF`; the root is 32 bytes, the size decimal without leading zeros.
// 2. Foreign extension lines are read and kept, because the signature covers them; we never write one.
// 3. Text and value are one to one: parsing and writing again gives the same bytes.

/// A tree head: the state of one log at one size.
public struct Checkpoint: Sendable, Equatable {
    /// The name of the log, unique for ever.
    public let origin: String
    /// The number of entries.
    public let size: UInt64
    /// The RFC 6962 root hash over them.
    public let rootHash: Digest
    /// Further lines, without newline; empty for logs of our own.
    public let extensionLines: [String]

    /// Describes the state of a log of our own.
    ///
    /// - Throws: `.invalidOrigin` when the name is empty or has spaces, '+' or control characters.
    public init(origin: String, size: UInt64, rootHash: Digest) throws(CheckpointError) {
        guard NoteKeyName.isValid(origin) else { throw .invalidOrigin(found: origin) }
        self.origin = origin
        self.size = size
        self.rootHash = rootHash
        extensionLines = []
    }

    /// Reads the text of a note.
    ///
    /// - Throws: the first line that does not fit.
    public init(parsing text: String) throws(CheckpointError) {
        // Byte-wise: Swift's Character view joins CR LF and combining marks.
        var lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { String(Substring($0)) }[...]
        guard lines.popLast() == "", lines.count >= 3 else { throw .tooFewLines(expected: 3, found: lines.count) }
        guard let origin = lines.popFirst(), !origin.isEmpty else { throw .invalidOrigin(found: "") }
        let digits = lines.popFirst() ?? ""
        guard let size = Self.decimal(digits.utf8) else { throw .invalidSize(found: digits) }
        let root = lines.popFirst() ?? ""
        guard let bytes = try? Base64.decode(root), let rootHash = try? Digest(bytes: bytes) else {
            throw .invalidRoot(found: root)
        }
        guard lines.allSatisfy({ !$0.isEmpty }) else { throw .emptyExtensionLine }
        self.origin = origin
        self.size = size
        self.rootHash = rootHash
        extensionLines = Array(lines)
    }

    /// A decimal number without leading zeros, as C2SP's formats write sizes and indexes.
    static func decimal(_ digits: some Collection<UInt8>) -> UInt64? {
        guard let first = digits.first, digits.allSatisfy({ (0x30...0x39).contains($0) }),
            digits.count == 1 || first != 0x30
        else { return nil }
        return UInt64(String(decoding: digits, as: UTF8.self))
    }

    /// The text that is signed.
    public var text: String {
        ([origin, String(size), Base64.encode(rootHash.bytes)] + extensionLines).map { $0 + "\n" }.joined()
    }
}

/// Why text is not a checkpoint.
public enum CheckpointError: Error, Equatable, CustomStringConvertible {
    /// Origin, size and root are needed, each with a newline.
    case tooFewLines(expected: Int, found: Int)
    /// Line 1.
    case invalidOrigin(found: String)
    /// Line 2.
    case invalidSize(found: String)
    /// Line 3.
    case invalidRoot(found: String)
    /// A line after the third is empty.
    case emptyExtensionLine

    /// One line that names line, expected and found.
    public var description: String {
        switch self {
        case .tooFewLines(let expected, let found):
            "checkpoint: expected \(expected) lines that end with a newline, found \(found)"
        case .invalidOrigin(let found):
            "checkpoint: expected an origin without spaces, '+' and control characters, found \(Printable.quoted(found))"
        case .invalidSize(let found):
            "checkpoint: expected a decimal tree size, found \(Printable.quoted(found))"
        case .invalidRoot(let found):
            "checkpoint: expected a root hash of 32 bytes in base64, found \(Printable.quoted(found))"
        case .emptyExtensionLine: "checkpoint: an extension line is empty"
        }
    }
}
