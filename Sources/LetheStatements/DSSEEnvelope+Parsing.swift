import LetheBytes
import LetheCrypto

extension DSSEEnvelope {
    /// Reads an envelope in Lethe's own form, as it stands in the log.
    ///
    /// - Throws: `.tooLarge`, `.notJSON`, `.field` for a missing, surplus or mistyped member, `.badBase64`, `.noSignatures`,
    ///   `.wrongSignatureLength`, and `.notCanonical` for any spelling but the canonical one.
    public init(
        parsing bytes: [UInt8], maximumByteCount: Int = DSSEEnvelope.defaultMaximumByteCount
    ) throws(EnvelopeError) {
        if bytes.count <= maximumByteCount, let envelope = CanonicalEnvelope.read(bytes) {
            self = envelope
            return
        }
        // It is none, or one that is spelled with escapes; the general reader knows which and says where.
        let parsed = try Self.parse(bytes, maximumByteCount: maximumByteCount, form: .canonical)
        guard parsed.canonicalBytes == bytes else {
            throw .notCanonical(offset: firstDifference(parsed.canonicalBytes, bytes))
        }
        self = parsed
    }

    /// Reads a foreign envelope: any JSON spelling, unknown members ignored, `keyid` optional, URL-safe base64 accepted.
    ///
    /// For import paths only. What is logged afterwards is `canonicalBytes`, never the imported bytes.
    public init(
        importing bytes: [UInt8], maximumByteCount: Int = DSSEEnvelope.defaultMaximumByteCount
    ) throws(EnvelopeError) {
        self = try Self.parse(bytes, maximumByteCount: maximumByteCount, form: .foreign)
    }

    /// Reads an envelope that stands as an object inside a larger document; strict as `init(parsing:)` about members and base64.
    ///
    /// The caller compares the larger document with its own canonical form.
    public init(
        json: JSONFields, maximumByteCount: Int = DSSEEnvelope.defaultMaximumByteCount
    ) throws(EnvelopeError) {
        self = try Self.parse(json, maximumByteCount: maximumByteCount, form: .canonical)
    }

    private enum Form {
        case canonical, foreign
    }

    private static func parse(
        _ bytes: [UInt8], maximumByteCount: Int, form: Form
    ) throws(EnvelopeError) -> DSSEEnvelope {
        guard bytes.count <= maximumByteCount else { throw .tooLarge(limit: maximumByteCount, found: bytes.count) }
        let json: JSONValue
        do {
            // Depth: the object, the array, the signature object; foreign envelopes may carry unknown members.
            json = try StrictJSON.parse(bytes, maximumDepth: form == .canonical ? 3 : 16)
        } catch {
            throw .notJSON(error)
        }
        return try parse(JSONFields(json), maximumByteCount: maximumByteCount, form: form)
    }

    private static func parse(
        _ json: JSONFields, maximumByteCount: Int, form: Form
    ) throws(EnvelopeError) -> DSSEEnvelope {
        let texts: Texts
        do {
            texts = try Texts(json, form: form)
        } catch {
            throw .field(error)
        }
        let prefix = json.path.isEmpty ? "" : json.path + "."
        let payload = try decode(texts.payload, path: prefix + "payload", form: form)
        var signatures: [Signature] = []
        for (index, text) in texts.signatures.enumerated() {
            let path = "\(prefix)signatures[\(index)].sig"
            let bytes = try decode(text.sig, path: path, form: form)
            guard form == .foreign || bytes.count == Ed25519.signatureByteCount else {
                throw .wrongSignatureLength(path: path, expected: Ed25519.signatureByteCount, found: bytes.count)
            }
            signatures.append(Signature(keyID: text.keyID, bytes: bytes))
        }
        return try DSSEEnvelope(
            payloadType: texts.payloadType, payload: payload, signatures: signatures,
            maximumByteCount: maximumByteCount)
    }

    /// The strings of an envelope, still encoded.
    private struct Texts {
        let payloadType: String
        let payload: String
        let signatures: [(keyID: String, sig: String)]

        init(_ json: JSONFields, form: Form) throws(FieldError) {
            if form == .canonical {
                try json.requireExactly(["payload", "payloadType", "signatures"])
            }
            payloadType = try json.member("payloadType").string()
            payload = try json.member("payload").string()
            signatures = try json.member("signatures").array().map { (item) throws(FieldError) in
                if form == .canonical {
                    try item.requireExactly(["keyid", "sig"])
                }
                return (keyID: try item.optional("keyid")?.string() ?? "", sig: try item.member("sig").string())
            }
        }
    }

    private static func decode(_ text: String, path: String, form: Form) throws(EnvelopeError) -> [UInt8] {
        do {
            return try Base64.decode(form == .foreign ? standardAlphabet(text) : text)
        } catch {
            throw .badBase64(path: path, error)
        }
    }

    /// URL-safe base64 (RFC 4648 section 5), padded or not, in the standard alphabet.
    private static func standardAlphabet(_ text: String) -> String {
        let unpadded = text.hasSuffix("=") ? text : text + String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
        return String(
            unpadded.map { character in
                switch character {
                case "-": "+"
                case "_": "/"
                default: character
                }
            })
    }
}

/// The first offset at which the byte strings differ; the shorter length when one begins with the other.
package func firstDifference(_ left: [UInt8], _ right: [UInt8]) -> Int {
    zip(left, right).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? min(left.count, right.count)
}
