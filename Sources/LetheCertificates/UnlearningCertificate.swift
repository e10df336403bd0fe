public import LetheCrypto
public import LetheStatements

// Invariants of `urn:lethe:unlearning-certificate:v1`, checked when a certificate is issued and when it is read:
// 1. The subject is the model after unlearning: its digest is that of `resources` by the rule of OpenSSF model signing.
// 2. The model before is another one, and where records were removed the data set after is another one.
// 3. startedAt <= finishedAt <= issuedAt.
// 4. `result` follows from the verdict, `passed` from the numbers (see ForgettingTest).
// 5. Exactly one attestation is the forgetting test, by the digest of its envelope.
// 6. No personal data and no free text: identifiers, digests, numbers, times, and lines of printable ASCII.

/// The claim that a request was honoured: what was asked, done, measured, and which model resulted.
public struct UnlearningCertificate: Sendable, Equatable {
    /// The request and its place in the log.
    public struct Request: Sendable, Equatable {
        /// The identifier of the request; derived from nothing.
        public let requestID: String
        /// HMAC of the person's identity under a key that can be destroyed.
        public let subjectCommitment: Digest
        /// The log entry of its receipt.
        public let receivedEntry: LogEntryReference

        /// Names a request.
        public init(requestID: String, subjectCommitment: Digest, receivedEntry: LogEntryReference) {
            self.requestID = requestID
            self.subjectCommitment = subjectCommitment
            self.receivedEntry = receivedEntry
        }
    }

    /// An entry of the log.
    public struct LogEntryReference: Sendable, Equatable {
        /// Its zero-based position.
        public let index: UInt64
        /// Its RFC 6962 leaf hash.
        public let leafHash: Digest

        /// Names an entry.
        public init(index: UInt64, leafHash: Digest) {
            self.index = index
            self.leafHash = leafHash
        }
    }

    /// The certificate before this one in the log.
    public struct Previous: Sendable, Equatable {
        /// SHA-256 of its envelope.
        public let envelope: Digest
        /// Its position in the log.
        public let index: UInt64

        /// Names a certificate.
        public init(envelope: Digest, index: UInt64) {
            self.envelope = envelope
            self.index = index
        }
    }

    /// The data the model was trained on.
    public struct Dataset: Sendable, Equatable {
        /// Digest of the manifest before.
        public let before: Digest
        /// Digest of the manifest after.
        public let after: Digest
        /// The number of the person's records that were removed.
        public let recordsRemoved: UInt64
        /// Commitment to these records under a key that can be destroyed.
        public let recordsCommitment: Digest

        /// Describes the change.
        public init(before: Digest, after: Digest, recordsRemoved: UInt64, recordsCommitment: Digest) {
            self.before = before
            self.after = after
            self.recordsRemoved = recordsRemoved
            self.recordsCommitment = recordsCommitment
        }
    }

    /// The run that made the model forget.
    public struct Unlearning: Sendable, Equatable {
        /// Its identifier.
        public let runID: String
        /// A URI that says which method, for instance `urn:lethe:method:e2urec:v1`.
        public let method: String
        /// Digest of the program.
        public let code: Digest
        /// Digest of the method's parameters in canonical form.
        public let parameters: Digest
        /// The seed of the run.
        public let seed: UInt64
        /// The checkpoint from which it was drawn; nil when it was not drawn from a log.
        public let seedSource: SeedSource?
        /// What the model before is called.
        public let modelBeforeName: String
        /// Its digest.
        public let modelBefore: Digest
        /// When the run started.
        public let startedAt: Timestamp
        /// When the model was finished.
        public let finishedAt: Timestamp
        /// Machine and versions, name to value.
        public let environment: [String: String]
        /// The number format of the model's weights, for instance `float32`.
        public let precision: String

        /// Describes a run.
        public init(
            runID: String, method: String, code: Digest, parameters: Digest, seed: UInt64, seedSource: SeedSource?,
            modelBeforeName: String, modelBefore: Digest, startedAt: Timestamp, finishedAt: Timestamp,
            environment: [String: String], precision: String
        ) {
            self.runID = runID
            self.method = method
            self.code = code
            self.parameters = parameters
            self.seed = seed
            self.seedSource = seedSource
            self.modelBeforeName = modelBeforeName
            self.modelBefore = modelBefore
            self.startedAt = startedAt
            self.finishedAt = finishedAt
            self.environment = environment
            self.precision = precision
        }
    }

    /// A statement by somebody else that this certificate rests on.
    public struct Attestation: Sendable, Equatable {
        /// What kind of statement.
        public let predicateType: String
        /// SHA-256 of its envelope.
        public let sha256: Digest

        /// Names a statement.
        public init(predicateType: String, sha256: Digest) {
            self.predicateType = predicateType
            self.sha256 = sha256
        }
    }

    /// A recipient of the data who was told (GDPR Art. 19).
    public struct Notification: Sendable, Equatable {
        /// What became of it.
        public enum Outcome: String, Sendable, CaseIterable {
            /// The recipient was told.
            case sent
            /// The recipient confirmed.
            case acknowledged
            /// It was to be told, and was not: it was tried as long as the policy says, and given up. A verifier that is older than this
            /// word refuses the certificate, rather than take a partial failure for a success.
            case failed
            /// It could not be told.
            case impossible
            /// Telling it would be a disproportionate effort.
            case disproportionateEffort = "disproportionate-effort"
        }

        /// An alias of the recipient; never a person's name.
        public let recipient: String
        /// When.
        public let at: Timestamp
        /// What became of it.
        public let outcome: Outcome

        /// Records a notification.
        public init(recipient: String, at: Timestamp, outcome: Outcome) {
            self.recipient = recipient
            self.at = at
            self.outcome = outcome
        }
    }

    /// Data that is kept although its erasure was asked for.
    public struct Retained: Sendable, Equatable {
        /// What kind of data.
        public let category: String
        /// The code of the legal ground.
        public let ground: String
        /// Until when; nil when the ground has no end.
        public let until: Timestamp?

        /// Records an exception.
        public init(category: String, ground: String, until: Timestamp?) {
            self.category = category
            self.ground = ground
            self.until = until
        }
    }

    /// A backup from which the data is still to vanish.
    public struct Backup: Sendable, Equatable {
        /// An alias of the system.
        public let system: String
        /// By when.
        public let purgeBy: Timestamp

        /// Records a backup.
        public init(system: String, purgeBy: Timestamp) {
            self.system = system
            self.purgeBy = purgeBy
        }
    }

    /// The identifier of the certificate.
    public var certificateID: String
    /// Whose log it is in.
    public var tenant: String
    /// When it was issued.
    public var issuedAt: Timestamp
    /// The certificate that this one replaces.
    public var supersedes: String?
    /// The certificate before it in the log; nil for the first.
    public var previous: Previous?
    /// What the model after unlearning is called, for instance `recommender@run-3`.
    public var modelName: String
    /// The model after unlearning.
    public var model: ModelDigest
    /// What was asked.
    public var request: Request
    /// What was removed.
    public var dataset: Dataset
    /// What was done.
    public var unlearning: Unlearning
    /// The policy by which it was done and judged.
    public var policy: Digest
    /// What was measured; the same as in the verifier's statement.
    public var verification: ForgettingTest
    /// What others attest, the forgetting test among it.
    public var attestations: [Attestation]
    /// What is claimed, in one sentence, and within which margins.
    public var claim: String
    /// Who was told.
    public var notifications: [Notification]
    /// What is kept.
    public var retained: [Retained]
    /// What is still in backups.
    public var backups: [Backup]

    /// Composes a certificate; `signed(by:)` checks it.
    ///
    /// - Parameter testResult: the verifier's signed statement, made with `TestResult.signed(by:)`.
    public init(
        certificateID: String, tenant: String, issuedAt: Timestamp, supersedes: String? = nil, previous: Previous?,
        modelName: String, model: ModelDigest, request: Request, dataset: Dataset, unlearning: Unlearning,
        policy: Digest, verification: ForgettingTest, testResult: DSSEEnvelope, claim: String,
        notifications: [Notification] = [], retained: [Retained] = [], backups: [Backup] = []
    ) {
        self.certificateID = certificateID
        self.tenant = tenant
        self.issuedAt = issuedAt
        self.supersedes = supersedes
        self.previous = previous
        self.modelName = modelName
        self.model = model
        self.request = request
        self.dataset = dataset
        self.unlearning = unlearning
        self.policy = policy
        self.verification = verification
        attestations = [Attestation(predicateType: PredicateType.testResult, sha256: testResult.digest)]
        self.claim = claim
        self.notifications = notifications
        self.retained = retained
        self.backups = backups
    }

    /// Checks the certificate as a verifier would and signs it with the controller's key: the entry to append to the log.
    public func signed(by controller: SigningKey) throws(IssueError) -> DSSEEnvelope {
        try sign(statement, with: controller)
    }
}
