import LetheBytes

/// One signature line of a note: `— name base64(keyID || signature)`.
public struct NoteSignature: Sendable, Equatable {
    /// Who claims to have signed.
    public let name: String
    /// Which key, as a hint.
    public let keyID: UInt32
    /// What follows the key ID.
    public let bytes: [UInt8]

    init(name: String, keyID: UInt32, bytes: [UInt8]) {
        self.name = name
        self.keyID = keyID
        self.bytes = bytes
    }

    /// Reads one line without its newline; nil unless it is `— name base64`. Says nothing about validity.
    public init?(line: some Collection<UInt8>) {
        let prefix = Array("\u{2014} ".utf8)
        guard line.starts(with: prefix) else { return nil }
        let parts = line.dropFirst(prefix.count).split(
            separator: UInt8(ascii: " "), maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let name = String(validating: parts[0], as: UTF8.self), NoteKeyName.isValid(name),
            let bytes = try? Base64.decode(String(decoding: parts[1], as: UTF8.self)), bytes.count >= 5
        else { return nil }
        self.init(
            name: name, keyID: bytes.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }, bytes: Array(bytes.dropFirst(4)))
    }

    /// The line, with its newline.
    public var line: String { "\u{2014} \(name) \(Base64.encode(bigEndianBytes(of: keyID) + bytes))\n" }

    /// What a witness signs (C2SP tlog-cosignature, cosignature/v1).
    static func cosignedMessage(_ text: String, seconds: UInt64) -> [UInt8] {
        Array("cosignature/v1\ntime \(seconds)\n\(text)".utf8)
    }
}
