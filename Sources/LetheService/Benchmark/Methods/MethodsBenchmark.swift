import LetheBytes
import LetheCrypto
import LetheRecommendation
import LetheRequests
import LetheTransformer
import LetheUnlearning

/// The paper's table: every method on one data set, at several seeds, in settings side by side.
///
/// What is trained once (base, originals, retrained models, augmented models) is kept below the output folder under the SHA-256 of
/// everything that it depends on, and so is what every method's model was measured to be. A run that was killed goes on where it was.
public struct MethodsBenchmark: Sendable {
    /// One way to train the models that methods start from.
    public struct Setting: Sendable {
        /// `early-stopped` or `memorising`, or another name of letters, digits and hyphens.
        public var name: String
        /// The policy: how models are trained, and every method's hyper-parameters.
        public var policy: [UInt8]
        /// How many training users stay; nil for all.
        public var users: Int?
        /// How many of them are forgotten; nil for the data set's own choice. Drawn once and for all: fewer are among those of more.
        public var forgottenUsers: Int?

        /// A setting.
        public init(name: String, policy: [UInt8], users: Int? = nil, forgottenUsers: Int? = nil) {
            self.name = name
            self.policy = policy
            self.users = users
            self.forgottenUsers = forgottenUsers
        }

        /// The same with so many users to forget, and a name that says so.
        public func forgetting(_ users: Int) -> Setting {
            var setting = self
            setting.forgottenUsers = users
            setting.name += "-forget-\(users)"
            return setting
        }
    }

    /// What is run.
    public struct Options: Sendable {
        /// The data.
        public var profile: DatasetProfile
        /// The settings, side by side.
        public var settings: [Setting]
        /// Names of methods in the table's order; `MethodsBenchmark.all` has them all. Original and Retrain are always rows.
        public var methods: [String]
        /// Seeds: models of every method.
        public var seeds: Int
        /// Retrained models, at least two and as many as seeds: row and noise floor.
        public var references: Int
        /// The models' shape.
        public var shape: BenchmarkShape
        /// The most forgotten records whose outputs are compared, evenly spaced.
        public var auditRecords: Int
        /// The most test records; nil for all.
        public var testRecords: Int?
        /// Drawings of the bootstrap.
        public var replicates: Int
        /// Requests of a sequence, each answered from the model that the last one left: rows of their own; nil for none.
        public var requests: Int?
        /// Whether the calibrated method's controls are run too.
        public var ablations: Bool
        /// The folder that receives everything.
        public var output: String
        /// The command, for the report.
        public var command: String

        /// Options with the defaults of the command.
        public init(
            profile: DatasetProfile, settings: [Setting], methods: [String] = MethodsBenchmark.all, seeds: Int = 3,
            references: Int? = nil, shape: BenchmarkShape = .tiny, auditRecords: Int = 4_096, testRecords: Int? = nil,
            replicates: Int = 400, requests: Int? = nil, ablations: Bool = false,
            output: String, command: String
        ) {
            self.profile = profile
            self.settings = settings
            self.methods = methods
            self.seeds = seeds
            self.references = references ?? max(3, seeds)
            self.shape = shape
            self.auditRecords = auditRecords
            self.testRecords = testRecords
            self.replicates = replicates
            self.requests = requests
            self.ablations = ablations
            self.output = output
            self.command = command
        }
    }

    /// What the run tells its caller.
    public enum Event: Sendable {
        /// A job begins; the estimate is of everything that is left, nil while nothing was timed.
        case job(number: Int, of: Int, name: String, secondsLeft: Double?)
        /// The job's result was there already.
        case found(name: String)
        /// Within a job.
        case progress(ServiceProgress)
        /// What the job came to, in a line.
        case outcome(String)
    }

    /// The rows of the table in their order.
    public static let all = ["original", "retrain"] + Policy.MethodName.table.map(\.rawValue)

    /// Names that were asked for, in the table's order: a list with commas, or `all`.
    /// - Throws: `EngineError.invalidSetting`.
    public static func methods(named list: String) throws(EngineError) -> [String] {
        if list == "all" { return all }
        let names = list.split(separator: ",").map { String($0.filter { $0 != " " }) }
        for name in names where !all.contains(name) {
            throw .invalidSetting(
                name: "--methods", found: name, expected: "all, or some of " + all.joined(separator: ", "))
        }
        return all.filter(names.contains)
    }

    let options: Options
    let environment: ServiceEnvironment

    /// Checks the options.
    /// - Throws: `EngineError.invalidSetting`; `PolicyError` for a setting's policy.
    public init(_ options: Options, environment: ServiceEnvironment) throws {
        func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws(EngineError) {
            try ModelFolders.checkRange(name, value, range)
        }
        try check("--seeds", options.seeds, 1...100)
        try check("--references", options.references, max(2, options.seeds)...100)
        try check("--audit-records", options.auditRecords, 2...1_000_000)
        try check("--replicates", options.replicates, 2...100_000)
        if let records = options.testRecords { try check("--test-records", records, 10...10_000_000) }
        if let requests = options.requests { try check("--requests", requests, 2...1_000) }
        for setting in options.settings {
            if let users = setting.forgottenUsers { try check("--forget-users", users, 1...10_000_000) }
            if let users = setting.users { try check("--memorising-users", users, 2...10_000_000) }
            let policy = try Policy(yaml: setting.policy)
            for name in options.methods {
                guard name != "original", let method = Policy.MethodName(rawValue: name) else { continue }
                guard policy.method(named: method) != nil else {
                    throw EngineError.invalidSetting(
                        name: "policy of setting \(setting.name)", found: "no settings of \(name)",
                        expected: "them in section method or methods")
                }
            }
        }
        guard !options.settings.isEmpty, Set(options.settings.map(\.name)).count == options.settings.count else {
            throw EngineError.invalidSetting(
                name: "settings", found: "\(options.settings.map(\.name))", expected: "one or more of different names")
        }
        self.options = options
        self.environment = environment
    }

    /// Trains and measures what is not there yet, and makes the table of everything.
    ///
    /// - Parameters:
    ///   - shouldStop: asked between jobs.
    ///   - isInterrupted: asked before every step of a training; the job's work is lost then.
    /// - Returns: nil where it was asked to stop; what was done is kept.
    public func run(
        shouldStop: () -> Bool, isInterrupted: @escaping @Sendable () -> Bool = { false },
        events: @escaping (Event) -> Void
    ) throws -> MethodsReport? {
        let bench = try MethodsBench(
            options, environment: environment, isInterrupted: isInterrupted, events: events)
        for setting in bench.settings {
            for job in setting.jobs {
                if shouldStop() { return nil }
                do { try bench.perform(job, in: setting) } catch is TrainingStopped { return nil }
            }
        }
        return try bench.report()
    }
}

/// The shapes that a benchmark's models may have.
public enum BenchmarkShape: String, Sendable, CaseIterable {
    /// d_model 16, one layer a side: for tests.
    case micro
    /// d_model 64.
    case mini
    /// d_model 128.
    case tiny

    func configuration(vocabularySize size: Int, dropout: Double) -> T5Configuration {
        var configuration =
            switch self {
            case .micro: T5Configuration(vocabularySize: size, dModel: 16, dKV: 8, dFF: 32, numLayers: 1, numHeads: 2)
            case .mini:
                T5Configuration(vocabularySize: size, dModel: 64, dKV: 16, dFF: 256, numLayers: 2, numHeads: 4)
            case .tiny: T5Configuration.tiny(vocabularySize: size)
            }
        configuration.dropoutRate = Float(dropout)
        return configuration
    }
}

extension Policy.MethodName {
    /// The unlearning rows of the table, after Original and Retrain.
    static let table: [Policy.MethodName] = [
        .sisa, .receraser, .negKL, .negGrad, .badTeacher, .badTeacherReference, .randomLabel, .e2urec,
        .calibratedE2URec, .rewind, .adapters,
    ]
}
