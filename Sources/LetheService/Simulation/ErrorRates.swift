public import LetheRequests
import LetheTensor
import LetheVerification

/// What `lethe verify simulate` does: the decision rule's error rates and power in audits whose truth is known.
public struct ErrorRates: Sendable {
    /// A size of audit.
    public struct Setting: Sendable, Hashable {
        /// Forgotten users.
        public let users: Int
        /// Reference models.
        public let references: Int

        /// A size.
        public init(users: Int, references: Int) {
            self.users = users
            self.references = references
        }

        /// The sizes for which at most 5% of false certifications are promised (VERIFICATION.md 3.4).
        public static let stated = [
            Setting(users: 205, references: 5), Setting(users: 60, references: 5), Setting(users: 20, references: 10),
        ]
    }

    /// What is true of the candidate of a row.
    enum Truth: String, Sendable {
        /// It is a retrained model: certifying it is right.
        case retrained
        /// What it has kept is within the margin.
        case within
        /// What it has kept is the margin itself: certifying it is the error whose rate must be at most 5%.
        case margin
        /// It has kept more than the margin.
        case beyond
        /// Nothing was memorised, so that nothing can be shown: certifying it is an error too.
        case unmeasurable
    }

    /// One row: a kind of candidate in one setting, and what became of it.
    struct Row: Sendable {
        let name: String
        let truth: Truth
        let tally: VerdictSimulation.Tally

        /// Whether certifying the candidate is an error.
        var isError: Bool { truth == .margin || truth == .beyond || truth == .unmeasurable }
    }

    /// The most that may be certified in error.
    static let level = 0.05

    let thresholds: Thresholds
    let policyName: String?
    let repetitions: Int
    let seed: UInt64
    var rows: [Row] = []

    /// Simulates; the result depends on the arguments but `threads`, never on their number.
    ///
    /// - Parameters:
    ///   - policy: whose margins and replicates apply; the defaults of VERIFICATION.md 3.5 without one.
    ///   - replicates: bootstrap replicates in place of the policy's.
    ///   - progress: is told each row before it is simulated.
    /// - Throws: `AuditError` for a setting without references.
    public init(
        settings: [Setting] = Setting.stated, policy: Policy? = nil, replicates: Int? = nil, repetitions: Int,
        seed: UInt64, threads: Int, progress: (String) -> Void
    ) throws {
        var thresholds =
            policy.map { $0.verification.thresholds.judging(required: $0.verification.require) } ?? Thresholds()
        if let replicates { thresholds.bootstrapReplicates = replicates }
        let simulation = VerdictSimulation(thresholds: thresholds, repetitions: repetitions, seed: seed)
        self.thresholds = simulation.thresholds
        policyName = policy?.name
        self.repetitions = simulation.repetitions
        self.seed = seed
        let pool = WorkerPool(threads: max(1, threads))
        var number = 0
        for setting in settings {
            for candidate in Self.candidates(margin: thresholds.residualMargin) {
                progress("\(setting.users) users, \(setting.references) references: \(candidate.name)")
                var audit = SimulatedAudit()
                audit.users = setting.users
                audit.references = setting.references
                candidate.change(&audit)
                rows.append(
                    Row(
                        name: candidate.name, truth: candidate.truth,
                        tally: try simulation.tally(audit, number: number, pool: pool)))
                number += 1
            }
        }
    }

    /// The candidates of every setting.
    private static func candidates(
        margin: Double
    ) -> [(name: String, truth: Truth, change: (inout SimulatedAudit) -> Void)] {
        [
            ("retrained", .retrained, { $0.residual = 0 }),
            ("half the margin kept", .within, { $0.residual = margin / 2 }),
            ("the margin kept", .margin, { $0.residual = margin }),
            ("over-forgotten by the margin", .margin, { $0.residual = -margin }),
            ("1.5 times the margin kept", .beyond, { $0.residual = 1.5 * margin }),
            ("half of the memory kept", .beyond, { $0.residual = 0.5 }),
            ("the original itself", .beyond, { $0.residual = nil }),
            (
                "retrained, says Yes more often", .retrained,
                { audit in
                    audit.residual = 0
                    audit.candidateDrift = 0.3
                }
            ),
            (
                "nothing memorised, the original says Yes more often", .unmeasurable,
                { audit in
                    audit.memorised = 0
                    audit.originalDrift = 0.3
                }
            ),
            (
                "a quarter as much memorised, retrained", .retrained,
                { audit in
                    audit.memorised = 0.15
                    audit.residual = 0
                }
            ),
            (
                "a quarter as much memorised, the original itself", .beyond,
                { audit in
                    audit.memorised = 0.15
                    audit.residual = nil
                }
            ),
        ]
    }

    /// Whether at most 5% were certified in error in every row where that is an error.
    public var holds: Bool { rows.allSatisfy { !$0.isError || $0.tally.certified.share <= Self.level } }
}
