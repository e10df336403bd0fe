import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheLog
import Testing

struct TrustFileTests {
    private static let pem = Fixture.stranger.publicKey.pem
    private static let vkey = (try? NoteVerifier(name: Fixture.origin, key: Fixture.logKey.publicKey).vkey) ?? ""
    private static let roles = "controller\n\(pem)verifier\n\(pem)"

    @Test func aTrustFileSurvivesARoundTrip() throws {
        let witness = try NoteVerifier(name: "w", key: Fixture.witnessKey.publicKey, kind: .cosignatureV1)
        for trust in [
            try Fixture.trust(), try Fixture.trust(witnesses: [witness]), TrustFile(key: Fixture.logKey.publicKey),
        ] {
            #expect(try TrustFile(parsing: trust.text) == trust)
        }
        #expect(try Fixture.trust().text.contains("\nlog \(Self.vkey)\n"))
    }

    @Test func logKeysMayBePEMAndRolesRepeated() throws {
        let text = """
            # our auditor's keys

            origin \(Fixture.origin)
            controller
            \(Fixture.controller.publicKey.pem)
            controller
            \(Self.pem)log
            \(Fixture.logKey.publicKey.pem)
            verifier

            \(Fixture.verifier.publicKey.pem)
            """
        let trust = try TrustFile(parsing: text)
        #expect(trust.controllers == [Fixture.controller.publicKey, Fixture.stranger.publicKey])
        #expect(trust.logs == [Fixture.logKey.publicKey] && trust.verifiers == [Fixture.verifier.publicKey])
        #expect(try TrustFile(parsing: text.replacing("\n", with: "\r\n")) == trust)
        _ = try CertificateVerifier.verify(Fixture.file(), trusting: trust)
    }

    @Test func aBareKeyIsTrustedForEveryRole() throws {
        let trust = try TrustFile(parsing: Self.pem)
        #expect(trust.origin == nil && !trust.hasRoles && trust.text == Self.pem)
        #expect(trust.controllers == trust.verifiers && trust.verifiers == trust.logs)
    }

    private static let cases: [(String, String)] = [
        ("", "trust file: no line \"origin NAME\" and no bare public key"),
        ("# nothing\n", "trust file: no line \"origin NAME\" and no bare public key"),
        (roles + "log \(vkey)\n", "trust file: no line \"origin NAME\" and no bare public key"),
        ("origin \(Fixture.origin)\n", "trust file: no key for the role controller"),
        ("origin \(Fixture.origin)\ncontroller\n\(pem)log \(vkey)\n", "trust file: no key for the role verifier"),
        ("origin \(Fixture.origin)\n\(roles)", "trust file: no key for the role log"),
        ("origin a\norigin a\n", "trust file: line 2: a second origin"),
        (
            "hello\n",
            "trust file: line 1: expected origin NAME, controller, verifier, log or witness VKEY, group or quorum, found \"hello\""
        ),
        (
            "origin\n",
            "trust file: line 1: expected origin NAME, controller, verifier, log or witness VKEY, group or quorum, found \"origin\""
        ),
        (
            "controller \(vkey)\n",
            "trust file: line 1: expected origin NAME, controller, verifier, log or witness VKEY, group or quorum, found "
                + "\"controller lethe.example/acme+" + vkey.dropFirst(19).prefix(50) + "\"…"
        ),
        (
            "origin x\n\(roles)log \(vkey)\n",
            "trust file: line 10: expected a log key named \"x\", found \"lethe.example/acme\""
        ),
        (
            "origin a b\n\(roles)log\n\(pem)",
            "trust file: origin: note key name: expected one without spaces, '+' and control characters, found \"a b\""
        ),
        ("origin x\nlog nonsense\n", "trust file: line 2: verifier key: expected name+hex8+base64, found \"nonsense\""),
        (
            "origin x\nwitness \(vkey)\n",
            "trust file: line 2: verifier key: signature type 1 is not known to this version"
        ),
        (
            "origin x\ncontroller\nverifier\n\(pem)",
            "trust file: line 3: key: expected one PEM block -----BEGIN PUBLIC KEY----- … -----END PUBLIC KEY----- and nothing else"
        ),
        (
            "origin x\ncontroller\n",
            "trust file: line 3: key: expected one PEM block -----BEGIN PUBLIC KEY----- … -----END PUBLIC KEY----- and nothing else"
        ),
        (
            Fixture.stranger.pem, "trust file: line 1: key: expected a PEM block \"PUBLIC KEY\", found \"PRIVATE KEY\""
        ),
        (
            pem + pem,
            "trust file: line 1: key: the PEM block \"PUBLIC KEY\" is not base64 in lines of 64 characters"
        ),
    ]

    @Test(arguments: cases)
    func whatDoesNotFitIsNamedByItsLine(text: String, message: String) {
        let error = #expect(throws: TrustFileError.self) { try TrustFile(parsing: text) }
        #expect(error.map { "\($0)" } == message)
    }

    @Test func everyTruncationIsRefusedOrLessTrusting() throws {
        let full = try Fixture.trust()
        let text = full.text
        for length in 0..<text.count - 1 {
            #expect(throws: TrustFileError.self) { try TrustFile(parsing: String(text.prefix(length))) }
        }
    }
}
