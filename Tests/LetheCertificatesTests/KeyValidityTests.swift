import LetheCertificates
import LetheCrypto
import LetheLog
import LetheStatements
import Testing

/// Certificates across changes of keys. The fixture's certificate is entry 3 under a checkpoint of five entries.
struct KeyValidityTests {
    private static let witness = try? NoteVerifier(
        name: "witness.example", key: Fixture.witnessKey.publicKey, kind: .cosignatureV1)

    private func trust(
        controller: KeyValidity = .always, verifier: KeyValidity = .always, log: KeyValidity = .always,
        others: Bool = true
    ) throws -> TrustFile {
        try Fixture.trust(witnesses: [#require(Self.witness)]).replacing(
            controllers: others
                ? [Fixture.stranger.publicKey, Fixture.controller.publicKey] : [Fixture.controller.publicKey],
            verifiers: [Fixture.verifier.publicKey], logs: [Fixture.logKey.publicKey],
            validity: [
                Fixture.controller.publicKey: controller, Fixture.verifier.publicKey: verifier,
                Fixture.logKey.publicKey: log, Fixture.stranger.publicKey: KeyValidity(from: 4),
            ])
    }

    private func file(isWitnessed: Bool = false) throws -> CertificateFile {
        var signers = [try NoteSigner(name: Fixture.origin, key: Fixture.logKey)]
        if isWitnessed {
            signers.append(try NoteSigner(name: "witness.example", key: Fixture.witnessKey, kind: .cosignatureV1))
        }
        return try Fixture.file(signers: signers)
    }

    @Test func oldCertificatesKeepVerifyingAfterAKeyWasReplaced() throws {
        for until: UInt64 in [4, 5, 100] {
            let trust = try trust(
                controller: KeyValidity(from: 2, until: until), verifier: KeyValidity(from: 1, until: until),
                log: KeyValidity(from: 1, until: max(5, until)))
            let verified = try CertificateVerifier.verify(file(), trusting: trust)
            #expect(verified.controller == Fixture.controller.publicKey)
            #expect(verified.notChecked.contains(.keyRevocation))
            #expect(try CertificateVerifier.verify(file(), trusting: TrustFile(parsing: trust.text)) == verified)
        }
    }

    @Test func whatAKeySignedOutsideOfItsTimeDoesNotCount() throws {
        let ended = KeyValidity(from: 1, until: 3)
        let later = KeyValidity(from: 4)
        for validity in [ended, later] {
            for (role, key, trust) in [
                ("controller", Fixture.controller, try trust(controller: validity)),
                ("verifier", Fixture.verifier, try trust(verifier: validity)),
            ] {
                #expect(
                    throws: CertificateError.keyNotValid(
                        role: role, keyID: key.publicKey.keyID, validity: validity, at: 3)
                ) { try CertificateVerifier.verify(file(), trusting: trust) }
            }
        }
        for validity in [KeyValidity(from: 1, until: 4), KeyValidity(from: 6)] {
            #expect(
                throws: CertificateError.keyNotValid(
                    role: "log", keyID: Fixture.logKey.publicKey.keyID, validity: validity, at: 5)
            ) { try CertificateVerifier.verify(file(), trusting: trust(log: validity)) }
        }
    }

    @Test func aCheckpointAtTheChangeOfTheLogsKeyMayCarryBoth() throws {
        let (old, new) = (Fixture.logKey, Fixture.stranger)
        let joint = try NoteSigner(name: Fixture.origin, key: old).jointly(
            with: NoteSigner(name: Fixture.origin, key: new))
        let file = try Fixture.file(signers: [joint])
        #expect(file.proof.checkpoint.signatures.count == 2)
        func trust(_ logs: [(SigningKey, KeyValidity)]) throws -> TrustFile {
            try Fixture.trust().replacing(
                controllers: [Fixture.controller.publicKey], verifiers: [Fixture.verifier.publicKey],
                logs: logs.map(\.0.publicKey),
                validity: Dictionary(uniqueKeysWithValues: logs.map { ($0.0.publicKey, $0.1) }))
        }
        // The checkpoint has size 5: the old key's last, the new key's first.
        let (until, from) = (KeyValidity(from: 1, until: 5), KeyValidity(from: 5))
        _ = try CertificateVerifier.verify(file, trusting: trust([(new, from), (old, until)]))
        _ = try CertificateVerifier.verify(file, trusting: trust([(old, KeyValidity(until: 4)), (new, from)]))
        // An older trust file does not know the new key: its line is then covered by no check.
        #expect(throws: CertificateError.unknownCheckpointSignature(name: Fixture.origin)) {
            try CertificateVerifier.verify(file, trusting: trust([(old, until)]))
        }
        #expect(throws: CertificateError.self) {
            try CertificateVerifier.verify(
                file, trusting: trust([(old, KeyValidity(until: 4)), (new, KeyValidity(from: 6))]))
        }
    }

    /// Entry 3 was signed before the compromise at 4, 5 or 6, or after the one at 3; the checkpoint has five entries.
    @Test(arguments: [(3, false), (4, false), (5, true), (6, true)] as [(UInt64, Bool)])
    func beforeACompromiseOnlyAWitnessCounts(from: UInt64, holds: Bool) throws {
        let stolen = KeyValidity(from: 1, until: from, isCompromised: true)
        for trust in [try trust(controller: stolen), try trust(verifier: stolen), try trust(log: stolen)] {
            #expect(throws: CertificateError.self) {
                try CertificateVerifier.verify(file(), trusting: trust)
            }
            if holds {
                _ = try CertificateVerifier.verify(file(isWitnessed: true), trusting: trust)
            } else {
                #expect(throws: CertificateError.self) {
                    try CertificateVerifier.verify(file(isWitnessed: true), trusting: trust)
                }
            }
        }
    }

    @Test func aWitnessThatTheTrustFileDoesNotNameIsNone() throws {
        let stolen = KeyValidity(from: 1, until: 6, isCompromised: true)
        let trust = try Fixture.trust().replacing(
            controllers: [Fixture.controller.publicKey], verifiers: [Fixture.verifier.publicKey],
            logs: [Fixture.logKey.publicKey], validity: [Fixture.controller.publicKey: stolen])
        #expect(throws: CertificateError.self) {
            try CertificateVerifier.verify(file(isWitnessed: true), trusting: trust)
        }
    }

    @Test func equalKeysForCertificateAndTestAreRefused() throws {
        let testResult = try Fixture.testResult(signer: Fixture.controller)
        let file = try Fixture.file(Fixture.certificate(testResult: testResult), testResult: testResult)
        let trust = try Fixture.trust().replacing(
            controllers: [Fixture.controller.publicKey],
            verifiers: [Fixture.verifier.publicKey, Fixture.controller.publicKey], logs: [Fixture.logKey.publicKey],
            validity: [:])
        #expect(throws: CertificateError.sameSigner(keyID: Fixture.controller.publicKey.keyID)) {
            try CertificateVerifier.verify(file, trusting: trust)
        }
    }

    @Test func validitySurvivesTheTrustFile() throws {
        let trust = try trust(
            controller: KeyValidity(from: 2, until: 40), verifier: KeyValidity(from: 3, until: 17, isCompromised: true),
            log: KeyValidity(until: 41))
        #expect(try TrustFile(parsing: trust.text) == trust)
        for line in ["controller from 2 until 40\n", "verifier from 3 compromised 17\n", " until 41\n"] {
            #expect(trust.text.contains(line))
        }
    }

    @Test(arguments: [
        "from", "from x", "from 0", "from 01", "from -1", "until", "until 3 from 2", "from 5 until 4",
        "from 2 until 3 compromised 3",
        "from 1 from 2", " from 1", "from 1 ", "from  1", "until 18446744073709551616", "since 3",
        "from 1 until 2 more",
    ])
    func aValidityThatDoesNotReadIsNamedByItsLine(words: String) throws {
        let text = try Fixture.trust().text.replacing("controller\n", with: "controller \(words)\n")
        let error = #expect(throws: TrustFileError.self) { try TrustFile(parsing: text) }
        #expect("\(try #require(error))".contains("line 3"))
    }

    @Test func oneKeyHasOneValidity() throws {
        let pem = Fixture.stranger.publicKey.pem
        let base = try Fixture.trust().text
        let same = base + "controller from 4\n\(pem)controller from 4\n\(pem)"
        #expect(try TrustFile(parsing: same).validity(of: Fixture.stranger.publicKey) == KeyValidity(from: 4))
        #expect(throws: TrustFileError.twoValidities(line: 16)) {
            try TrustFile(parsing: base + "controller from 4\n\(pem)controller from 5\n\(pem)")
        }
    }
}
