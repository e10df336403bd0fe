import LetheBytes
public import LetheCrypto
public import LetheStatements

// Invariants of this file:
// 1. `passed` of a measurement is not stored but computed from its signed decimals; a document that says otherwise is refused.
// 2. PASS-STATISTICAL means that every measurement passed, and that there is at least one.
// 3. Controller and verifier sign the same members: the certificate's `verification` and the test result must agree exactly.

/// What was measured about forgetting, and what it means by the policy.
public struct ForgettingTest: Sendable, Equatable {
    /// The verdicts of the decision rule.
    public enum Verdict: String, Sendable, CaseIterable {
        /// An exact retraining whose provenance was verified.
        case passExact = "PASS-EXACT"
        /// Every gate holds.
        case passStatistical = "PASS-STATISTICAL"
        /// The data do not decide.
        case inconclusive = "INCONCLUSIVE"
        /// A gate does not hold.
        case fail = "FAIL"
        /// Provenance is violated; nothing else was considered.
        case refuse = "REFUSE"

        /// The verdict in the words of in-toto.
        public var result: Result {
            switch self {
            case .passExact, .passStatistical: .passed
            case .inconclusive: .inconclusive
            case .fail, .refuse: .failed
            }
        }
    }

    /// The outcome as certificates name it.
    public enum Result: String, Sendable, CaseIterable {
        /// Forgotten, by the policy's measure.
        case passed = "PASSED"
        /// Not forgotten.
        case failed = "FAILED"
        /// Undecided; never to be read as passed.
        case inconclusive = "INCONCLUSIVE"
    }

    /// How a measurement is held against its threshold.
    public enum Comparator: String, Sendable, CaseIterable {
        /// The whole interval lies below the threshold.
        case below = "<"
        /// The whole interval lies above the threshold.
        case above = ">"
        /// The whole interval lies between the negated threshold and the threshold.
        case within = "within"
        /// The value is the threshold; for counts.
        case equal = "="
    }

    /// A confidence interval.
    public struct Interval: Sendable, Equatable {
        /// Its lower end.
        public let lower: DecimalNumber
        /// Its upper end.
        public let upper: DecimalNumber

        /// Takes both ends.
        public init(lower: DecimalNumber, upper: DecimalNumber) {
            self.lower = lower
            self.upper = upper
        }
    }

    /// One gate, or one of its statistics.
    public struct Measurement: Sendable, Equatable {
        /// What it is called, unique within the test, for instance `G1 RRM`.
        public let name: String
        /// The quantity, for instance `relative residual memorisation`.
        public let metric: String
        /// The point estimate; nil when there is none.
        public let value: DecimalNumber?
        /// Its interval; nil when there is none, and then only `.equal` can pass.
        public let interval: Interval?
        /// How it is judged.
        public let comparator: Comparator
        /// Against what.
        public let threshold: DecimalNumber
        /// The same quantity for retrained models, or the noise floor; nil where it has no meaning.
        public let baseline: DecimalNumber?
        /// How many independent units (users, records, models) were measured.
        public let sampleSize: UInt64

        /// Records a measurement.
        public init(
            name: String, metric: String, value: DecimalNumber?, interval: Interval?, comparator: Comparator,
            threshold: DecimalNumber, baseline: DecimalNumber?, sampleSize: UInt64
        ) {
            self.name = name
            self.metric = metric
            self.value = value
            self.interval = interval
            self.comparator = comparator
            self.threshold = threshold
            self.baseline = baseline
            self.sampleSize = sampleSize
        }

        /// Whether the signed numbers meet the threshold; exact decimal arithmetic.
        public var passed: Bool {
            let negated = threshold.text.hasPrefix("-") ? String(threshold.text.dropFirst()) : "-" + threshold.text
            switch comparator {
            case .below: return interval?.upper.isLess(than: threshold) ?? false
            case .above: return interval.map { threshold.isLess(than: $0.lower) } ?? false
            case .within:
                guard let interval, let floor = DecimalNumber(negated) else { return false }
                return floor.isLess(than: interval.lower) && interval.upper.isLess(than: threshold)
            case .equal: return value?.isEqual(to: threshold) ?? false
            }
        }
    }

    /// A model retrained without the forgotten records, as a yardstick.
    public struct Reference: Sendable, Equatable {
        /// Its model digest.
        public let model: Digest
        /// The seed it was trained with.
        public let seed: UInt64

        /// Names a reference.
        public init(model: Digest, seed: UInt64) {
            self.model = model
            self.seed = seed
        }
    }

    /// By the decision rule of the policy.
    public let verdict: Verdict
    /// What was measured, in the order of the gates.
    public let measurements: [Measurement]
    /// The retrained models.
    public let references: [Reference]
    /// Further models trained with the forgotten records, by the digest of their weights: what a membership test by user was held
    /// against. Empty in tests that have none, and in those of earlier versions.
    public let originals: [Reference]
    /// The checkpoint from which their seeds were drawn; nil when they were not drawn from a log.
    public let referenceSeedSource: SeedSource?
    /// The gates that this version does not measure.
    public let notAssessed: [String]

    /// Records a test.
    public init(
        verdict: Verdict, measurements: [Measurement], references: [Reference], originals: [Reference] = [],
        referenceSeedSource: SeedSource?, notAssessed: [String]
    ) {
        self.verdict = verdict
        self.measurements = measurements
        self.references = references
        self.originals = originals
        self.referenceSeedSource = referenceSeedSource
        self.notAssessed = notAssessed
    }
}

/// The checkpoint whose root hash seeds were derived from, so that nobody picks them.
public struct SeedSource: Sendable, Equatable {
    /// The tree size of the checkpoint.
    public let size: UInt64
    /// Its root hash.
    public let rootHash: Digest

    /// Names a checkpoint.
    public init(size: UInt64, rootHash: Digest) {
        self.size = size
        self.rootHash = rootHash
    }
}

extension ForgettingTest {
    /// The members that the certificate's `verification` and the verifier's statement share.
    var members: [String: JSONValue] {
        var members: [String: JSONValue] = [
            "verdict": .string(verdict.rawValue),
            "tests": .array(measurements.map(\.json)),
            "references": .array(references.map(\.json)),
            "seedCheckpoint": referenceSeedSource.json,
            "notAssessed": .array(notAssessed.map { .string($0) }),
        ]
        // Left out where there are none: such tests keep their bytes, and earlier versions read past the member.
        if !originals.isEmpty { members["originals"] = .array(originals.map(\.json)) }
        return members
    }

    init(_ fields: JSONFields) throws(FieldError) {
        verdict = try fields.member("verdict").oneOf(Verdict.self)
        let tests = try fields.member("tests")
        measurements = try tests.array().map { (item) throws(FieldError) in try Measurement(item) }
        references = try fields.member("references").array().map { (item) throws(FieldError) in try Reference(item) }
        originals =
            try fields.optional("originals")?.array().map { (item) throws(FieldError) in try Reference(item) } ?? []
        referenceSeedSource = try SeedSource(nullable: fields.nullable("seedCheckpoint"))
        notAssessed = try fields.member("notAssessed").array().map { (item) throws(FieldError) in try item.line() }
        try Self.requireUnique(measurements.map(\.name), path: tests.path)
        if verdict == .passStatistical {
            guard !measurements.isEmpty else {
                throw .invalid(path: tests.path, expected: "at least one test for PASS-STATISTICAL", found: "none")
            }
            if let failed = measurements.first(where: { !$0.passed }) {
                throw .invalid(
                    path: tests.path, expected: "every test passed for PASS-STATISTICAL",
                    found: "\(failed.name) not passed")
            }
        }
    }

    private static func requireUnique(_ names: [String], path: String) throws(FieldError) {
        for (index, name) in names.enumerated() where names[..<index].contains(name) {
            throw .invalid(path: "\(path)[\(index)].name", expected: "a name of its own", found: name)
        }
    }
}

extension ForgettingTest.Reference {
    fileprivate var json: JSONValue {
        ["model": ["sha256": .string(model.hex)], "seed": .string(String(seed))]
    }

    fileprivate init(_ fields: JSONFields) throws(FieldError) {
        model = try fields.member("model").member("sha256").digest()
        seed = try fields.member("seed").wholeNumber()
    }
}

extension ForgettingTest.Measurement {
    fileprivate var json: JSONValue {
        [
            "name": .string(name), "metric": .string(metric), "value": value.json,
            "interval": interval.map { ["lower": .string($0.lower.text), "upper": .string($0.upper.text)] } ?? .null,
            "comparator": .string(comparator.rawValue), "threshold": .string(threshold.text),
            "baseline": baseline.json, "sampleSize": .string(String(sampleSize)), "passed": .bool(passed),
        ]
    }

    fileprivate init(_ fields: JSONFields) throws(FieldError) {
        name = try fields.member("name").line()
        metric = try fields.member("metric").line()
        value = try fields.nullable("value")?.decimal()
        if let ends = try fields.nullable("interval") {
            let lower = try ends.member("lower").decimal()
            let upper = try ends.member("upper").decimal()
            guard !upper.isLess(than: lower) else {
                throw .invalid(path: ends.path, expected: "lower at most upper", found: "\(lower) to \(upper)")
            }
            interval = ForgettingTest.Interval(lower: lower, upper: upper)
        } else {
            interval = nil
        }
        comparator = try fields.member("comparator").oneOf(ForgettingTest.Comparator.self)
        threshold = try fields.member("threshold").decimal()
        baseline = try fields.nullable("baseline")?.decimal()
        sampleSize = try fields.member("sampleSize").wholeNumber()
        let stated = try fields.member("passed")
        guard try stated.bool() == passed else {
            throw .invalid(
                path: stated.path, expected: "\(passed) by value, interval and threshold", found: "\(!passed)")
        }
    }
}

extension Optional where Wrapped == DecimalNumber {
    var json: JSONValue { map { .string($0.text) } ?? .null }
}

extension Optional where Wrapped == SeedSource {
    var json: JSONValue { map { ["size": .string(String($0.size)), "rootHash": .string($0.rootHash.hex)] } ?? .null }
}

extension SeedSource {
    init?(nullable fields: JSONFields?) throws(FieldError) {
        guard let fields else { return nil }
        size = try fields.member("size").wholeNumber()
        rootHash = try fields.member("rootHash").digest()
    }
}

extension JSONFields {
    /// One line of printable ASCII: certificates hold no free text that could carry a person's data or a terminal's escapes.
    func line(limit: Int = 1000) throws(FieldError) -> String {
        let text = try string()
        guard (1...limit).contains(text.utf8.count), text.utf8.allSatisfy({ 0x20...0x7e ~= $0 }) else {
            throw .invalid(path: path, expected: "1 to \(limit) characters of printable ASCII", found: text)
        }
        return text
    }

    /// A name or number of something: letters, digits and `._:@/+-`.
    func identifier() throws(FieldError) -> String {
        let text = try string()
        let isValid = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"): true
            default: "._:@/+-".utf8.contains(byte)
            }
        }
        guard isValid, (1...200).contains(text.utf8.count) else {
            throw .invalid(path: path, expected: "1 to 200 letters, digits or ._:@/+-", found: text)
        }
        return text
    }
}
