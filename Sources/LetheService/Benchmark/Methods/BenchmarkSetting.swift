import LetheBytes
import LetheCrypto
import LetheRecommendation
import LetheRequests
import LetheTensor
import LetheTransformer
import LetheUnlearning
import LetheVerification

/// One setting of a benchmark with its data in tokens.
final class BenchmarkSetting {
    /// One thing to do.
    enum Job: Equatable {
        case base
        case original(seed: Int)
        case retrained(seed: Int)
        /// Measures a row of the table.
        case row(method: String, seed: Int)

        var name: String {
            switch self {
            case .base: "base"
            case .original(let seed): "original, seed \(seed)"
            case .retrained(let seed): "retrained, seed \(seed)"
            case .row(let method, let seed): seed == 0 ? "measuring \(method)" : "\(method), seed \(seed)"
            }
        }
    }

    let name: String
    let policy: Policy
    let users: Int?
    let data: PreparedData
    let pool: WorkerPool
    /// Records in tokens.
    let forgotten: [Example]
    let retained: [Example]
    let validation: [Example]
    let validationOfRetained: [Example]
    /// For calibration: validation records of untrained users; the search keeps other users for itself.
    let unseen: [Example]
    let jobs: [Job]
    /// What the key of an original has in it: nothing of who is forgotten afterwards, nor of what is measured.
    let identityOfOriginals: [String: JSONValue]
    /// What every other key has in it.
    let identity: [String: JSONValue]

    /// Records that are measured, and whose they are.
    struct Measured {
        let records: [InteractionRecord]
        let examples: [Example]
        /// For each record, the number of its user.
        let userOfRecord: [Int]
        let userCount: Int
        let isLiked: [Bool]

        init(_ records: [InteractionRecord], _ data: PreparedData) throws {
            self.records = records
            examples = try data.examples(records)
            var numbers: [Int: Int] = [:]
            userOfRecord = records.map { record in
                if let number = numbers[record.userID] { return number }
                numbers[record.userID] = numbers.count
                return numbers.count - 1
            }
            userCount = numbers.count
            isLiked = records.map(\.label)
        }
    }

    /// Test records: see `TestSelection`.
    let test: Measured
    let sampledTest: [Int]
    let retainedTest: [Int]
    let audit: Measured
    let control: Measured

    /// The most evenly spaced test records where users are a subsample.
    private static let mostSampled = 5_000

    init(
        _ setting: MethodsBenchmark.Setting, policy: Policy, data: PreparedData, options: MethodsBenchmark.Options
    ) throws {
        name = setting.name
        self.policy = policy
        users = setting.users
        self.data = data
        pool = WorkerPool(threads: policy.threads)
        let split = data.split
        forgotten = try data.examples(split.forgottenRecords)
        retained = try data.examples(split.retainedRecords)
        let watched = policy.training.earlyStoppingPatience == nil ? [] : data.watchedValidation
        validation = try data.examples(watched)
        validationOfRetained = try data.examples(watched.filter { !split.isForgotten($0.userID) })
        unseen = try data.examples(UnseenUsers(split).calibration.spreadOver(UnseenUsers.mostRecords))
        let limit = options.testRecords ?? .max
        let selection = TestSelection(
            split.test, retained: Set(split.trainingUsers).subtracting(split.forgottenUsers),
            sampled: min(limit, users == nil ? .max : Self.mostSampled), ofRetained: limit)
        (sampledTest, retainedTest) = (selection.sampled, selection.retained)
        test = try Measured(selection.records, data)
        audit = try Measured(split.forgottenRecords.spreadOver(options.auditRecords), data)
        let trained = Set(split.trainingUsers)
        control = try Measured(
            split.test.filter { !trained.contains($0.userID) }.spreadOver(options.auditRecords), data)
        guard !control.records.isEmpty, !unseen.isEmpty, Set(audit.isLiked).count == 2 else {
            throw EngineError.invalidSetting(
                name: "the split of setting \(setting.name)",
                found:
                    "\(control.records.count) test and \(unseen.count) validation records of users without training records, "
                    + "\(audit.records.count) forgotten records",
                expected: "some of each, and forgotten records with both answers")
        }
        let seeds = 1...options.seeds
        jobs =
            [.base] + seeds.map { .original(seed: $0) } + (1...options.references).map { .retrained(seed: $0) }
            + [.row(method: "base", seed: 0)]
            + Self.rows(options).flatMap { method in
                (method == "retrain" ? 1...options.references : seeds).map { .row(method: method, seed: $0) }
            }
        identityOfOriginals = [
            "training": .string(recordsRoot(split.training).hex),
            "validation": .string(recordsRoot(split.validation).hex),
            "vocabulary": .string(Digest(sha256: data.tokenizer.modelBytes).hex),
            "template": .string(policy.model.promptTemplate.rawValue), "tokens": JSONValue(policy.model.maximumTokens),
            "shape": .string(options.shape.rawValue),
            "shapes": .string(
                "\(options.shape.configuration(vocabularySize: data.tokenizer.vocabularySize, dropout: policy.training.dropout))"
            ),
            // Methods take the decay of weights and of the learning rate from here too.
            "fineTuning": .string("\(policy.fineTuning)"),
        ]
        identity = identityOfOriginals.merging([
            "test": .string(recordsRoot(test.records).hex),
            "forgotten": .string(recordsRoot(split.forgottenRecords).hex),
            "audited": .string(recordsRoot(audit.records).hex),
        ]) { $1 }
    }

    /// The rows of a table in their order, the base's not among them.
    private static func rows(_ options: MethodsBenchmark.Options) -> [String] {
        let chosen = Set(options.methods + ["original", "retrain"])
        let stackable: [Policy.MethodName] = [.e2urec, .calibratedE2URec, .rewind]
        let stacked = stackable.map(\.rawValue).filter { options.requests != nil && chosen.contains($0) }
        return MethodsBenchmark.all.filter(chosen.contains) + stacked.map { $0 + "/stacked" }
            + (options.ablations ? ablations : [])
    }

    /// Rows of this project's methods with one ingredient left out.
    static let ablations =
        CalibratedE2URec.Configuration.Ablation.allCases.map {
            Policy.MethodName.calibratedE2URec.rawValue + "/" + $0.rawValue
        } + Rewind.Control.allCases.map { Policy.MethodName.rewind.rawValue + "/" + $0.rawValue }
}
