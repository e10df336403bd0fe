extension AuditReport {
    /// What the decision rule says about a run.
    public enum Verdict: String, Sendable, Equatable, CaseIterable {
        /// The model was trained without the forgotten records.
        case passExact = "PASS-EXACT"
        /// The model's outputs are equivalent to those of retrained models within the policy's margins.
        case passStatistical = "PASS-STATISTICAL"
        /// The measurement could not tell remembering from forgetting.
        case inconclusive = "INCONCLUSIVE"
        /// At least one gate was measured and not passed.
        case fail = "FAIL"
        /// The provenance of the run could not be established, so nothing was judged.
        case refuse = "REFUSE"
    }

    /// The terms under which the verdict holds.
    public struct Claim: Sendable, Equatable {
        /// Largest residual memorisation, on either side of zero, that counts as forgotten.
        public var residualMemoryMargin: Double
        /// Probability of passing a model that lies on the margin.
        public var alpha: Double
        /// Number of models retrained without the forgotten records.
        public var references: Int
        /// Probability of passing a model that truly forgot, if it was estimated.
        public var power: Double?
        /// The records on which the models were compared, in words: "every training record of the subjects".
        public var auditSet: String
        /// Number of records in the audit set.
        public var auditRecords: Int
        /// Number of people in the audit set.
        public var auditSubjects: Int

        /// Makes the terms of a claim.
        public init(
            residualMemoryMargin: Double, alpha: Double, references: Int, power: Double? = nil, auditSet: String,
            auditRecords: Int, auditSubjects: Int
        ) {
            self.residualMemoryMargin = residualMemoryMargin
            self.alpha = alpha
            self.references = references
            self.power = power
            self.auditSet = auditSet
            self.auditRecords = auditRecords
            self.auditSubjects = auditSubjects
        }
    }

    /// The transparency log and one checkpoint of it.
    public struct Log: Sendable, Equatable {
        /// The log's origin line.
        public var origin: String
        /// Number of entries under the checkpoint.
        public var checkpointSize: Int
        /// The checkpoint's root hash.
        public var checkpointRoot: String

        /// Makes a reference to a checkpoint.
        public init(origin: String, checkpointSize: Int, checkpointRoot: String) {
            self.origin = origin
            self.checkpointSize = checkpointSize
            self.checkpointRoot = checkpointRoot
        }
    }

    /// The policy that set the clock, the methods and the thresholds.
    public struct Policy: Sendable, Equatable {
        /// The policy's name.
        public var name: String
        /// Digest of the policy file.
        public var digest: String

        /// Makes a reference to a policy.
        public init(name: String, digest: String) {
            self.name = name
            self.digest = digest
        }
    }

    /// The training data.
    public struct Dataset: Sendable, Equatable {
        /// The data set's name, such as "MovieLens-1M".
        public var name: String
        /// Digest of the records before the removal.
        public var digestBefore: String
        /// Digest of the records after the removal.
        public var digestAfter: String
        /// Number of training records before the removal.
        public var recordsBefore: Int
        /// Number of training records removed.
        public var recordsRemoved: Int

        /// Makes a description of the training data.
        public init(name: String, digestBefore: String, digestAfter: String, recordsBefore: Int, recordsRemoved: Int) {
            self.name = name
            self.digestBefore = digestBefore
            self.digestAfter = digestAfter
            self.recordsBefore = recordsBefore
            self.recordsRemoved = recordsRemoved
        }
    }

    /// What a stranger needs to check the report.
    public struct Check: Sendable, Equatable {
        /// Path of the file with the trusted keys.
        public var trustFile: String
        /// Identifier of the key that signed the certificates, to be compared over another channel.
        public var keyID: String?
        /// Path of the workspace for `lethe log audit`, if the reader has it.
        public var workspace: String?
        /// Further commands, each with what it shows.
        public var furtherCommands: [Command]

        /// Makes the particulars of a check.
        public init(
            trustFile: String, keyID: String? = nil, workspace: String? = nil, furtherCommands: [Command] = []
        ) {
            self.trustFile = trustFile
            self.keyID = keyID
            self.workspace = workspace
            self.furtherCommands = furtherCommands
        }
    }

    /// A command line and what it shows.
    public struct Command: Sendable, Equatable {
        /// What the command shows, in words.
        public var purpose: String
        /// The command line, ready to paste.
        public var line: String

        /// Makes a command.
        public init(purpose: String, line: String) {
            self.purpose = purpose
            self.line = line
        }
    }

    /// A test that was not made.
    public struct Omission: Sendable, Equatable {
        /// The test, in words.
        public var test: String
        /// Why it was not made, or what follows from that.
        public var reason: String

        /// Makes an omission.
        public init(test: String, reason: String) {
            self.test = test
            self.reason = reason
        }
    }
}
