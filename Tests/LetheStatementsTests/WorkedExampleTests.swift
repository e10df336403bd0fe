import LetheBytes
import LetheCrypto
import LetheStatements
import Testing

/// One request and one certificate of another implementation: envelopes, signatures, statements.
@Suite(.enabled(if: SharedVectors.exist, "needs ../shared"))
struct WorkedExampleTests {
    private func key(_ name: String) throws -> VerifyingKey {
        try VerifyingKey(pem: String(decoding: SharedVectors.bytes("worked-example/\(name).pem"), as: UTF8.self))
    }

    @Test func theCertificateIsInOurFormAndSignedByTwo() throws {
        let bytes = try SharedVectors.bytes("worked-example/certificate.dsse.json")
        let envelope = try DSSEEnvelope(parsing: bytes)
        #expect(envelope.canonicalBytes == bytes)
        #expect(try envelope.payload == SharedVectors.bytes("worked-example/certificate.statement.json"))
        let keys = try [key("controller"), key("processor")]
        let verified = try envelope.verify(trusting: keys, threshold: envelope.signatures.count)
        #expect(Set(envelope.signatures.map(\.keyID)) == Set(verified.signers.map(\.keyID)))
        let statement = try Statement(verified: verified)
        #expect(try statement.canonicalBytes() == envelope.payload)
        for name in ["log", "witness1"] {
            #expect(throws: SignatureError.self) { try envelope.verify(trusting: [key(name)]) }
        }
    }

    @Test func theReceiptIsInOurFormAndSigned() throws {
        let bytes = try SharedVectors.bytes("worked-example/request-received.dsse.json")
        let envelope = try DSSEEnvelope(parsing: bytes)
        let statement = try Statement(verified: envelope.verify(trusting: [key("controller")]))
        #expect(try statement.canonicalBytes() == envelope.payload)
        let opening = try SharedVectors.json("worked-example/opening.json")
        let text = String(decoding: envelope.payload, as: UTF8.self)
        for name in ["subjectCommitment", "requestCommitment"] {
            #expect(text.contains(try #require(opening[name]?.stringValue)))
        }
        #expect(!text.contains(try #require(opening["identity"]?.stringValue)))
    }

    /// Either another spelling than the canonical one, or signatures that do not verify, or a key hint that names nobody.
    @Test func everyBitOfTheCertificateCounts() throws {
        let bytes = try SharedVectors.bytes("worked-example/certificate.dsse.json")
        let keys = try [key("controller"), key("processor")]
        let original = try DSSEEnvelope(parsing: bytes)
        for bit in stride(from: 0, to: bytes.count * 8, by: 3) {
            var altered = bytes
            altered[bit / 8] ^= 1 << UInt8(bit % 8)
            guard let envelope = try? DSSEEnvelope(parsing: altered),
                (try? envelope.verify(trusting: keys, threshold: envelope.signatures.count)) != nil
            else { continue }
            #expect(envelope.signatures.map(\.keyID) != original.signatures.map(\.keyID), "bit \(bit)")
            #expect(envelope.digest != original.digest)
        }
    }
}
