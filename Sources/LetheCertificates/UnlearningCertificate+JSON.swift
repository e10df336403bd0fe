import LetheBytes
public import LetheCrypto
public import LetheStatements

extension UnlearningCertificate {
    /// The statement to sign.
    ///
    /// - Throws: what reading it would throw, so nothing is issued that does not verify.
    public func statement() throws(StatementError) -> Statement {
        let statement = try Statement(
            subjects: [.init(name: modelName, sha256: model.digest)],
            predicateType: PredicateType.unlearningCertificate, predicate: predicate)
        _ = try UnlearningCertificate(statement)
        return statement
    }

    /// Reads a verified statement.
    ///
    /// - Throws: the first member that is missing, mistyped, or contradicts another; see the invariants of the format.
    public init(_ statement: Statement) throws(StatementError) {
        try statement.require(predicateType: PredicateType.unlearningCertificate)
        do {
            try self.init(subject: CertifiedSubject(statement), statement.fields)
        } catch {
            throw .field(error)
        }
    }

    private var predicate: JSONValue {
        var members: [String: JSONValue] = [
            "certificateId": .string(certificateID),
            "tenant": .string(tenant),
            "issuedAt": .string(issuedAt.description),
            "previousCertificate": previous.map {
                ["sha256": .string($0.envelope.hex), "index": .string(String($0.index))]
            } ?? .null,
            "resources": .array(
                model.resources.map {
                    ["name": .string($0.name), "algorithm": "sha256", "digest": .string($0.digest.hex)]
                }),
            "request": [
                "requestId": .string(request.requestID),
                "subjectCommitment": .string(request.subjectCommitment.hex),
                "receivedEntry": [
                    "index": .string(String(request.receivedEntry.index)),
                    "leafHash": .string(request.receivedEntry.leafHash.hex),
                ],
            ],
            "dataset": [
                "before": ["sha256": .string(dataset.before.hex)],
                "after": ["sha256": .string(dataset.after.hex)],
                "recordsRemoved": .string(String(dataset.recordsRemoved)),
                "recordsCommitment": .string(dataset.recordsCommitment.hex),
            ],
            "unlearning": unlearning.json,
            "policy": ["sha256": .string(policy.hex)],
            "verification": verificationJSON,
            "claim": .string(claim),
            "notifications": .array(
                notifications.map {
                    [
                        "recipient": .string($0.recipient), "at": .string($0.at.description),
                        "outcome": .string($0.outcome.rawValue),
                    ]
                }),
            "retained": .array(
                retained.map {
                    [
                        "category": .string($0.category), "ground": .string($0.ground),
                        "until": $0.until.map { .string($0.description) } ?? .null,
                    ]
                }),
            "backups": .array(
                backups.map { ["system": .string($0.system), "purgeBy": .string($0.purgeBy.description)] }),
        ]
        members["supersedes"] = supersedes.map { .string($0) }
        return .object(members)
    }

    private var verificationJSON: JSONValue {
        var members = verification.members
        members["result"] = .string(verification.verdict.result.rawValue)
        members["attestations"] = .array(
            attestations.map { ["predicateType": .string($0.predicateType), "sha256": .string($0.sha256.hex)] })
        return .object(members)
    }

    private init(subject: CertifiedSubject, _ fields: JSONFields) throws(FieldError) {
        certificateID = try fields.member("certificateId").identifier()
        tenant = try fields.member("tenant").identifier()
        issuedAt = try fields.member("issuedAt").timestamp()
        supersedes = try fields.optional("supersedes")?.identifier()
        previous = try fields.nullable("previousCertificate").map { (previous) throws(FieldError) in
            Previous(
                envelope: try previous.member("sha256").digest(), index: try previous.member("index").wholeNumber())
        }
        modelName = subject.name
        model = try ModelDigest(fields.member("resources"), subject: subject)
        request = try Request(fields.member("request"))
        dataset = try Dataset(fields.member("dataset"))
        unlearning = try Unlearning(fields.member("unlearning"))
        policy = try fields.member("policy").member("sha256").digest()
        let verificationFields = try fields.member("verification")
        verification = try ForgettingTest(verificationFields)
        attestations = try verificationFields.member("attestations").array().map { (item) throws(FieldError) in
            Attestation(
                predicateType: try item.member("predicateType").line(), sha256: try item.member("sha256").digest())
        }
        claim = try fields.member("claim").line()
        notifications = try fields.member("notifications").array().map { (item) throws(FieldError) in
            Notification(
                recipient: try item.member("recipient").identifier(), at: try item.member("at").timestamp(),
                outcome: try item.member("outcome").oneOf(Notification.Outcome.self))
        }
        retained = try fields.member("retained").array().map { (item) throws(FieldError) in
            Retained(
                category: try item.member("category").identifier(), ground: try item.member("ground").identifier(),
                until: try item.nullable("until")?.timestamp())
        }
        backups = try fields.member("backups").array().map { (item) throws(FieldError) in
            Backup(system: try item.member("system").identifier(), purgeBy: try item.member("purgeBy").timestamp())
        }
        try verificationFields.member("result").require(verification.verdict.result.rawValue)
        try requireConsistency()
    }

    /// The rules that span several members.
    private func requireConsistency() throws(FieldError) {
        guard unlearning.modelBefore != model.digest else {
            throw .invalid(
                path: "predicate.unlearning.modelBefore.sha256", expected: "another model than the subject",
                found: unlearning.modelBefore.hex)
        }
        guard dataset.recordsRemoved == 0 || dataset.before != dataset.after else {
            throw .invalid(
                path: "predicate.dataset.after.sha256",
                expected: "another digest than before, because \(dataset.recordsRemoved) records were removed",
                found: dataset.after.hex)
        }
        guard unlearning.startedAt <= unlearning.finishedAt else {
            throw .invalid(
                path: "predicate.unlearning.finishedAt", expected: "a time not before \(unlearning.startedAt)",
                found: unlearning.finishedAt.description)
        }
        guard unlearning.finishedAt <= issuedAt else {
            throw .invalid(
                path: "predicate.issuedAt", expected: "a time not before \(unlearning.finishedAt)",
                found: issuedAt.description)
        }
        let tests = attestations.count { $0.predicateType == PredicateType.testResult }
        guard tests == 1 else {
            throw .invalid(
                path: "predicate.verification.attestations", expected: "exactly one \(PredicateType.testResult)",
                found: "\(tests)")
        }
    }

    /// The digest of the envelope of the forgetting test.
    public var testResultDigest: Digest? {
        attestations.first { $0.predicateType == PredicateType.testResult }?.sha256
    }
}

extension ModelDigest {
    fileprivate init(_ fields: JSONFields, subject: CertifiedSubject) throws(FieldError) {
        let resources = try fields.array().map { (item) throws(FieldError) in
            try item.member("algorithm").require("sha256")
            return Resource(name: try item.member("name").string(), digest: try item.member("digest").digest())
        }
        let model: ModelDigest
        do {
            model = try ModelDigest(resources: resources)
        } catch {
            throw .invalid(path: fields.path, expected: "files with names of their own", found: "\(error)")
        }
        guard model.resources == resources else {
            throw .invalid(path: fields.path, expected: "files in the order of their names", found: "another order")
        }
        guard model.digest == subject.digest else {
            throw .invalid(
                path: "subject[0].digest.sha256", expected: "\(model.digest.hex), the digest of predicate.resources",
                found: subject.digest.hex)
        }
        self = model
    }
}

extension UnlearningCertificate.Request {
    fileprivate init(_ fields: JSONFields) throws(FieldError) {
        let entry = try fields.member("receivedEntry")
        self.init(
            requestID: try fields.member("requestId").identifier(),
            subjectCommitment: try fields.member("subjectCommitment").digest(),
            receivedEntry: UnlearningCertificate.LogEntryReference(
                index: try entry.member("index").wholeNumber(), leafHash: try entry.member("leafHash").digest()))
    }
}

extension UnlearningCertificate.Dataset {
    fileprivate init(_ fields: JSONFields) throws(FieldError) {
        self.init(
            before: try fields.member("before").member("sha256").digest(),
            after: try fields.member("after").member("sha256").digest(),
            recordsRemoved: try fields.member("recordsRemoved").wholeNumber(),
            recordsCommitment: try fields.member("recordsCommitment").digest())
    }
}

extension UnlearningCertificate.Unlearning {
    fileprivate var json: JSONValue {
        [
            "runId": .string(runID), "method": .string(method),
            "code": ["sha256": .string(code.hex)], "parameters": ["sha256": .string(parameters.hex)],
            "seed": .string(String(seed)), "seedCheckpoint": seedSource.json,
            "modelBefore": ["name": .string(modelBeforeName), "sha256": .string(modelBefore.hex)],
            "startedAt": .string(startedAt.description), "finishedAt": .string(finishedAt.description),
            "environment": .object(environment.mapValues { .string($0) }), "precision": .string(precision),
        ]
    }

    fileprivate init(_ fields: JSONFields) throws(FieldError) {
        let before = try fields.member("modelBefore")
        let environment = try fields.member("environment")
        var values: [String: String] = [:]
        for name in try environment.members().keys {
            _ = try JSONFields(.string(name), path: "\(environment.path) (a name)").identifier()
            values[name] = try environment.member(name).line(limit: 200)
        }
        self.init(
            runID: try fields.member("runId").identifier(), method: try fields.member("method").identifier(),
            code: try fields.member("code").member("sha256").digest(),
            parameters: try fields.member("parameters").member("sha256").digest(),
            seed: try fields.member("seed").wholeNumber(),
            seedSource: try SeedSource(nullable: fields.nullable("seedCheckpoint")),
            modelBeforeName: try before.member("name").identifier(), modelBefore: try before.member("sha256").digest(),
            startedAt: try fields.member("startedAt").timestamp(),
            finishedAt: try fields.member("finishedAt").timestamp(), environment: values,
            precision: try fields.member("precision").identifier())
    }
}
