import LetheBytes
public import LetheCrypto
public import LetheStatements

/// The forgetting test as its own statement, signed by the verifier: in-toto's test-result v0.1.
///
/// Its members `result`, `passedTests`, `warnedTests` and `failedTests` follow from the measurements, which stand in a member of our
/// own beside them; a document in which they do not agree is refused.
public struct TestResult: Sendable, Equatable {
    /// The member of our own: a name that no other vocabulary uses.
    static let detailsName = "urn:lethe:forgetting-test:v1"

    /// What the tested model is called.
    public let modelName: String
    /// The tested model.
    public let model: Digest
    /// The run that made it.
    public let runID: String
    /// The policy whose thresholds were applied.
    public let policy: Digest
    /// What was measured.
    public let test: ForgettingTest

    /// Records a test of a model.
    public init(modelName: String, model: Digest, runID: String, policy: Digest, test: ForgettingTest) {
        self.modelName = modelName
        self.model = model
        self.runID = runID
        self.policy = policy
        self.test = test
    }

    /// Reads a verified statement.
    public init(_ statement: Statement) throws(StatementError) {
        try statement.require(predicateType: PredicateType.testResult)
        do throws(FieldError) {
            let subject = try CertifiedSubject(statement)
            modelName = subject.name
            model = subject.digest
            let details = try statement.fields.member(Self.detailsName)
            runID = try details.member("runId").identifier()
            policy = try details.member("policy").member("sha256").digest()
            test = try ForgettingTest(details)
            for (name, expected) in summary {
                let member = try statement.fields.member(name)
                guard member.value == expected else {
                    throw .invalid(path: member.path, expected: "what the measurements say", found: "something else")
                }
            }
        } catch {
            throw .field(error)
        }
    }

    /// The statement to sign.
    public func statement() throws(StatementError) -> Statement {
        var details = test.members
        details["runId"] = .string(runID)
        details["policy"] = ["sha256": .string(policy.hex)]
        var predicate = summary
        predicate[Self.detailsName] = .object(details)
        let statement = try Statement(
            subjects: [.init(name: modelName, sha256: model)], predicateType: PredicateType.testResult,
            predicate: .object(predicate))
        _ = try TestResult(statement)
        return statement
    }

    /// Signs the statement with the verifier's key, which is not the controller's.
    public func signed(by verifier: SigningKey) throws(IssueError) -> DSSEEnvelope {
        try sign(statement, with: verifier)
    }

    private var summary: [String: JSONValue] {
        func names(_ isIncluded: (ForgettingTest.Measurement) -> Bool) -> JSONValue {
            .array(test.measurements.filter(isIncluded).map { .string($0.name) })
        }
        let isOpen = test.verdict.result == .inconclusive
        let result =
            switch test.verdict.result {
            case .passed: "PASSED"
            case .failed: "FAILED"
            case .inconclusive: "WARNED"
            }
        return [
            "result": .string(result),
            "configuration": [["name": "policy", "digest": ["sha256": .string(policy.hex)]]],
            "passedTests": names { $0.passed },
            "warnedTests": names { !$0.passed && isOpen },
            "failedTests": names { !$0.passed && !isOpen },
        ]
    }
}

/// The one subject of our statements: a model, by name and SHA-256.
struct CertifiedSubject {
    let name: String
    let digest: Digest

    init(_ statement: Statement) throws(FieldError) {
        guard statement.subjects.count == 1, let subject = statement.subjects.first else {
            throw .invalid(path: "subject", expected: "exactly one", found: "\(statement.subjects.count)")
        }
        guard let name = subject.name else { throw .missing(path: "subject[0].name") }
        guard let sha256 = subject.digest["sha256"] else { throw .missing(path: "subject[0].digest.sha256") }
        self.name = try JSONFields(.string(name), path: "subject[0].name").identifier()
        digest = try JSONFields(.string(sha256), path: "subject[0].digest.sha256").digest()
    }
}

func sign(
    _ statement: () throws(StatementError) -> Statement, with key: SigningKey
) throws(IssueError) -> DSSEEnvelope {
    let payload: [UInt8]
    do {
        payload = try statement().canonicalBytes()
    } catch {
        throw .statement(error)
    }
    do {
        return try DSSEEnvelope(signing: payload, with: [key])
    } catch {
        throw .envelope(error)
    }
}

/// Why a statement was not signed.
public enum IssueError: Error, Equatable, CustomStringConvertible {
    /// Its content contradicts itself or the format; a verifier would refuse it.
    case statement(StatementError)
    /// It does not fit into a log entry.
    case envelope(EnvelopeError)

    /// One line that names the field, expected and found.
    public var description: String {
        switch self {
        case .statement(let error): "not issued: \(error)"
        case .envelope(let error): "not issued: \(error)"
        }
    }
}
