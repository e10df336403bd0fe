import LetheBytes
import LetheCrypto

/// Writes and reads envelopes whose one canonical form needs no escapes, as that of every envelope of a log.
///
/// What it accepts is canonical by construction: the fixed parts are compared byte for byte, base64 is strict, and the two other
/// strings hold no byte that JCS would write in another way. So nothing has to be serialised again to be compared. Whatever it
/// does not accept is left to the general reader; a test holds both to the same verdict.
enum CanonicalEnvelope {
    private static let payload = Array(#"{"payload":""#.utf8)
    private static let payloadType = Array(#"","payloadType":""#.utf8)
    private static let signatures = Array(#"","signatures":["#.utf8)
    private static let keyID = Array(#"{"keyid":""#.utf8)
    private static let sig = Array(#"","sig":""#.utf8)
    private static let signatureEnd = Array(#""}"#.utf8)
    private static let end = Array("]}".utf8)

    /// The canonical form; nil where a string needs the general writer.
    static func write(
        _ type: String, _ payload: [UInt8], _ signatures: [DSSEEnvelope.Signature]
    ) -> [UInt8]? {
        guard isPlain(type.utf8), signatures.allSatisfy({ isPlain($0.keyID.utf8) }) else { return nil }
        var bytes = self.payload
        bytes.reserveCapacity(payload.count * 4 / 3 + 256 + 256 * signatures.count)
        bytes += Base64.encode(payload).utf8
        bytes += payloadType
        bytes += type.utf8
        bytes += self.signatures
        for (number, signature) in signatures.enumerated() {
            if number > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes += keyID
            bytes += signature.keyID.utf8
            bytes += sig
            bytes += Base64.encode(signature.bytes).utf8
            bytes += signatureEnd
        }
        return bytes + end
    }

    private static func isPlain(_ text: some Sequence<UInt8>) -> Bool {
        text.allSatisfy { (0x20...0x7e).contains($0) && $0 != UInt8(ascii: "\\") && $0 != UInt8(ascii: "\"") }
    }

    static func read(_ bytes: [UInt8]) -> DSSEEnvelope? {
        var position = 0
        func take(_ fixed: [UInt8]) -> Bool {
            guard bytes.count - position >= fixed.count else { return false }
            for offset in fixed.indices where bytes[position + offset] != fixed[offset] { return false }
            position += fixed.count
            return true
        }
        /// The bytes up to the next quotation mark, where they need no escape and are ASCII.
        func string() -> [UInt8]? {
            guard let close = bytes.firstIndex(of: UInt8(ascii: "\""), from: position) else { return nil }
            let text = Array(bytes[position..<close])
            guard isPlain(text) else { return nil }
            position = close
            return text
        }
        guard take(payload), let encoded = string(), let body = try? Base64.decode(ascii: encoded), take(payloadType),
            let type = string(), take(signatures)
        else { return nil }
        var found: [DSSEEnvelope.Signature] = []
        repeat {
            guard take(keyID), let hint = string(), take(sig), let text = string(), take(signatureEnd),
                let signature = try? Base64.decode(ascii: text), signature.count == Ed25519.signatureByteCount,
                found.count < DSSEEnvelope.maximumSignatureCount
            else { return nil }
            found.append(.init(keyID: String(decoding: hint, as: UTF8.self), bytes: signature))
        } while take([UInt8(ascii: ",")])
        guard take(end), position == bytes.count else { return nil }
        return DSSEEnvelope(
            payloadType: String(decoding: type, as: UTF8.self), payload: body, signatures: found,
            canonicalBytes: bytes)
    }
}
