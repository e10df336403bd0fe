import LetheCrypto

// Invariants of this file (C2SP signed-note):
// 1. A note is UTF-8 without control characters but LF: text, empty line, then one to 100 lines `— name base64(keyID || signature)`.
// 2. Bytes and value are one to one; base64 is standard, padded and without stray bits.
// 3. A signature with an unknown (name, key ID) is ignored; one with a known pair that does not verify rejects the whole note.
// 4. A note without any signature by a given key is refused.

/// Text with signatures, as C2SP writes checkpoints.
public struct SignedNote: Sendable, Equatable {
    /// The signed text; it ends with a newline.
    public let text: String
    /// At least one.
    public let signatures: [NoteSignature]

    /// Notes above this size are refused unread.
    static let maximumByteCount = 1 << 20
    static let maximumSignatureCount = 100

    /// Signs `text`, which ends with a newline.
    ///
    /// - Parameter seconds: the time for cosignatures, seconds since 1970; a log's own signature holds none.
    /// - Throws: `.missingFinalNewline`, `.controlCharacter`, `.noSignatures`, `.tooManySignatures`.
    public init(text: String, signers: [NoteSigner], seconds: UInt64 = 0) throws(NoteFormatError) {
        try self.init(text: text, signatures: signers.flatMap { $0.signatures(over: text, seconds: seconds) })
    }

    /// Puts text and signature lines together; nothing is verified.
    public init(text: String, signatures: [NoteSignature]) throws(NoteFormatError) {
        guard text.utf8.last == UInt8(ascii: "\n") else { throw .missingFinalNewline }
        if let offset = Self.controlCharacter(in: text.utf8) { throw .controlCharacter(offset: offset) }
        guard !signatures.isEmpty else { throw .noSignatures }
        guard signatures.count <= Self.maximumSignatureCount else {
            throw .tooManySignatures(limit: Self.maximumSignatureCount, found: signatures.count)
        }
        self.text = text
        self.signatures = signatures
    }

    /// The note with one more signature, for witnesses and key changes.
    public func adding(signatureOf signer: NoteSigner, seconds: UInt64 = 0) throws(NoteFormatError) -> SignedNote {
        try adding([signer.signature(over: text, seconds: seconds)])
    }

    /// The note with further signature lines, which nobody has verified yet.
    public func adding(_ signatures: [NoteSignature]) throws(NoteFormatError) -> SignedNote {
        try SignedNote(text: text, signatures: self.signatures + signatures)
    }

    /// Reads a note; nothing is verified yet.
    public init(parsing bytes: [UInt8]) throws(NoteFormatError) {
        guard bytes.count <= Self.maximumByteCount else {
            throw .tooLarge(limit: Self.maximumByteCount, found: bytes.count)
        }
        guard let note = String(validating: bytes, as: UTF8.self) else { throw .notUTF8 }
        if let offset = Self.controlCharacter(in: note.utf8) { throw .controlCharacter(offset: offset) }
        guard bytes.last == UInt8(ascii: "\n") else { throw .missingFinalNewline }

        // The signatures follow the last empty line; the text may have empty lines of its own.
        let newline = UInt8(ascii: "\n")
        guard let blank = bytes.indices.dropLast().last(where: { bytes[$0] == newline && bytes[$0 + 1] == newline })
        else { throw .noSignatureBlock }
        let lines = bytes[(blank + 2)...].split(separator: newline, omittingEmptySubsequences: false).dropLast()
        var signatures: [NoteSignature] = []
        for (index, line) in lines.enumerated() {
            guard let signature = NoteSignature(line: line) else { throw .malformedSignatureLine(number: index + 1) }
            signatures.append(signature)
        }
        try self.init(text: String(decoding: bytes[...blank], as: UTF8.self), signatures: signatures)
    }

    /// The note as it is stored and served.
    public var bytes: [UInt8] { Array((text + "\n" + signatures.map(\.line).joined()).utf8) }

    /// Verifies the note against keys that the caller trusts.
    ///
    /// - Returns: the verified signatures in the order of the note, one for each key.
    /// - Throws: `.ambiguousKey`, `.invalidSignature`, `.noTrustedSignature`.
    public func verify(with verifiers: [NoteVerifier]) throws(NoteVerificationError) -> [VerifiedNoteSignature] {
        for (index, verifier) in verifiers.enumerated()
        where verifiers[..<index].contains(where: { $0.matches(verifier.name, verifier.keyID) }) {
            throw .ambiguousKey(name: verifier.name, keyID: NoteVerifier.hex(verifier.keyID))
        }
        var verified: [VerifiedNoteSignature] = []
        for signature in signatures {
            guard let verifier = verifiers.first(where: { $0.matches(signature.name, signature.keyID) }) else {
                continue
            }
            guard let seconds = verifier.verify(signature, of: text) else {
                throw .invalidSignature(name: verifier.name, keyID: NoteVerifier.hex(verifier.keyID))
            }
            if !verified.contains(where: { $0.verifier == verifier }) {
                verified.append(VerifiedNoteSignature(verifier: verifier, cosignedAt: seconds.time))
            }
        }
        guard !verified.isEmpty else {
            throw .noTrustedSignature(
                expected: verifiers.map { "\($0.name)+\(NoteVerifier.hex($0.keyID))" },
                found: signatures.map { "\($0.name)+\(NoteVerifier.hex($0.keyID))" })
        }
        return verified
    }

    private static func controlCharacter(in utf8: String.UTF8View) -> Int? {
        utf8.enumerated().first { $0.element < 0x20 && $0.element != UInt8(ascii: "\n") }?.offset
    }
}

extension NoteVerifier {
    /// Whether the signature line claims to be by this key: same name and key ID. Says nothing about its validity.
    public func isNamed(by signature: NoteSignature) -> Bool {
        matches(signature.name, signature.keyID)
    }

    func matches(_ name: String, _ keyID: UInt32) -> Bool {
        self.keyID == keyID && Array(self.name.utf8) == Array(name.utf8)
    }

    /// The time that the signature states (none for a log's own), or nil when it does not verify.
    fileprivate func verify(_ signature: NoteSignature, of text: String) -> (time: UInt64?, Void)? {
        switch kind {
        case .ed25519:
            return key.isValid(signature: signature.bytes, for: Array(text.utf8)) ? (nil, ()) : nil
        case .cosignatureV1:
            guard signature.bytes.count == 8 + Ed25519.signatureByteCount else { return nil }
            let seconds = signature.bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            guard seconds <= UInt64(Int64.max) else { return nil }
            let message = NoteSignature.cosignedMessage(text, seconds: seconds)
            return key.isValid(signature: Array(signature.bytes.dropFirst(8)), for: message) ? (seconds, ()) : nil
        }
    }
}

/// A signature that verified, and when a witness says it saw the note.
public struct VerifiedNoteSignature: Sendable, Equatable {
    /// The trusted key.
    public let verifier: NoteVerifier
    /// Seconds since 1970 for a witness' cosignature; nil for a log's own signature.
    public let cosignedAt: UInt64?
}

/// Why bytes are not a signed note.
public enum NoteFormatError: Error, Equatable, CustomStringConvertible {
    /// Above the limit for notes.
    case tooLarge(limit: Int, found: Int)
    /// Notes are UTF-8.
    case notUTF8
    /// A control character other than LF.
    case controlCharacter(offset: Int)
    /// The last byte is not a newline.
    case missingFinalNewline
    /// No empty line between text and signatures.
    case noSignatureBlock
    /// No signature line.
    case noSignatures
    /// A line after the empty one is not `— name base64`.
    case malformedSignatureLine(number: Int)
    /// More lines than verifiers accept.
    case tooManySignatures(limit: Int, found: Int)

    /// One line that says where.
    public var description: String {
        switch self {
        case .tooLarge(let limit, let found): "note: expected at most \(limit) bytes, found \(found)"
        case .notUTF8: "note: not UTF-8"
        case .controlCharacter(let offset): "note: control character at byte \(offset)"
        case .missingFinalNewline: "note: the last byte is not a newline"
        case .noSignatureBlock: "note: no empty line before the signatures"
        case .noSignatures: "note: no signature line"
        case .malformedSignatureLine(let number):
            "note: signature line \(number): expected an em dash, a key name and base64"
        case .tooManySignatures(let limit, let found): "note: expected at most \(limit) signatures, found \(found)"
        }
    }
}

/// Why a note's signatures do not establish trust.
public enum NoteVerificationError: Error, Equatable, CustomStringConvertible {
    /// Two given keys share name and ID.
    case ambiguousKey(name: String, keyID: String)
    /// A line by a trusted key does not verify: text or signature was altered.
    case invalidSignature(name: String, keyID: String)
    /// No line is by a trusted key.
    case noTrustedSignature(expected: [String], found: [String])

    /// One line with expected and found.
    public var description: String {
        switch self {
        case .ambiguousKey(let name, let keyID):
            "note: two trusted keys are both called \(Printable.quoted(name)) with ID \(keyID)"
        case .invalidSignature(let name, let keyID):
            "note: the signature by \(Printable.quoted(name)) (key \(keyID)) does not verify"
        case .noTrustedSignature(let expected, let found):
            "note: expected a signature by \(Self.list(expected)), found \(Self.list(found))"
        }
    }

    private static func list(_ names: [String]) -> String {
        names.isEmpty ? "none" : names.prefix(4).map { Printable.quoted($0) }.joined(separator: " or ")
    }
}
