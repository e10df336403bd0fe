import LetheCertificates
import LetheCrypto
import LetheLog
import Testing

struct QuorumTests {
    private static func witness(_ number: UInt8) throws -> NoteSigner {
        try NoteSigner(name: "w\(number).example/witness", key: Fixture.key(40 + number), kind: .cosignatureV1)
    }

    /// A trust file with three witnesses of which two must have cosigned.
    private func trust(_ tail: String = "group most 2 one two three\nquorum most\n") throws -> TrustFile {
        let lines = try zip(["one", "two", "three"], 1...3).map { name, number in
            "witness \(name) \(try Self.witness(UInt8(number)).verifier.vkey)\n"
        }
        return try TrustFile(parsing: Fixture.trust().text + lines.joined() + tail)
    }

    private func file(_ witnesses: UInt8...) throws -> CertificateFile {
        let log = try NoteSigner(name: Fixture.origin, key: Fixture.logKey)
        return try Fixture.file(signers: [log] + witnesses.map { try Self.witness($0) })
    }

    @Test func enoughCosignaturesAreCheckedAndSaid() throws {
        let trust = try trust()
        for file in try [file(1, 2), file(2, 3), file(3, 1), file(1, 2, 3)] {
            let verified = try CertificateVerifier.verify(file, trusting: trust)
            #expect(verified.checked.contains("witness quorum of the trust file: 2 of one, two, three"))
            #expect(!verified.notChecked.contains(.witnesses) && !verified.notChecked.contains(.quorum))
        }
    }

    @Test func tooFewAreRefusedWithExpectedAndFound() throws {
        let trust = try trust()
        for (file, found) in try [(file(), []), (file(3), ["w3.example/witness"])] {
            #expect(throws: CertificateError.quorumMissed(demanded: "2 of one, two, three", found: found)) {
                try CertificateVerifier.verify(file, trusting: trust)
            }
        }
    }

    @Test func withoutADemandTheCertificateHoldsAndSaysWhatWasNotChecked() throws {
        let known = try trust("quorum none\n")
        #expect(try CertificateVerifier.verify(file(1), trusting: known).notChecked.contains(.quorum))
        #expect(try CertificateVerifier.verify(file(), trusting: known).notChecked.contains(.witnesses))
        #expect(try CertificateVerifier.verify(file(), trusting: Fixture.trust()).notChecked.contains(.witnesses))
    }

    @Test func aStrangersCosignatureCountsForNothing() throws {
        #expect(throws: CertificateError.unknownCheckpointSignature(name: "w9.example/witness")) {
            try CertificateVerifier.verify(file(1, 2, 9), trusting: trust())
        }
    }

    @Test func trustFilesWithAQuorumSurviveARoundTrip() throws {
        let trust = try trust()
        #expect(try TrustFile(parsing: trust.text) == trust)
        #expect(trust.witnesses.count == 3 && trust.quorum?.demand == "2 of one, two, three")
        let both = try TrustFile(parsing: trust.text + "witness \(Self.witness(1).verifier.vkey)\n")
        #expect(both == trust, "a key that stands there twice counts once")
    }

    @Test(arguments: [
        "", "quorum four\n", "quorum one\nquorum one\n", "group g 4 one two three\nquorum g\n",
        "group g\nquorum none\n",
        "quorum\n", "group g any one\n",
    ])
    func policiesThatDoNotHoldTogetherAreRefused(tail: String) {
        #expect(throws: TrustFileError.self) { try trust(tail) }
    }
}
