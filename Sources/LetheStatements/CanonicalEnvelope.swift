import LetheBytes
import LetheCrypto

/// Writes and reads envelopes whose one canonical form needs no escapes, as that of every envelope of a log.
///
/// What it accepts is canonical by construction: the fixed parts are compared byte for byte, base64 is strict, and the two other
/// strings hold no byte that JCS would write in another way. So nothing has to be serialised again to be compared. Whatever it
/// does not accept is left to the general reader; a test holds both to the same verdict.
enum CanonicalEnvelope {
    /// The canonical form; nil where a string needs the general writer.
    static func write(
        _ type: String, _ payload: [UInt8], _ signatures: [DSSEEnvelope.Signature]
    ) -> [UInt8]? {
        guard isPlain(type.utf8), signatures.allSatisfy({ isPlain($0.keyID.utf8) }) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(payload.count * 4 / 3 + 256 + 256 * signatures.count)
        bytes += #"{"payload":""#.utf8
        bytes += Base64.encodedASCII(payload)
        bytes += #"","payloadType":""#.utf8
        bytes += type.utf8
        bytes += #"","signatures":["#.utf8
        for (number, signature) in signatures.enumerated() {
            bytes += (number > 0 ? #",{"keyid":""# : #"{"keyid":""#).utf8
            bytes += signature.keyID.utf8
            bytes += #"","sig":""#.utf8
            bytes += Base64.encodedASCII(signature.bytes)
            bytes += #""}"#.utf8
        }
        bytes += "]}".utf8
        return bytes
    }

    private static func isPlain(_ text: some Sequence<UInt8>) -> Bool {
        text.allSatisfy { (0x20...0x7e).contains($0) && $0 != UInt8(ascii: "\\") && $0 != UInt8(ascii: "\"") }
    }

    /// The envelope; nil where the general reader must decide.
    static func read(_ bytes: [UInt8]) -> DSSEEnvelope? {
        bytes.withUnsafeBufferPointer { buffer in
            var reader = FixedFormReader(buffer)
            func text() -> String? {
                guard let value = reader.value(), isPlain(value) else { return nil }
                return String(decoding: value, as: UTF8.self)
            }
            func decoded() -> [UInt8]? { reader.value().flatMap { try? Base64.decode(ascii: $0) } }
            guard reader.take(#"{"payload":""#), let payload = decoded(), reader.take(#"","payloadType":""#),
                let type = text(), reader.take(#"","signatures":["#)
            else { return nil }
            var found: [DSSEEnvelope.Signature] = []
            repeat {
                guard reader.take(#"{"keyid":""#), let hint = text(), reader.take(#"","sig":""#),
                    let signature = decoded(), signature.count == Ed25519.signatureByteCount, reader.take(#""}"#),
                    found.count < DSSEEnvelope.maximumSignatureCount
                else { return nil }
                found.append(.init(keyID: hint, bytes: signature))
            } while reader.take(",")
            guard reader.take("]}"), reader.isAtEnd else { return nil }
            return DSSEEnvelope(payloadType: type, payload: payload, signatures: found, canonicalBytes: bytes)
        }
    }
}
