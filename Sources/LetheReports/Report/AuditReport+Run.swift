extension AuditReport {
    /// What was done: method, seeds, models, steps, residue.
    public struct Run: Sendable, Equatable {
        /// When the run began.
        public var startedAt: String
        /// When the run ended.
        public var finishedAt: String
        /// The unlearning method.
        public var method: Method
        /// Why this method, where a policy tries several in order; nil where it does not.
        public var choice: String?
        /// The seeds and where they came from.
        public var seeds: Seeds
        /// The models before and after, and those compared with.
        public var models: [Model]
        /// Durations, in order.
        public var steps: [Step]
        /// What could bring the forgotten records back, and what became of it.
        public var residue: [Residue]
        /// Software and machine, by name, in order.
        public var environment: [Parameter]

        /// Makes a run.
        public init(
            startedAt: String, finishedAt: String, method: Method, choice: String? = nil, seeds: Seeds, models: [Model],
            steps: [Step] = [], residue: [Residue] = [], environment: [Parameter] = []
        ) {
            self.startedAt = startedAt
            self.finishedAt = finishedAt
            self.method = method
            self.choice = choice
            self.seeds = seeds
            self.models = models
            self.steps = steps
            self.residue = residue
            self.environment = environment
        }
    }

    /// A run before this one that tried to make the model forget some of the same people.
    public struct EarlierRun: Sendable, Equatable {
        /// The run's identifier.
        public var id: String
        /// The method's name.
        public var method: String
        /// What it came to; nil where it was never judged.
        public var verdict: Verdict?
        /// How many of this run's requests it took.
        public var requests: Int
        /// Index of the log entry with its verdict, or else of its last one.
        public var logIndex: Int

        /// Makes an earlier run.
        public init(id: String, method: String, verdict: Verdict?, requests: Int, logIndex: Int) {
            self.id = id
            self.method = method
            self.verdict = verdict
            self.requests = requests
            self.logIndex = logIndex
        }
    }

    /// An unlearning method and its settings.
    public struct Method: Sendable, Equatable {
        /// The method's name, such as "E2URec".
        public var name: String
        /// One sentence that says what the method does.
        public var summary: String
        /// The hyper-parameters, in order.
        public var parameters: [Parameter]

        /// Makes a method.
        public init(name: String, summary: String, parameters: [Parameter] = []) {
            self.name = name
            self.summary = summary
            self.parameters = parameters
        }
    }

    /// A name with a value.
    public struct Parameter: Sendable, Equatable {
        /// The name.
        public var name: String
        /// The value as it is to be shown.
        public var value: String

        /// Makes a named value.
        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The seeds of a run, drawn from a checkpoint that was published before.
    public struct Seeds: Sendable, Equatable {
        /// Size of the checkpoint that the seeds come from.
        public var checkpointSize: Int
        /// Root hash of the checkpoint that the seeds come from.
        public var checkpointRoot: String
        /// Size of the later checkpoint that the references' seeds come from, if it is another.
        public var referenceCheckpointSize: Int?
        /// Root hash of the later checkpoint that the references' seeds come from, if it is another.
        public var referenceCheckpointRoot: String?
        /// The seeds by purpose, in order.
        public var values: [Parameter]

        /// Makes a list of seeds.
        public init(
            checkpointSize: Int, checkpointRoot: String, referenceCheckpointSize: Int? = nil,
            referenceCheckpointRoot: String? = nil, values: [Parameter] = []
        ) {
            self.checkpointSize = checkpointSize
            self.checkpointRoot = checkpointRoot
            self.referenceCheckpointSize = referenceCheckpointSize
            self.referenceCheckpointRoot = referenceCheckpointRoot
            self.values = values
        }
    }

    /// A model and its digest.
    public struct Model: Sendable, Equatable {
        /// What a model is for.
        public enum Role: String, Sendable, Equatable, CaseIterable {
            /// The model before the run.
            case original
            /// The model after the run.
            case unlearned
            /// A model trained without the forgotten records, to compare with.
            case reference
        }

        /// What the model is for.
        public var role: Role
        /// The model's name.
        public var name: String
        /// The model's digest.
        public var digest: String
        /// Index of the log entry that commits to the digest, if there is one.
        public var logIndex: Int?

        /// Makes a model.
        public init(role: Role, name: String, digest: String, logIndex: Int? = nil) {
            self.role = role
            self.name = name
            self.digest = digest
            self.logIndex = logIndex
        }
    }

    /// A step of the run and how long it took.
    public struct Step: Sendable, Equatable {
        /// The step, in words.
        public var name: String
        /// Its duration in seconds.
        public var seconds: Double

        /// Makes a step.
        public init(name: String, seconds: Double) {
            self.name = name
            self.seconds = seconds
        }
    }

    /// Something that still holds what was to be forgotten.
    public struct Residue: Sendable, Equatable {
        /// What became of a residue.
        public enum Fate: String, Sendable, Equatable, CaseIterable {
            /// Deleted.
            case destroyed
            /// Encrypted, and the key destroyed.
            case shredded
            /// Still there.
            case kept
        }

        /// What it is, in words.
        public var name: String
        /// What became of it.
        public var fate: Fate
        /// When, why, or until when.
        public var detail: String
        /// Digest of it, if it was taken.
        public var digest: String?

        /// Makes a residue.
        public init(name: String, fate: Fate, detail: String = "", digest: String? = nil) {
            self.name = name
            self.fate = fate
            self.detail = detail
            self.digest = digest
        }
    }
}
