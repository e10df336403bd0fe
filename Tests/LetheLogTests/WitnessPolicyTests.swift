import LetheBytes
import LetheCrypto
import LetheLog
import Testing

struct WitnessPolicyTests {
    @Test func quorumsAreMetAndMissedAsStated() throws {
        let vkeys = try #require(OwnVectors.json("policies.json")["witnesses"]?.objectValue)
        let keys = try vkeys.mapValues { try NoteVerifier(vkey: $0.stringValue ?? "") }
        let cases = try OwnVectors.cases("policies.json", "valid")
        for vector in cases {
            let policy = try WitnessPolicy(parsing: Array(try vector.string("policy").utf8))
            let name = try vector.string("name")
            for (member, expected) in [("met", true), ("missed", false)] {
                for names in try #require(vector[member]?.arrayValue) {
                    let cosigners = (names.arrayValue ?? []).compactMap { keys[$0.stringValue ?? ""] }
                    #expect(policy.isMet(by: cosigners) == expected, "\(name) \(names)")
                }
            }
            #expect(try WitnessPolicy(parsing: Array(policy.text.utf8)) == policy)
        }
        #expect(cases.count == 10)
    }

    @Test func otherPoliciesAreRefusedByTheirLine() throws {
        let cases = try OwnVectors.cases("policies.json", "invalid")
        for vector in cases {
            let (name, text) = (try vector.string("name"), try vector.string("policy"))
            let error = #expect(throws: WitnessPolicyError.self, "\(name)") {
                try WitnessPolicy(parsing: Array(text.utf8))
            }
            #expect(error.map { !"\($0)".contains("\n") } == true)
        }
        #expect(cases.count == 28)
    }

    @Test func octetsThatAreNotUTF8MayStandInNames() throws {
        let key = try #require(OwnVectors.json("policies.json")["witnesses"]?["one"]?.stringValue)
        let name: [UInt8] = [0xFF, 0x80]
        let bytes = Array("witness ".utf8) + name + Array(" \(key)\nquorum ".utf8) + name + [0x0A]
        let policy = try WitnessPolicy(parsing: bytes)
        #expect(policy.isMet(by: [try NoteVerifier(vkey: key)]) && !policy.isMet(by: []))
        #expect(throws: WitnessPolicyError.self) {
            try WitnessPolicy(parsing: Array("witness \u{FFFD} \(key)\nquorum ".utf8) + name)
        }
    }

    @Test func endlessPoliciesAreRefused() throws {
        #expect(throws: WitnessPolicyError.tooLarge(limit: 65_536, found: 65_537)) {
            try WitnessPolicy(parsing: [UInt8](repeating: 10, count: 65_537))
        }
        let many = try (0..<300).map { number in
            let key = try SigningKey(seed: Digest(sha256: Array("\(number)".utf8)).bytes).publicKey
            return "witness w\(number) \(try NoteVerifier(name: "w", key: key, kind: .cosignatureV1).vkey)\n"
        }
        #expect(throws: WitnessPolicyError.tooMany(line: 257, limit: 256)) {
            try WitnessPolicy(parsing: Array((many.joined() + "quorum w0\n").utf8))
        }
    }

    @Test func cosignedNotesAreJudgedAsStated() throws {
        let vectors = try OwnVectors.json("cosignatures.json")
        let policy = try WitnessPolicy(parsing: Array(vectors.string("policy").utf8))
        let log = try #require(policy.logs.first?.verifier)
        let cases = try OwnVectors.cases("cosignatures.json")
        for vector in cases {
            let name = try vector.string("name")
            let verified = try? SignedNote(parsing: Array(vector.string("note").utf8)).verify(
                with: [log] + policy.witnessKeys)
            #expect((verified != nil) == vector["valid"]?.boolValue, "\(name)")
            let isByLog = verified?.contains { $0.verifier == log } == true
            #expect(isByLog == (vector["quorum"]?.boolValue != nil), "\(name)")
            if isByLog, let verified {
                #expect(policy.isMet(by: verified.map(\.verifier)) == vector["quorum"]?.boolValue, "\(name)")
            }
        }
        #expect(cases.count == 14)
    }

    @Test func proofsAreJudgedAsStated() throws {
        let vectors = try OwnVectors.json("proofs.json")
        let log = try NoteVerifier(vkey: vectors.string("log"))
        let witness = try NoteVerifier(vkey: vectors.string("witness"))
        let cases = try OwnVectors.cases("proofs.json")
        for vector in cases {
            let verified = try? TransparencyProof(parsing: vector.string("proof")).verify(
                leafHash: MerkleTree.leafHash(Array(vector.string("entry").utf8)), log: log, witnesses: [witness],
                quorum: 1)
            let name = try vector.string("name")
            #expect((verified != nil) == vector["valid"]?.boolValue, "\(name)")
        }
        #expect(cases.count == 14)
    }
}
