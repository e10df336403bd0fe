import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheStatements
import Testing

struct UnlearningCertificateTests {
    private func predicate() throws -> JSONValue { try Fixture.certificate().statement().predicate }

    private func parse(_ predicate: JSONValue) throws -> UnlearningCertificate {
        let subject = Statement.Subject(name: "recommender@run-1", sha256: try Fixture.model().digest)
        return try UnlearningCertificate(
            Statement(
                subjects: [subject], predicateType: PredicateType.unlearningCertificate, predicate: predicate))
    }

    /// Replaces (or with nil removes) the value at a path of names and indices.
    private func replacing(_ path: [String], with value: JSONValue?, in json: JSONValue) -> JSONValue {
        guard let name = path.first else { return value ?? .null }
        let rest = Array(path.dropFirst())
        if let index = Int(name), case .array(var elements) = json {
            elements[index] = replacing(rest, with: value, in: elements[index])
            return .array(elements)
        }
        guard case .object(var members) = json else { return json }
        members[name] = rest.isEmpty ? value : members[name].map { replacing(rest, with: value, in: $0) }
        return .object(members)
    }

    /// The paths of all members, inner ones included.
    private func paths(_ json: JSONValue, _ prefix: [String] = []) -> [[String]] {
        switch json {
        case .object(let members):
            members.flatMap { [prefix + [$0.key]] + paths($0.value, prefix + [$0.key]) }
        case .array(let elements):
            elements.enumerated().flatMap { paths($0.element, prefix + ["\($0.offset)"]) }
        default: []
        }
    }

    @Test func aCertificateSurvivesARoundTrip() throws {
        let certificate = try Fixture.certificate()
        #expect(try UnlearningCertificate(certificate.statement()) == certificate)
        var full = certificate
        full.supersedes = "c-2025-9"
        full.previous = .init(envelope: Fixture.digest("p"), index: .max)
        full.notifications = []
        full.retained = [.init(category: "logs", ground: "GDPR-17-3-e", until: nil)]
        #expect(try UnlearningCertificate(full.statement()) == full)
    }

    @Test func thePredicateHasTheMembersOfTheDesign() throws {
        let members = try #require(predicate().objectValue)
        #expect(
            Set(members.keys) == [
                "certificateId", "tenant", "issuedAt", "previousCertificate", "resources", "request", "dataset",
                "unlearning", "policy", "verification", "claim", "notifications", "retained", "backups",
            ])
        #expect(members["verification"]?["result"] == "PASSED")
        #expect(members["unlearning"]?["seed"] == "18446744073709551615")
        #expect(members["dataset"]?["recordsRemoved"] == "17")
    }

    @Test func noNumberIsEverWrittenOutsideOfAString() throws {
        func hasNumber(_ json: JSONValue) -> Bool {
            switch json {
            case .number: true
            case .object(let members): members.values.contains(where: hasNumber)
            case .array(let elements): elements.contains(where: hasNumber)
            default: false
            }
        }
        #expect(try !hasNumber(predicate()))
        #expect(try !hasNumber(Statement(parsingUnverified: Fixture.testResult().payload).predicate))
    }

    @Test func everyMissingMemberIsNamed() throws {
        let predicate = try predicate()
        for path in paths(predicate) where path.dropLast().last != "environment" {
            let error = #expect(throws: StatementError.self, "\(path)") {
                try parse(replacing(path, with: nil, in: predicate))
            }
            #expect(error.map { "\($0)".contains(path.last ?? "") && "\($0)".hasSuffix("missing") } == true, "\(path)")
        }
    }

    @Test func everyMemberOfAnotherTypeIsNamed() throws {
        let predicate = try predicate()
        for path in paths(predicate) {
            for value: JSONValue in [7, .number("0.5"), true, [[]], ["x": [:]]] {
                let altered = replacing(path, with: value, in: predicate)
                guard altered != predicate else { continue }
                #expect(throws: StatementError.self, "\(path) = \(value)") { try parse(altered) }
            }
        }
    }

    @Test func unknownMembersAreIgnored() throws {
        let predicate = try predicate()
        #expect(try parse(replacing(["later"], with: "x", in: predicate)) == Fixture.certificate())
    }

    private static let wrongValues: [(String, JSONValue)] = [
        ("certificateId", ""), ("certificateId", "a b"), ("certificateId", "a\nb"), ("certificateId", "é"),
        ("tenant", "acme\u{1b}[31m"), ("issuedAt", "2026-03-02"), ("issuedAt", "2026-03-02T08:09:59Z"),
        ("previousCertificate", "none"), ("previousCertificate", ["sha256": "00", "index": "1"]),
        ("resources", []), ("resources.0.algorithm", "sha512"), ("resources.0.name", "../config.json"),
        ("resources.0.name", "z.json"), ("resources.0.name", "model.safetensors"), ("resources.0.name", ""),
        ("resources.1.digest", .string(String(repeating: "0", count: 64))),
        ("request.requestId", "Jane Doe"), ("request.subjectCommitment", "jane@example.com"),
        ("request.receivedEntry.index", "01"), ("request.receivedEntry.index", "-1"),
        ("dataset.recordsRemoved", "1e3"), ("dataset.recordsRemoved", "17.0"),
        ("dataset.after.sha256", .string(Fixture.digest("before").hex)),
        ("unlearning.seed", "18446744073709551616"), ("unlearning.method", "the best one"),
        ("unlearning.startedAt", "2026-03-02T08:10:01Z"), ("unlearning.environment.os", "Debian\n12"),
        ("unlearning.environment.os", ""), ("unlearning.precision", "float 32"),
        ("unlearning.seedCheckpoint", "none"), ("claim", ""), ("claim", "a\nb"), ("claim", "José"),
        ("claim", .string(String(repeating: "x", count: 1001))),
        ("verification.result", "FAILED"), ("verification.result", "passed"), ("verification.verdict", "PASSED"),
        ("verification.verdict", "pass-statistical"), ("verification.tests", []),
        ("verification.tests.0.passed", false), ("verification.tests.2.value", "0,031"),
        ("verification.tests.2.threshold", "0.08"), ("verification.tests.2.comparator", "<="),
        ("verification.tests.2.interval", .null), ("verification.tests.2.interval.upper", "-0.03"),
        ("verification.tests.2.interval.upper", "0.200000"), ("verification.tests.2.interval.lower", "-0.2"),
        ("verification.tests.2.name", "G2 JG"), ("verification.tests.2.sampleSize", "-20"),
        ("verification.notAssessed.0", "G3\u{202e}"), ("verification.attestations", []),
        ("verification.attestations.0.predicateType", "https://in-toto.io/attestation/test-result/v0.2"),
        ("notifications.0.outcome", "ignored"), ("notifications.0.at", "yesterday"), ("retained.0.until", ""),
        ("backups.0.purgeBy", .null),
    ]

    @Test(arguments: wrongValues)
    func contentThatDoesNotFitIsRefused(path: String, value: JSONValue) throws {
        let predicate = try predicate()
        let altered = replacing(path.split(separator: ".").map(String.init), with: value, in: predicate)
        #expect(altered != predicate)
        let error = #expect(throws: StatementError.self) { try parse(altered) }
        #expect(error.map { "\($0)".utf8.allSatisfy { 0x20...0x7e ~= $0 || $0 >= 0x80 } } == true)
    }

    @Test func theModelBeforeIsAnotherOne() throws {
        let model = try Fixture.model().digest.hex
        #expect(throws: StatementError.self) {
            try parse(replacing(["unlearning", "modelBefore", "sha256"], with: .string(model), in: predicate()))
        }
    }

    @Test func theSubjectIsTheModelOfTheResources() throws {
        let type = PredicateType.unlearningCertificate
        let digest = try Fixture.model().digest
        for subjects in [
            [Statement.Subject(name: "m", sha256: Fixture.digest("other"))],
            [.init(name: nil, sha256: digest)], [.init(name: "a b", sha256: digest)],
            [.init(name: "m", digest: ["sha512": digest.hex])],
            [.init(name: "m", sha256: digest), .init(name: "n", sha256: digest)],
        ] {
            #expect(throws: StatementError.self) {
                try UnlearningCertificate(
                    Statement(subjects: subjects, predicateType: type, predicate: predicate()))
            }
        }
    }

    @Test func contradictionsAreNotIssued() throws {
        var certificate = try Fixture.certificate()
        certificate.issuedAt = Fixture.time("2026-03-02T08:00:00Z")
        #expect(throws: IssueError.self) { try certificate.signed(by: Fixture.controller) }
        certificate = try Fixture.certificate()
        certificate.claim = "José is forgotten"
        #expect(throws: IssueError.self) { try certificate.signed(by: Fixture.controller) }
        certificate = try Fixture.certificate()
        certificate.verification = Fixture.test(measurements: [Fixture.measurement(interval: nil)])
        let error = #expect(throws: IssueError.self) { try certificate.signed(by: Fixture.controller) }
        #expect(
            error.map { "\($0)" }
                == "not issued: statement: predicate.verification.tests: expected every test passed for "
                + "PASS-STATISTICAL, found \"G1 RRM not passed\"")
    }

    @Test func whatDoesNotFitIntoALogEntryIsNotIssued() throws {
        var certificate = try Fixture.certificate()
        certificate.backups = (0..<300).map { .init(system: "system-\($0)", purgeBy: certificate.issuedAt) }
        let error = #expect(throws: IssueError.self) { try certificate.signed(by: Fixture.controller) }
        #expect(error.map { "\($0)".contains("at most 16384 bytes") } == true)
    }
}
