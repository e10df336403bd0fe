import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheLog
import LetheStatements
import Testing

struct CertificateVerifierTests {
    private func verify(_ file: CertificateFile, _ trust: TrustFile? = nil) throws -> VerifiedCertificate {
        try CertificateVerifier.verify(file.bytes(), trusting: trust ?? Fixture.trust())
    }

    @Test func aVerifiedCertificateTellsEverythingItEstablishes() throws {
        let file = try Fixture.file()
        let verified = try verify(file)
        #expect(verified.certificate == (try Fixture.certificate()))
        #expect(verified.controller == Fixture.controller.publicKey)
        #expect(verified.verifier == Fixture.verifier.publicKey)
        #expect(verified.index == 3 && verified.origin == Fixture.origin)
        #expect(verified.inclusion.checkpoint.size == 5)
        #expect(verified.envelopeDigest == file.certificate.digest)
        #expect(verified.testResultDigest == file.testResult.digest)
        #expect(verified.checked.count == 4)
    }

    @Test func whatWasNotCheckedIsListed() throws {
        #expect(
            try verify(Fixture.file()).notChecked
                == [.witnesses, .timestamp, .reexecution, .modelFiles, .requestEntry, .keyRevocation])
        let linked = try Fixture.file(
            Fixture.certificate(previous: .init(envelope: Fixture.digest("previous"), index: 1)))
        let notChecked = try verify(linked).notChecked
        #expect(notChecked.contains(.previousCertificate(index: 1)))
        #expect(notChecked.allSatisfy { !$0.description.contains("\n") })
    }

    @Test func aFileSurvivesARoundTrip() throws {
        let file = try Fixture.file()
        #expect(try CertificateFile(parsing: file.bytes()) == file)
        #expect(try CertificateFile(parsing: file.bytes()).bytes() == file.bytes())
    }

    @Test func oneKeyInEveryRoleIsEnoughForABareKeyAndSaidSo() throws {
        let key = Fixture.controller
        let testResult = try Fixture.testResult(signer: key)
        let file = try Fixture.file(
            Fixture.certificate(testResult: testResult), testResult: testResult,
            signers: [NoteSigner(name: Fixture.origin, key: key)])
        let trust = try TrustFile(parsing: key.publicKey.pem)
        let verified = try verify(file, trust)
        #expect(verified.notChecked.contains(.separationOfDuties))
        #expect(verified.origin == Fixture.origin)

        // The same file under a trust file with roles: the controller judged itself.
        let roles = try TrustFile(
            origin: Fixture.origin, controllers: [key.publicKey], verifiers: [key.publicKey], logs: [key.publicKey])
        #expect(throws: CertificateError.sameSigner(keyID: key.publicKey.keyID)) { try verify(file, roles) }
    }

    @Test func aBareKeyOfOneRoleIsNotEnoughForTheOthers() throws {
        let file = try Fixture.file()
        #expect(throws: CertificateError.verifierSignature(.tooFewSigners(required: 1, found: 0, trusted: 1))) {
            try verify(file, TrustFile(key: Fixture.controller.publicKey))
        }
        for key in [Fixture.verifier, Fixture.logKey, Fixture.stranger] {
            #expect(throws: CertificateError.controllerSignature(.tooFewSigners(required: 1, found: 0, trusted: 1))) {
                try verify(file, TrustFile(key: key.publicKey))
            }
        }
    }

    @Test func aStrangerInAnyRoleIsRefusedByName() throws {
        let stranger = Fixture.stranger.publicKey
        let (controller, verifier, log) = (
            Fixture.controller.publicKey, Fixture.verifier.publicKey, Fixture.logKey.publicKey
        )
        let file = try Fixture.file()
        #expect(throws: CertificateError.controllerSignature(.tooFewSigners(required: 1, found: 0, trusted: 1))) {
            try verify(
                file,
                TrustFile(origin: Fixture.origin, controllers: [stranger], verifiers: [verifier], logs: [log]))
        }
        #expect(throws: CertificateError.verifierSignature(.tooFewSigners(required: 1, found: 0, trusted: 1))) {
            try verify(
                file,
                TrustFile(origin: Fixture.origin, controllers: [controller], verifiers: [stranger], logs: [log]))
        }
        let error = #expect(throws: CertificateError.self) {
            try verify(
                file,
                TrustFile(origin: Fixture.origin, controllers: [controller], verifiers: [verifier], logs: [stranger]))
        }
        #expect(error.map { "\($0)".hasPrefix("checkpoint: note: expected a signature by") } == true)
    }

    @Test func keysDoNotServeInAnotherRole() throws {
        // The verifier's key signs the certificate, the controller's the test result.
        let testResult = try Fixture.testResult(signer: Fixture.controller)
        let swapped = try Fixture.file(
            Fixture.certificate(testResult: testResult), testResult: testResult, controller: Fixture.verifier)
        #expect(throws: CertificateError.controllerSignature(.tooFewSigners(required: 1, found: 0, trusted: 1))) {
            try verify(swapped)
        }
        // The controller's key signs the checkpoint.
        let own = try Fixture.file(signers: [NoteSigner(name: Fixture.origin, key: Fixture.controller)])
        #expect(throws: CertificateError.self) { try verify(own) }
    }

    @Test func severalTrustedKeysOfARoleAreTried() throws {
        let trust = try TrustFile(
            origin: Fixture.origin, controllers: [Fixture.stranger.publicKey, Fixture.controller.publicKey],
            verifiers: [Fixture.stranger.publicKey, Fixture.verifier.publicKey],
            logs: [Fixture.stranger.publicKey, Fixture.logKey.publicKey, Fixture.logKey.publicKey])
        #expect(try verify(Fixture.file(), trust).controller == Fixture.controller.publicKey)
    }

    /// In the log of one tenant nobody certifies for another, though the signatures be right.
    @Test(arguments: ["beta", "lethe.example/beta", "lethe.example", "cme", "/acme", "example/acme"])
    func anotherTenantIsRefused(tenant: String) throws {
        var certificate = try Fixture.certificate()
        certificate.tenant = Fixture.origin
        #expect(try verify(Fixture.file(certificate)).certificate.tenant == Fixture.origin)
        certificate.tenant = tenant
        let file = try Fixture.file(certificate)
        let error = CertificateError.wrongTenant(expected: Fixture.origin, found: tenant)
        #expect(throws: error) { try verify(file) }
        #expect("\(error)".contains(tenant) && !error.isMalformed)
    }

    @Test func anotherLogIsRefused() throws {
        let file = try Fixture.file(origin: "lethe.example/other")
        let error = #expect(throws: CertificateError.self) { try verify(file) }
        #expect(error.map { "\($0)".contains("lethe.example/other") } == true)
        // Signed under the trusted name, but with another origin in the text.
        var log = Fixture.Log()
        let envelope = try Fixture.certificate().signed(by: Fixture.controller)
        let index = log.append(envelope)
        let proof = try log.proof(
            of: index, origin: "lethe.example/other", signers: [NoteSigner(name: Fixture.origin, key: Fixture.logKey)])
        let foreign = CertificateFile(certificate: envelope, testResult: try Fixture.testResult(), proof: proof)
        #expect(throws: CertificateError.proof(.wrongOrigin(expected: Fixture.origin, found: "lethe.example/other"))) {
            try verify(foreign)
        }
    }

    @Test func aKnownWitnessIsVerifiedAndAnUnknownOneIsRefused() throws {
        let log = try NoteSigner(name: Fixture.origin, key: Fixture.logKey)
        let witness = try NoteSigner(name: "w1.example/witness", key: Fixture.witnessKey, kind: .cosignatureV1)
        let file = try Fixture.file(signers: [log, witness])
        let verified = try verify(file, Fixture.trust(witnesses: [witness.verifier]))
        #expect(verified.inclusion.cosignatures.map(\.cosignedAt) == [1_772_442_000])
        #expect(!verified.notChecked.contains(.witnesses) && verified.checked.count == 5)
        #expect(throws: CertificateError.unknownCheckpointSignature(name: "w1.example/witness")) { try verify(file) }

        // With the witness known, each of its bytes counts too.
        let trust = try Fixture.trust(witnesses: [witness.verifier])
        let bytes = try file.bytes()
        let start = try #require(bytes.indices.first { bytes[$0...].starts(with: "w1.example".utf8) })
        for index in start..<(start + 100) {
            var altered = bytes
            altered[index] ^= 0x01
            #expect(throws: CertificateError.self) { try CertificateVerifier.verify(altered, trusting: trust) }
        }
    }

    @Test func aRepeatedCheckpointSignatureIsRefused() throws {
        let log = try NoteSigner(name: Fixture.origin, key: Fixture.logKey)
        #expect(throws: CertificateError.unknownCheckpointSignature(name: Fixture.origin)) {
            try verify(Fixture.file(signers: [log, log]))
        }
    }

    @Test func bothKeysOfALogMaySignDuringARotation() throws {
        let signers = try [Fixture.logKey, Fixture.stranger].map { try NoteSigner(name: Fixture.origin, key: $0) }
        let file = try Fixture.file(signers: signers)
        let both = try TrustFile(
            origin: Fixture.origin, controllers: [Fixture.controller.publicKey],
            verifiers: [Fixture.verifier.publicKey], logs: [Fixture.logKey.publicKey, Fixture.stranger.publicKey])
        #expect(try verify(file, both).notChecked.contains(.witnesses))
        #expect(throws: CertificateError.unknownCheckpointSignature(name: Fixture.origin)) { try verify(file) }
    }

    @Test func unauthenticatedBytesInTheProofAreRefused() throws {
        let file = try Fixture.file()
        let proof = TransparencyProof(
            index: file.proof.index, path: file.proof.path, checkpoint: file.proof.checkpoint, extra: [1])
        #expect(throws: CertificateError.proofHasExtra) {
            try verify(CertificateFile(certificate: file.certificate, testResult: file.testResult, proof: proof))
        }
    }

    @Test func whatTheCertificateBuildsOnLiesBeforeItInTheLog() throws {
        var certificate = try Fixture.certificate()
        certificate.request = .init(
            requestID: "r", subjectCommitment: Fixture.digest("s"),
            receivedEntry: .init(index: 3, leafHash: Fixture.digest("e")))
        #expect(
            throws: CertificateError.notBefore(
                field: "predicate.request.receivedEntry.index", index: 3, certificateIndex: 3)
        ) { try verify(Fixture.file(certificate)) }
        let circular = try Fixture.certificate(previous: .init(envelope: Fixture.digest("x"), index: 3))
        #expect(
            throws: CertificateError.notBefore(
                field: "predicate.previousCertificate.index", index: 3, certificateIndex: 3)
        ) { try verify(Fixture.file(circular)) }
    }

    @Test func anotherStatementIsNotACertificate() throws {
        var log = Fixture.Log()
        let statement = try Statement(
            subjects: [.init(name: "m", sha256: Fixture.digest("m"))], predicateType: PredicateType.runEvent,
            predicate: [:])
        let envelope = try DSSEEnvelope(signing: statement.canonicalBytes(), with: [Fixture.controller])
        let index = log.append(envelope)
        let file = CertificateFile(
            certificate: envelope, testResult: try Fixture.testResult(), proof: try log.proof(of: index))
        let error = #expect(throws: CertificateError.self) { try verify(file) }
        #expect(
            error.map { "\($0)" }
                == "certificate: statement: predicateType: expected \"urn:lethe:unlearning-certificate:v1\", "
                + "found \"urn:lethe:run-event:v1\"")
    }

    @Test func aTestResultThatSaysSomethingElseIsRefusedThoughBothAreSigned() throws {
        let measured = Fixture.test()
        let flattering = Fixture.test(measurements: [
            Fixture.measurement(name: "G1 RRM", value: "0.001", interval: ("-0.001", "0.002"))
        ])
        let honest = try Fixture.testResult(measured)
        let file = try Fixture.file(
            Fixture.certificate(test: flattering, testResult: honest), testResult: honest)
        let error = #expect(throws: CertificateError.self) { try verify(file) }
        #expect(error.map { "\($0)".hasPrefix("test result: measurements: expected") } == true)

        let failed = try Fixture.testResult(Fixture.test(verdict: .fail))
        let claimed = try Fixture.file(Fixture.certificate(testResult: failed), testResult: failed)
        #expect(
            throws: CertificateError.testResultDisagrees(
                field: "verdict", certificate: "PASS-STATISTICAL", testResult: "FAIL")
        ) { try verify(claimed) }

        let otherModel = try TestResult(
            modelName: "recommender@run-1", model: Fixture.digest("other"), runID: "run-1",
            policy: Fixture.digest("policy"), test: measured
        ).signed(by: Fixture.verifier)
        #expect(throws: CertificateError.self) {
            try verify(Fixture.file(Fixture.certificate(testResult: otherModel), testResult: otherModel))
        }
    }

    @Test func aTestResultOfAnotherDigestIsRefused() throws {
        let file = try Fixture.file()
        let other = try Fixture.testResult(Fixture.test(verdict: .inconclusive))
        #expect(throws: CertificateError.wrongTestResult(expected: file.testResult.digest, found: other.digest)) {
            try verify(CertificateFile(certificate: file.certificate, testResult: other, proof: file.proof))
        }
    }

    @Test func failedAndInconclusiveCertificatesAreHonestOnesAndVerify() throws {
        for verdict in ForgettingTest.Verdict.allCases {
            let test = Fixture.test(
                verdict: verdict,
                measurements: verdict == .passStatistical
                    ? nil : [Fixture.measurement(interval: ("-0.02", "0.31"))])
            let testResult = try Fixture.testResult(test)
            let verified = try verify(
                Fixture.file(Fixture.certificate(test: test, testResult: testResult), testResult: testResult))
            #expect(verified.certificate.verification.verdict == verdict)
        }
    }

    @Test func malformedFilesAreToldApartFromRefusedOnes() throws {
        let error = #expect(throws: CertificateError.self) {
            try CertificateVerifier.verify(Array("hello".utf8), trusting: Fixture.trust())
        }
        #expect(error?.isMalformed == true)
        let refused = #expect(throws: CertificateError.self) {
            try verify(Fixture.file(), TrustFile(key: Fixture.stranger.publicKey))
        }
        #expect(refused?.isMalformed == false)
    }
}
