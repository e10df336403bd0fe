import LetheBytes
public import LetheRequests
public import LetheVerification

/// A verdict on outputs that any framework wrote: the measurements and gates of `lethe verify`, without what only a log can show.
public struct DistanceAudit: Sendable {
    /// What is compared.
    public struct Options: Sendable {
        /// Outputs of the model that is said to have forgotten.
        public var candidate: String
        /// Outputs of models retrained without the records.
        public var references: [String]
        /// Outputs of the model before.
        public var original: String
        /// Outputs of further models trained with the records like the one before, from other seeds; for the membership test by user.
        public var furtherOriginals: [String]
        /// Whose record every row is.
        public var users: String
        /// What the numbers are.
        public var kind: OutputKind
        /// The columns of the two answers; nil for the only two there are, No first.
        public var answers: (yes: Int, no: Int)?
        /// Whose thresholds and gates apply; nil for the defaults, and the gates whose records are there.
        public var policy: LetheRequests.Policy?
        /// What the bootstrap depends on.
        public var seed: UInt64

        /// What is compared.
        public init(
            candidate: String, references: [String], original: String, furtherOriginals: [String] = [],
            users: String, kind: OutputKind = .logits,
            answers: (yes: Int, no: Int)? = nil, policy: LetheRequests.Policy? = nil, seed: UInt64 = 1
        ) {
            self.candidate = candidate
            self.references = references
            self.original = original
            self.furtherOriginals = furtherOriginals
            self.users = users
            self.kind = kind
            self.answers = answers
            self.policy = policy
            self.seed = seed
        }
    }

    /// The measurements, as `lethe verify` writes them.
    public let measurements: Measurements
    /// The verdict with its gates.
    public let judgement: Judgement
    let options: Options

    /// Whether the verdict is a pass.
    public var passes: Bool { judgement.verdict.isPass }

    /// Reads the outputs and judges them.
    /// - Throws: `FileError`, `EngineError` for files that cannot be read or do not fit each other; `AuditError` for numbers that are not
    ///   finite.
    public init(_ options: Options) throws {
        self.options = options
        let people = try AuditedPeople(options.users)
        let models = try ([options.original, options.candidate] + options.references).map { try ForeignOutputs($0) }
        let others = try options.furtherOriginals.map { try ForeignOutputs($0) }
        let columns = models[0].columns
        for model in models + others {
            guard model.rows == people.rows.count, model.columns == columns else {
                throw FileError.malformed(
                    path: model.path,
                    reason:
                        "expected [\(people.rows.count), \(columns)], a row for every line of \(options.users) and the "
                        + "columns of \(models[0].path), found [\(model.rows), \(model.columns)]")
            }
        }
        let answers = try Self.answers(options, columns: columns)
        var audit = try AuditMatrix(referenceCount: options.references.count, answers: answers)
        var retained = try EvaluationMatrix(referenceCount: options.references.count)
        var control = retained
        var further = others.map { _ in [Double]() }
        func margin(_ logits: [Float]) -> Double { Double(logits[answers.yes]) - Double(logits[answers.no]) }
        for (place, row) in people.rows.enumerated() {
            let logits = try models.map { try $0.logits(place, as: options.kind) }
            if row.part == .forgotten {
                try audit.add(
                    user: row.user, isLiked: row.isLiked, original: logits[0], candidate: logits[1],
                    references: Array(logits[2...]))
                for (index, other) in others.enumerated() {
                    let found = margin(try other.logits(place, as: options.kind))
                    guard found.isFinite else {
                        throw FileError.malformed(
                            path: other.path, reason: "row \(place + 1): expected finite numbers, found \(found)")
                    }
                    further[index].append(found)
                }
                continue
            }
            let margins = logits.map(margin)
            let record = EvaluationMatrix.Record(
                user: row.user, isLiked: row.isLiked, originalMargin: margins[0], candidateMargin: margins[1],
                referenceMargins: Array(margins[2...]))
            if row.part == .retained { try retained.add(record) } else { try control.add(record) }
        }
        let thresholds = Self.thresholds(
            options, hasRetained: !retained.records.isEmpty, hasControl: !control.records.isEmpty)
        judgement = Judge.judge(
            Evidence(
                provenance: .notAssessed, forgotten: audit.records.isEmpty ? nil : audit,
                utility: retained.records.isEmpty ? nil : retained,
                control: thresholds.requiredGates.contains(.membership) && !control.records.isEmpty ? control : nil,
                furtherOriginals: further, seed: options.seed),
            by: thresholds)
        measurements = Measurements(
            judgement, audit: audit,
            performance: [
                Measurements.Performance(retained, records: "Test records of people who stay"),
                Measurements.Performance(try EvaluationMatrix(audit), records: "Forgotten records"),
            ].compactMap(\.self), alpha: options.policy?.verification.thresholds.alpha ?? 0.05)
    }

    private static func answers(_ options: Options, columns: Int) throws(EngineError) -> LetheVerification.AnswerTokens
    {
        guard let given = options.answers else {
            guard columns == 2 else {
                throw .invalidSetting(
                    name: "--yes-column and --no-column", found: "missing",
                    expected: "the columns of the answers, counted from 0: there are \(columns)")
            }
            return .init(yes: 1, no: 0)
        }
        for (name, value) in [("--yes-column", given.yes), ("--no-column", given.no)] {
            guard (0..<columns).contains(value) else {
                throw .invalidSetting(name: name, found: "\(value)", expected: "0 to \(columns - 1)")
            }
        }
        guard given.yes != given.no else {
            throw .invalidSetting(name: "--no-column", found: "\(given.no)", expected: "another than --yes-column")
        }
        return .init(yes: given.yes, no: given.no)
    }

    /// The thresholds without provenance, which a log shows and outputs do not.
    private static func thresholds(_ options: Options, hasRetained: Bool, hasControl: Bool) -> Thresholds {
        var thresholds: Thresholds
        if let policy = options.policy {
            thresholds = policy.verification.thresholds.judging(required: policy.verification.require)
        } else {
            thresholds = Thresholds()
            thresholds.requiredGates = [.sensitivity, .residual, .shape]
            if hasRetained { thresholds.requiredGates.insert(.utility) }
            if hasControl { thresholds.requiredGates.insert(.membership) }
        }
        thresholds.requiredGates.remove(.provenance)
        return thresholds
    }
}
