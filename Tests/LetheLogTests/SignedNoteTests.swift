import LetheBytes
import LetheCrypto
import LetheLog
import Testing

struct SignedNoteTests {
    private let log: NoteSigner
    private let witness: NoteSigner
    private let text = "lethe.example/acme\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"

    init() throws {
        log = try NoteSigner(name: "lethe.example/acme", key: SigningKey(seed: [UInt8](repeating: 1, count: 32)))
        witness = try NoteSigner(
            name: "w1.example/witness", key: SigningKey(seed: [UInt8](repeating: 2, count: 32)), kind: .cosignatureV1)
    }

    @Test func aSignedNoteSurvivesARoundTripAndVerifies() throws {
        let note = try SignedNote(text: text, signers: [log])
        #expect(try SignedNote(parsing: note.bytes) == note)
        let verified = try note.verify(with: [log.verifier])
        #expect(verified.map(\.verifier) == [log.verifier] && verified[0].cosignedAt == nil)
    }

    @Test func aWitnessStatesItsTime() throws {
        let note = try SignedNote(text: text, signers: [log]).adding(signatureOf: witness, seconds: 1_767_225_600)
        let verified = try note.verify(with: [witness.verifier, log.verifier])
        #expect(verified.map(\.verifier) == [log.verifier, witness.verifier])
        #expect(verified[1].cosignedAt == 1_767_225_600)
    }

    @Test func unknownSignersAreIgnoredAndKnownOnesAreNeeded() throws {
        let note = try SignedNote(text: text, signers: [witness, log])
        #expect(try note.verify(with: [log.verifier]).count == 1)
        let other = try NoteSigner(name: "lethe.example/acme", key: SigningKey.generate())
        #expect(throws: NoteVerificationError.self) { try note.verify(with: [other.verifier]) }
        #expect(throws: NoteVerificationError.self) { try note.verify(with: []) }
        // A name alone makes nobody known.
        let renamed = try NoteVerifier(name: "lethe.example/other", key: log.verifier.key)
        #expect(throws: NoteVerificationError.self) { try note.verify(with: [renamed]) }
    }

    @Test func aKeyIsNotKnownAsTheOtherKind() throws {
        let asWitness = try NoteVerifier(name: log.verifier.name, key: log.verifier.key, kind: .cosignatureV1)
        #expect(asWitness.keyID != log.verifier.keyID)
        #expect(throws: NoteVerificationError.self) {
            try SignedNote(text: text, signers: [log]).verify(with: [asWitness])
        }
    }

    @Test func twoTrustedKeysOfOneNameAndIDAreRefused() throws {
        let note = try SignedNote(text: text, signers: [log])
        #expect(throws: NoteVerificationError.self) { try note.verify(with: [log.verifier, log.verifier]) }
    }

    @Test func everyChangedByteIsRefused() throws {
        let bytes = try SignedNote(text: text, signers: [log]).adding(signatureOf: witness, seconds: 7).bytes
        let keys = [log.verifier, witness.verifier]
        for index in bytes.indices {
            for change: UInt8 in [0x01, 0x02, 0x20, 0x80, 0xff] {
                var altered = bytes
                altered[index] ^= change
                let count = (try? SignedNote(parsing: altered))?.signatures.count
                let verified = try? SignedNote(parsing: altered).verify(with: keys)
                // A changed name or key ID turns the line into an unknown one: never do both keys verify again.
                #expect(verified?.count != 2 && (count == 2 || verified == nil), "byte \(index) ^ \(change)")
            }
        }
    }

    @Test func everyChangedByteOfANoteWithOneSignatureIsRefused() throws {
        let bytes = try SignedNote(text: text, signers: [log]).bytes
        for index in bytes.indices {
            for bit in 0..<8 {
                var altered = bytes
                altered[index] ^= 1 << UInt8(bit)
                #expect((try? SignedNote(parsing: altered).verify(with: [log.verifier])) == nil, "byte \(index)")
            }
        }
    }

    @Test func everyTruncationIsRefused() throws {
        let bytes = try SignedNote(text: text, signers: [log]).bytes
        for length in 0..<bytes.count {
            #expect(throws: NoteFormatError.self) { try SignedNote(parsing: Array(bytes.prefix(length))) }
        }
    }

    private static let formatCases: [(String, NoteFormatError)] = [
        ("", .missingFinalNewline), ("text", .missingFinalNewline), ("text\n", .noSignatureBlock),
        ("text\n\n", .noSignatures), ("text\n\n— n AAAAAAA=", .missingFinalNewline),
        ("text\n\nn AAAAAAA=\n", .malformedSignatureLine(number: 1)),
        ("text\n\n— n AAAAAAA=\nhello\n", .malformedSignatureLine(number: 2)),
        ("text\n\n— AAAAAAA=\n", .malformedSignatureLine(number: 1)),
        ("text\n\n—  AAAAAAA=\n", .malformedSignatureLine(number: 1)),
        ("text\n\n- n AAAAAAA=\n", .malformedSignatureLine(number: 1)),
        ("text\n\n— n+x AAAAAAA=\n", .malformedSignatureLine(number: 1)),
        ("text\n\n— n x AAAAAAA=\n", .malformedSignatureLine(number: 1)),
        ("text\n\n— n AAAAAA==\n", .malformedSignatureLine(number: 1)),
        ("text\n\n— n AAAAAAA\n", .malformedSignatureLine(number: 1)),
        ("text\n\n— n AAAAAAB=\n", .malformedSignatureLine(number: 1)),
        ("text\n\n— n AAAAA_A=\n", .malformedSignatureLine(number: 1)),
        ("text\n\n— n AAAAAAA= \n", .malformedSignatureLine(number: 1)),
        ("text\r\n\r\n— n AAAAAAA=\r\n", .controlCharacter(offset: 4)),
        ("te\txt\n\n— n AAAAAAA=\n", .controlCharacter(offset: 2)),
        ("te\0xt\n\n— n AAAAAAA=\n", .controlCharacter(offset: 2)),
    ]

    @Test(arguments: formatCases)
    func otherFormsAreRefusedByName(note: String, error: NoteFormatError) {
        #expect(throws: error) { try SignedNote(parsing: Array(note.utf8)) }
        #expect(!"\(error)".contains("\n"))
    }

    @Test func bytesThatAreNotUTF8AreRefused() {
        #expect(throws: NoteFormatError.notUTF8) { try SignedNote(parsing: [0xff] + Array("\n\n— n AAAAAAA=\n".utf8)) }
        #expect(throws: NoteFormatError.tooLarge(limit: 1 << 20, found: 1 << 20 + 1)) {
            try SignedNote(parsing: [UInt8](repeating: 0x61, count: 1 << 20 + 1))
        }
    }

    @Test func aHundredSignaturesAreAcceptedAndOneMoreIsNot() throws {
        let line = "— n AAAAAAA=\n"
        #expect(
            try SignedNote(parsing: Array(("t\n\n" + String(repeating: line, count: 100)).utf8)).signatures.count == 100
        )
        #expect(throws: NoteFormatError.tooManySignatures(limit: 100, found: 101)) {
            try SignedNote(parsing: Array(("t\n\n" + String(repeating: line, count: 101)).utf8))
        }
    }

    @Test func textsThatNoNoteCanHoldAreNotSigned() {
        #expect(throws: NoteFormatError.missingFinalNewline) { try SignedNote(text: "text", signers: [log]) }
        #expect(throws: NoteFormatError.controlCharacter(offset: 1)) { try SignedNote(text: "t\r\n", signers: [log]) }
        #expect(throws: NoteFormatError.noSignatures) { try SignedNote(text: "text\n", signers: []) }
    }

    @Test func verifierKeysSurviveARoundTrip() throws {
        for verifier in [log.verifier, witness.verifier] {
            #expect(try NoteVerifier(vkey: verifier.vkey) == verifier)
        }
        // From golang.org/x/mod/sumdb/note and C2SP's signed-note.md.
        for vkey in [
            "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        ] {
            #expect(try NoteVerifier(vkey: vkey).vkey == vkey)
        }
    }

    @Test func everyChangedCharacterOfAVerifierKeyIsRefused() {
        let bytes = Array(log.verifier.vkey.utf8)
        for index in bytes.indices {
            for value in "+/=09aAz ".utf8 where value != bytes[index] {
                var altered = bytes
                altered[index] = value
                let vkey = String(decoding: altered, as: UTF8.self)
                #expect(throws: NoteKeyError.self, "\(vkey)") { try NoteVerifier(vkey: vkey) }
            }
        }
    }

    @Test(arguments: [
        "", "+", "++", "a+b+c", "PeterNeumann", "PeterNeumann+c74f20a3", "PeterNeumann+c74f20a3+",
        "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+BRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "lowOrder+00000000+AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ])
    func otherVerifierKeysAreRefused(vkey: String) {
        #expect(throws: NoteKeyError.self) { try NoteVerifier(vkey: vkey) }
    }

    // C2SP signed-note.md, the example of the specification.
    @Test func theSpecificationsExampleVerifies() throws {
        let note = """
            This is an example message.

            — example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=

            """
        let verifier = try NoteVerifier(vkey: "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
        #expect(try SignedNote(parsing: Array(note.utf8)).verify(with: [verifier]).count == 1)
        let altered = note.replacing("an example", with: "no example")
        #expect(throws: NoteVerificationError.invalidSignature(name: "example.com/foo", keyID: "530d903a")) {
            try SignedNote(parsing: Array(altered.utf8)).verify(with: [verifier])
        }
    }

    @Test(.enabled(if: SharedVectors.exist))
    func sharedNotesVerifyAsStated() throws {
        let cases = try #require(SharedVectors.json("tlog/xmod-note-cases.json").arrayValue)
        for vector in cases {
            let verifiers = try verifiers(vector)
            let verified = try? SignedNote(parsing: bytes(vector["note_base64"])).verify(with: verifiers)
            #expect((verified != nil) == vector["valid"]?.boolValue, "\(vector["name"] ?? .null)")
            #expect((verified ?? []).map(\.verifier.name) == vector["verified"]?.arrayValue?.compactMap(\.stringValue))
        }
        #expect(cases.count == 9)
    }

    @Test(.enabled(if: SharedVectors.exist))
    func sharedVerifierKeysAreReadAsStated() throws {
        let cases = try SharedVectors.json("tlog/xmod-vkey-cases.json")
        for vkey in try #require(cases["valid"]?.arrayValue).compactMap(\.stringValue) {
            #expect(try NoteVerifier(vkey: vkey).vkey == vkey)
        }
        for vkey in try #require(cases["invalid"]?.arrayValue).compactMap(\.stringValue) {
            #expect(throws: NoteKeyError.self, "\(vkey)") { try NoteVerifier(vkey: vkey) }
        }
    }

    @Test(.enabled(if: SharedVectors.exist))
    func sharedCheckpointMutationsAreJudgedAsStated() throws {
        let cases = try #require(SharedVectors.json("tlog/checkpoint-mutations.json").arrayValue)
        for vector in cases {
            let verifiers = try verifiers(vector)
            let checkpoint = try? {
                let note = try SignedNote(parsing: bytes(vector["note_base64"]))
                _ = try note.verify(with: verifiers)
                return try Checkpoint(parsing: note.text)
            }()
            let isValid = checkpoint?.origin == vector["origin"]?.stringValue
            #expect(isValid == vector["valid"]?.boolValue, "\(vector["name"] ?? .null)")
        }
        #expect(cases.count == 22)
    }

    @Test(.enabled(if: SharedVectors.exist))
    func sharedCosignaturesAreJudgedAsStated() throws {
        let cases = try #require(SharedVectors.json("tlog/cosignature-cases.json").arrayValue)
        for vector in cases {
            let verifiers = try verifiers(vector)
            let required = try #require(vector["quorum"]?.stringValue.flatMap { Int($0.prefix(1)) })
            let verified = (try? SignedNote(parsing: bytes(vector["note_base64"])).verify(with: verifiers)) ?? []
            let witnesses = verified.filter { $0.verifier.kind == .cosignatureV1 }
            let hasLog = verified.contains { $0.verifier.kind == .ed25519 }
            #expect((hasLog && witnesses.count >= required) == vector["valid"]?.boolValue, "\(vector["name"] ?? .null)")
            for witness in witnesses where hasLog {
                let stated = vector["witnesses"]?[witness.verifier.name]?.numberLiteral
                #expect(witness.cosignedAt.map(String.init) == stated)
            }
        }
        #expect(cases.count == 5)
    }

    /// A log that another implementation wrote: every checkpoint verifies, and all roots follow from the entries.
    @Test(.enabled(if: SharedVectors.exist))
    func theLogOfAnotherImplementationIsReproduced() throws {
        let folder = "tlog/tessera-testlog/"
        let vkey = String(decoding: try SharedVectors.bytes(folder + "vkey.txt"), as: UTF8.self)
        let verifier = try NoteVerifier(vkey: vkey.filter { $0 != "\n" })
        var entries = try SharedVectors.bytes(folder + "tile/entries/000.p/10")[...]
        var hashes: [Digest] = []
        while !entries.isEmpty {
            let count = Int(entries.removeFirst()) << 8 | Int(entries.removeFirst())
            hashes.append(MerkleTree.leafHash(Array(entries.prefix(count))))
            entries = entries.dropFirst(count)
        }
        #expect(try hashes.flatMap(\.bytes) == SharedVectors.bytes(folder + "tile/0/000.p/10"))
        for size in 0...10 {
            let note = try SignedNote(parsing: SharedVectors.bytes(folder + "checkpoint.\(size)"))
            #expect(try note.verify(with: [verifier]).count == 1)
            let checkpoint = try Checkpoint(parsing: note.text)
            #expect(checkpoint.size == UInt64(size))
            #expect(checkpoint.rootHash == MerkleTree.rootHash(of: hashes[..<size]))
        }
    }

    private func verifiers(_ vector: JSONValue) throws -> [NoteVerifier] {
        try #require(vector["vkeys"]?.arrayValue).map { try NoteVerifier(vkey: #require($0.stringValue)) }
    }

    private func bytes(_ value: JSONValue?) throws -> [UInt8] {
        try Base64.decode(#require(value?.stringValue))
    }
}
