/// What a controller commits itself to: which law, which identity, which model, which method, which proof.
///
/// A policy is a YAML file that privacy and platform teams write together. It is read strictly (unknown and missing fields,
/// wrong types and values out of range are errors that name the line), kept as plain values, and hashed over its canonical
/// JSON form, so that comments and layout do not change the digest that certificates name.
public struct Policy: Sendable, Hashable {
    /// The version of this format, 1.
    public static let formatVersion = 1

    /// A short name, `[a-z0-9-]`, at most 64 characters.
    public let name: String
    /// The law whose clock runs.
    public let regulation: Regulation
    /// How the statutory clock counts days.
    public let clock: Clock
    /// Which requests are accepted.
    public let requests: Requests
    /// How requests are gathered into runs.
    public let batching: Batching
    /// The recommender's shape and prompts.
    public let model: Model
    /// How the original model, and every reference model, is trained.
    public let training: Training
    /// How the model is made to forget.
    public let method: Method
    /// Other methods that a run may choose by name, in the order of `MethodName`; none where section `methods` is left out.
    public let methods: [Method]
    /// In which order methods are tried until one passes; nil where every run takes `method`.
    public let ladder: Ladder?
    /// When forgetting counts as shown.
    public let verification: Verification
    /// What happens to personal data afterwards.
    public let retention: Retention
    /// Who may decide what; nil where the controller's key alone decides.
    public let roles: Roles?
    /// Who must vouch for the time of published checkpoints; nil where nobody must.
    public let timestamping: Timestamping?
    /// Who else has the data and is told of an erasure; nil where nobody has.
    public let recipients: Recipients?
    /// Backups that hold the data until they are purged; none where section `backups` is left out.
    public let backups: [Backup]
    /// Data that are kept although their erasure was asked for; none where section `retained` is left out.
    public let retained: [Retained]
    /// Threads that training and inference use, 1 to 256; results do not depend on it.
    public let threads: Int

    /// Section `clock`.
    public struct Clock: Sendable, Hashable {
        /// Public holidays at the controller's place, in order; none by default.
        public let holidays: [CivilDate]
        /// Minutes that local time is ahead of UTC, -720 to 840; the day of receipt is a local day. 0 by default.
        public let utcOffsetMinutes: Int
    }

    /// Section `requests`.
    public struct Requests: Sendable, Hashable {
        /// The least proof of identity that is acted on.
        public let identityLevel: IdentityLevel
        /// The longest time between a request's `issuedAt` and `expiresAt`, 1 to 720 hours; 24 by default.
        public let maximumWindowHours: Int
        /// How far the sender's clock may be ahead, 0 to 3600 seconds; 60 by default.
        public let clockSkewSeconds: Int
    }

    /// Section `batching`.
    public struct Batching: Sendable, Hashable {
        /// The most requests one run handles, 1 to 100000.
        public let maximumRequests: Int
        /// Days before the earliest deadline at which a run starts whatever its size, 0 to 30.
        public let marginDays: Int
    }

    /// Section `model`.
    public struct Model: Sendable, Hashable {
        /// The shape of the T5 encoder-decoder.
        public let shape: ModelShape
        /// How a record becomes a prompt.
        public let promptTemplate: PromptForm
        /// The most tokens of a prompt, 16 to 1024; longer ones are cut and keep their end mark.
        public let maximumTokens: Int
        /// Pieces of the SentencePiece vocabulary, 64 to 65536.
        public let vocabularySize: Int
    }

    /// Section `training`.
    public struct Training: Sendable, Hashable {
        /// Passes over the pretraining records, 0 to 100.
        public let pretrainingEpochs: Int
        /// AdamW's learning rate there, above 0 and at most 1; nil is `learningRate`.
        public let pretrainingLearningRate: Double?
        /// The most passes over the training records, 1 to 1000.
        public let epochs: Int
        /// Records a step, 1 to 4096.
        public let batchSize: Int
        /// AdamW's learning rate, above 0 and at most 1.
        public let learningRate: Double
        /// AdamW's decoupled weight decay, 0 to 1.
        public let weightDecay: Double
        /// Dropout probability, 0 or more and below 1.
        public let dropout: Double
        /// Epochs without a better validation loss after which training stops, 1 to 1000; nil (written `none`) trains all epochs.
        public let earlyStoppingPatience: Int?
        /// How the learning rate falls.
        public let learningRateDecay: LearningRateDecay
    }

    /// Section `method` with `name: e2urec`: the method of METHODS 1.8.
    public struct E2URec: Sendable, Hashable {
        /// How far the forgetting teacher goes beyond undoing what the augmented model learned, 0 to 100.
        public let alpha: Double
        /// Weight of forgetting against remembering in the joint phase, 0 to 1.
        public let beta: Double
        /// Passes over the forgotten records with the forgetting loss alone, 0 to 100.
        public let forgetOnlyEpochs: Int
        /// Steps with both losses afterwards, 0 to 1000000.
        public let jointSteps: Int
        /// AdamW's learning rate for the adapter, above 0 and at most 1.
        public let learningRate: Double
        /// Forgotten records a step, and as many retained ones in the joint phase, 1 to 4096.
        public let batchSize: Int
        /// Rank of the adapter, 1 to 1024.
        public let rank: Int
        /// Scale of the adapter times its rank, above 0 and at most 4096.
        public let loraAlpha: Double
        /// Dropout on the adapter's input, 0 or more and below 1.
        public let loraDropout: Double
        /// How the augmented model is trained on the forgotten records.
        public let augmented: Augmented

        /// Section `method.augmented`.
        public struct Augmented: Sendable, Hashable {
            /// AdamW's learning rate, above 0 and at most 1.
            public let learningRate: Double
            /// Passes over the forgotten records, 1 to 100.
            public let epochs: Int
        }
    }

    /// Section `verification`.
    public struct Verification: Sendable, Hashable {
        /// Reference models retrained without the forgotten records, 2 to 100.
        public let references: Int
        /// Models trained with the forgotten records like the original, from seeds of their own, for the membership test by user
        /// (U-LiRA), 2 to 100; nil where it is not made. Only where G3 is required, with three references or more.
        public let membershipOriginals: Int?
        /// The gates that must hold, in order; G0 always among them.
        public let require: [Gate]
        /// The margins of the gates.
        public let thresholds: Thresholds

        /// Section `verification.thresholds`.
        public struct Thresholds: Sendable, Hashable {
            /// G1: the interval of relative residual memorisation must lie within this distance of 0; above 0, at most 1.
            public let rrmMargin: Double
            /// G2: the bound of the gap in Jensen-Shannon divergence must be below this; above 0, at most 1.
            public let jgMargin: Double
            /// G3: the AUC of a membership test must differ from retrained models' by less than this; above 0, at most 0.5. Nil where
            /// G3 is not required.
            public let membershipMargin: Double?
            /// G3: people must be called members less often than of retrained models plus this; above 0, at most 0.5. Nil where that is
            /// information. Only with `membershipOriginals`.
            public let userMembershipMargin: Double?
            /// G5: the most AUC that may be lost on retained users; above 0, at most 0.5.
            public let aucMargin: Double
            /// G5: the most log-loss that may be gained on retained users; above 0, at most 1.
            public let logLossMargin: Double
            /// Level of every test, above 0 and below 0.5.
            public let alpha: Double
            /// Replicates of the bootstrap, 100 to 1000000.
            public let bootstrapReplicates: Int
        }
    }

    /// Section `retention`.
    public struct Retention: Sendable, Hashable {
        /// Whether the key of a request's personal data is destroyed once the request is fulfilled.
        public let shredAfterFulfilment: Bool
        /// Days for which the list of the rows that the data pipeline must delete is kept, 1 to 365; nil where no list is made.
        public let tombstoneDays: Int?
    }

    /// The statutory clock this policy asks for.
    public var statutoryClock: StatutoryClock { StatutoryClock(regulation: regulation, holidays: Set(clock.holidays)) }
}

/// How well the requester's identity was proved, weakest first.
public enum IdentityLevel: String, Sendable, Hashable, CaseIterable, Comparable {
    /// Nothing was checked.
    case unverified
    /// The requester controls the e-mail address on file.
    case emailVerified = "email-verified"
    /// The requester was signed in to the account.
    case accountAuthenticated = "account-authenticated"
    /// An identity document was checked.
    case documentVerified = "document-verified"

    /// Whether `lhs` is the weaker proof.
    public static func < (lhs: IdentityLevel, rhs: IdentityLevel) -> Bool { lhs.strength < rhs.strength }

    private var strength: Int {
        switch self {
        case .unverified: 0
        case .emailVerified: 1
        case .accountAuthenticated: 2
        case .documentVerified: 3
        }
    }
}

/// The shapes of T5 that a policy may name.
public enum ModelShape: String, Sendable, Hashable, CaseIterable {
    /// d_model 64, d_ff 256, 4 heads of 16, 2 + 2 layers: seconds on two cores, for small synthetic data.
    case mini
    /// d_model 128, d_ff 512, 4 heads of 32, 2 + 2 layers: minutes on two cores.
    case tiny
}

/// How a record becomes a prompt.
public enum PromptForm: String, Sendable, Hashable, CaseIterable {
    /// The paper's sentences.
    case paper
    /// The same fields in a third of the tokens.
    case compact
}

/// How the learning rate falls over training.
public enum LearningRateDecay: String, Sendable, Hashable, CaseIterable {
    /// Not at all.
    case none
    /// Linearly to zero at the last step.
    case linear
}

/// A gate of the decision rule (VERIFICATION 3.5).
public enum Gate: String, Sendable, Hashable, CaseIterable {
    /// Assay sensitivity: there is something measurable to forget.
    case g0 = "G0"
    /// Relative residual memorisation lies within its margin of 0.
    case g1 = "G1"
    /// The gap in Jensen-Shannon divergence is below its margin.
    case g2 = "G2"
    /// A membership test by loss sees no more than it sees in retrained models.
    case g3 = "G3"
    /// What was forgotten does not come back faster by relearning than it is learned, nor by rounding the weights.
    case g4 = "G4"
    /// Usefulness for the users who stay is kept.
    case g5 = "G5"
}
