import LetheBytes
import LetheCrypto
import LetheStatements
import Testing

struct DSSEEnvelopeTests {
    private static let payload = Array(#"{"_type":"https://in-toto.io/Statement/v1"}"#.utf8)
    private let controller: SigningKey
    private let processor: SigningKey
    private let stranger: SigningKey
    private let envelope: DSSEEnvelope

    init() throws {
        controller = try SigningKey(seed: [UInt8](repeating: 1, count: 32))
        processor = try SigningKey(seed: [UInt8](repeating: 2, count: 32))
        stranger = try SigningKey(seed: [UInt8](repeating: 3, count: 32))
        envelope = try DSSEEnvelope(signing: Self.payload, with: [controller])
    }

    // secure-systems-lab/dsse protocol.md, and one case with multi-byte characters: lengths are in bytes.
    @Test(arguments: [
        ("http://example.com/HelloWorld", "hello world", "DSSEv1 29 http://example.com/HelloWorld 11 hello world"),
        ("", "", "DSSEv1 0  0 "), ("tést/ü", "é", "DSSEv1 8 tést/ü 2 é"),
    ])
    func preAuthenticationEncodingEqualsTheSpecification(type: String, payload: String, expected: String) {
        let encoding = DSSEEnvelope.preAuthenticationEncoding(type: type, payload: Array(payload.utf8))
        #expect(encoding == Array(expected.utf8))
    }

    @Test func anEnvelopeOfOursIsOneExactByteString() throws {
        let signature = Base64.encode(envelope.signatures[0].bytes)
        let expected = """
            {"payload":"\(Base64.encode(Self.payload))","payloadType":"application/vnd.in-toto+json",\
            "signatures":[{"keyid":"\(controller.publicKey.keyID)","sig":"\(signature)"}]}
            """
        #expect(envelope.canonicalBytes == Array(expected.utf8))
        #expect(try DSSEEnvelope(parsing: envelope.canonicalBytes) == envelope)
        #expect(envelope.digest == Digest(sha256: envelope.canonicalBytes))
    }

    @Test func verifiedBytesAreTheSignedOnes() throws {
        let verified = try envelope.verify(trusting: [stranger.publicKey, controller.publicKey])
        #expect(verified.bytes == Self.payload)
        #expect(verified.signers == [controller.publicKey])
        #expect(verified.type == DSSEEnvelope.inTotoPayloadType)
    }

    @Test func thresholdsCountDifferentKeys() throws {
        let keys = [controller.publicKey, processor.publicKey]
        let both = try envelope.adding(signatureOf: processor)
        #expect(try both.verify(trusting: keys, threshold: 2).signers == keys)
        #expect(
            try DSSEEnvelope(signing: Self.payload, with: [controller, processor]).verify(
                trusting: keys, threshold: 2
            ).signers == keys)

        let twice = try envelope.adding(signatureOf: controller)
        #expect(throws: SignatureError.tooFewSigners(required: 2, found: 1, trusted: 2)) {
            try twice.verify(trusting: keys, threshold: 2)
        }
        #expect(throws: SignatureError.tooFewSigners(required: 2, found: 1, trusted: 1)) {
            try both.verify(trusting: [controller.publicKey, controller.publicKey], threshold: 2)
        }
    }

    @Test func aThresholdBelowOneIsRefused() {
        for threshold in [0, -1] {
            #expect(throws: SignatureError.invalidThreshold(found: threshold)) {
                try envelope.verify(trusting: [stranger.publicKey], threshold: threshold)
            }
        }
    }

    @Test func withoutATrustedKeyNothingVerifies() {
        #expect(throws: SignatureError.tooFewSigners(required: 1, found: 0, trusted: 0)) {
            try envelope.verify(trusting: [])
        }
        #expect(throws: SignatureError.tooFewSigners(required: 1, found: 0, trusted: 2)) {
            try envelope.verify(trusting: [stranger.publicKey, processor.publicKey])
        }
    }

    @Test func theKeyHintDecidesNothing() throws {
        let good = envelope.signatures[0].bytes
        for hint in ["", "deadbeef", stranger.publicKey.keyID] {
            let altered = try DSSEEnvelope(
                payloadType: envelope.payloadType, payload: Self.payload,
                signatures: [.init(keyID: hint, bytes: good)])
            #expect(try altered.verify(trusting: [controller.publicKey]).signers == [controller.publicKey])
        }
        let lying = try DSSEEnvelope(
            payloadType: envelope.payloadType, payload: Self.payload,
            signatures: [.init(keyID: controller.publicKey.keyID, bytes: stranger.sign(Self.payload))])
        #expect(throws: SignatureError.self) { try lying.verify(trusting: [controller.publicKey]) }
    }

    @Test func theTypeIsAuthenticatedAndExpected() throws {
        let other = try DSSEEnvelope(
            payloadType: "text/plain", payload: Self.payload, signatures: envelope.signatures)
        #expect(throws: SignatureError.wrongPayloadType(expected: "application/vnd.in-toto+json", found: "text/plain"))
        {
            try other.verify(trusting: [controller.publicKey])
        }
        #expect(throws: SignatureError.tooFewSigners(required: 1, found: 0, trusted: 1)) {
            try other.verify(trusting: [controller.publicKey], payloadType: "text/plain")
        }
    }

    @Test func aSignatureOverTheBarePayloadIsRefused() throws {
        let bare = try DSSEEnvelope(
            payloadType: envelope.payloadType, payload: Self.payload,
            signatures: [.init(keyID: "", bytes: controller.sign(Self.payload))])
        #expect(throws: SignatureError.self) { try bare.verify(trusting: [controller.publicKey]) }
    }

    @Test func everyChangedByteIsRefused() throws {
        for index in envelope.canonicalBytes.indices {
            for change: UInt8 in [0x01, 0x20, 0x80] {
                var altered = envelope.canonicalBytes
                altered[index] ^= change
                guard let read = try? DSSEEnvelope(parsing: altered) else { continue }
                // Only the hint may change without notice: DSSE does not authenticate it. The log's leaf hash does.
                let isHintOnly =
                    read.payload == envelope.payload && read.signatures[0].bytes == envelope.signatures[0].bytes
                    && read.payloadType == envelope.payloadType
                #expect(read.signatures[0].keyID != controller.publicKey.keyID || !isHintOnly)
                let isAccepted = (try? read.verify(trusting: [controller.publicKey])) != nil
                #expect(isAccepted == isHintOnly, "byte \(index)")
            }
        }
    }

    @Test func everyTruncationAndExtensionIsRefused() {
        let bytes = envelope.canonicalBytes
        for length in 0..<bytes.count {
            #expect(throws: EnvelopeError.self) { try DSSEEnvelope(parsing: Array(bytes.prefix(length))) }
        }
        for byte: UInt8 in [0x00, 0x0a, 0x20, 0x7d] {
            #expect(throws: EnvelopeError.self) { try DSSEEnvelope(parsing: bytes + [byte]) }
            #expect(throws: EnvelopeError.self) { try DSSEEnvelope(parsing: [byte] + bytes) }
        }
    }

    private static let sig = Base64.encode([UInt8](repeating: 7, count: 64))
    private static let strictCases: [(String, EnvelopeError)] = [
        (#"{"payload":"","payloadType":"t"}"#, .field(.missing(path: "signatures"))),
        (#"{"payloadType":"t","signatures":[]}"#, .field(.missing(path: "payload"))),
        (#"{"payload":"","signatures":[]}"#, .field(.missing(path: "payloadType"))),
        (#"{"payload":"","payloadType":"t","signatures":[]}"#, .noSignatures),
        (#"{"a":1,"payload":"","payloadType":"t","signatures":[]}"#, .field(.unexpected(path: "a"))),
        (
            #"{"payload":7,"payloadType":"t","signatures":[]}"#,
            .field(.wrongType(path: "payload", expected: "string", found: "number"))
        ),
        (
            #"{"payload":"","payloadType":null,"signatures":[]}"#,
            .field(.wrongType(path: "payloadType", expected: "string", found: "null"))
        ),
        (
            #"{"payload":"","payloadType":"t","signatures":{}}"#,
            .field(.wrongType(path: "signatures", expected: "array", found: "object"))
        ),
        (
            #"{"payload":"","payloadType":"t","signatures":[{"sig":"AA=="}]}"#,
            .field(.missing(path: "signatures[0].keyid"))
        ),
        (
            #"{"payload":"","payloadType":"t","signatures":[{"keyid":"","sig":"AA=="}]}"#,
            .wrongSignatureLength(path: "signatures[0].sig", expected: 64, found: 1)
        ),
        (
            #"{"payload":"","payloadType":"t","signatures":[{"keyid":"","sig":"\#(sig)","x":1}]}"#,
            .field(.unexpected(path: "signatures[0].x"))
        ),
        (
            #"{ "payload":"","payloadType":"t","signatures":[{"keyid":"","sig":"\#(sig)"}]}"#,
            .notCanonical(offset: 1)
        ),
        (
            #"{"payloadType":"t","payload":"","signatures":[{"keyid":"","sig":"\#(sig)"}]}"#,
            .notCanonical(offset: 9)
        ),
        (
            #"{"payload":"","payloadType":"\u0074","signatures":[{"keyid":"","sig":"\#(sig)"}]}"#,
            .notCanonical(offset: 29)
        ),
        (#"[]"#, .field(.wrongType(path: "", expected: "object", found: "array"))),
    ]

    @Test(arguments: strictCases)
    func otherFormsThanOursAreRefusedByName(text: String, error: EnvelopeError) {
        #expect(throws: error) { try DSSEEnvelope(parsing: Array(text.utf8)) }
        #expect(!"\(error)".contains("\n"))
    }

    @Test(arguments: [
        #"{"payload":"-_8","payloadType":"t","signatures":[{"keyid":"","sig":"\#(sig)"}]}"#,
        #"{"payload":"AB==","payloadType":"t","signatures":[{"keyid":"","sig":"\#(sig)"}]}"#,
        #"{"payload":"AA","payloadType":"t","signatures":[{"keyid":"","sig":"\#(sig)"}]}"#,
        #"{"payload":"AA==\n","payloadType":"t","signatures":[{"keyid":"","sig":"\#(sig)"}]}"#,
        #"{"payload":"","payload":"","payloadType":"t","signatures":[{"keyid":"","sig":"\#(sig)"}]}"#,
        "\u{feff}{}", "", "nul",
    ])
    func badBase64AndBadJSONAreRefused(text: String) {
        #expect(throws: EnvelopeError.self) { try DSSEEnvelope(parsing: Array(text.utf8)) }
    }

    @Test func urlSafeBase64AndMissingHintsAreAcceptedOnImportOnly() throws {
        let payload: [UInt8] = [0xfb, 0xff, 0xfe]
        let signed = try DSSEEnvelope(signing: payload, type: "t", with: [controller])
        let urlSafe = Base64.encode(signed.signatures[0].bytes).replacing("+", with: "-").replacing("/", with: "_")
        for signature in [urlSafe, urlSafe.replacing("=", with: "")] {
            let text = #"{"signatures":[{"sig":"\#(signature)","x":1}],"payload":"-__-","payloadType":"t","y":[]}"#
            let imported = try DSSEEnvelope(importing: Array(text.utf8))
            #expect(try imported.verify(trusting: [controller.publicKey], payloadType: "t").bytes == payload)
            #expect(throws: EnvelopeError.self) { try DSSEEnvelope(parsing: Array(text.utf8)) }
            #expect(try DSSEEnvelope(parsing: imported.canonicalBytes) == imported)
        }
    }

    @Test func theCapHoldsForReadingAndWriting() throws {
        let size = envelope.canonicalBytes.count
        #expect(try DSSEEnvelope(parsing: envelope.canonicalBytes, maximumByteCount: size) == envelope)
        #expect(throws: EnvelopeError.tooLarge(limit: size - 1, found: size)) {
            try DSSEEnvelope(parsing: envelope.canonicalBytes, maximumByteCount: size - 1)
        }
        #expect(throws: EnvelopeError.self) {
            try DSSEEnvelope(signing: [UInt8](repeating: 0, count: 13_000), with: [controller])
        }
        #expect(
            try DSSEEnvelope(
                signing: [UInt8](repeating: 0, count: 13_000), with: [controller], maximumByteCount: 32_000
            ).payload.count == 13_000)
    }

    @Test func noneAndTooManySignersAreRefused() {
        #expect(throws: EnvelopeError.noSignatures) { try DSSEEnvelope(signing: [], with: []) }
        #expect(throws: EnvelopeError.tooManySignatures(limit: 16, found: 17)) {
            try DSSEEnvelope(signing: [], with: Array(repeating: controller, count: 17))
        }
    }

    @Test(.enabled(if: SharedVectors.exist))
    func sharedEncodingsHold() throws {
        for vector in try #require(SharedVectors.json("dsse/pae.json").arrayValue) {
            let encoding = try DSSEEnvelope.preAuthenticationEncoding(
                type: #require(vector["type"]?.stringValue),
                payload: Hex.decode(#require(vector["body_hex"]?.stringValue)))
            #expect(Hex.encode(encoding) == vector["pae_hex"]?.stringValue)
        }
    }

    @Test(.enabled(if: SharedVectors.exist))
    func sharedEnvelopesVerifyAsStated() throws {
        let cases = try #require(SharedVectors.json("dsse/ed25519-cases.json").arrayValue)
        for vector in cases {
            let keys = try #require(vector["trusted_ed25519_hex"]?.objectValue).values.map {
                try VerifyingKey(rawBytes: Hex.decode(#require($0.stringValue)))
            }
            let bytes =
                try vector["envelope_text"]?.stringValue.map { Array($0.utf8) }
                ?? #require(vector["envelope"]).canonicalBytes()
            let threshold = try #require(vector["threshold"]?.intValue)
            let type = try #require(vector["expected_payload_type"]?.stringValue)
            let verified = try? DSSEEnvelope(importing: bytes).verify(
                trusting: keys, threshold: threshold, payloadType: type)
            #expect((verified != nil) == vector["valid"]?.boolValue, "\(vector["name"] ?? .null)")
        }
        #expect(cases.count == 15)
    }

    @Test(.enabled(if: SharedVectors.exist))
    func theProtocolsOwnEnvelopeIsRead() throws {
        let vector = try SharedVectors.json("dsse/spec-v1.0.2-vector.json")
        let envelope = try DSSEEnvelope(importing: #require(vector["envelope"]).canonicalBytes())
        let encoding = DSSEEnvelope.preAuthenticationEncoding(type: envelope.payloadType, payload: envelope.payload)
        #expect(String(decoding: encoding, as: UTF8.self) == vector["pae"]?.stringValue)
    }
}
