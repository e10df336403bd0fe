/// The gates of VERIFICATION.md 3.5.
public enum Gate: String, Sendable, Hashable, CaseIterable {
    /// P0: the log, the re-execution and the inventory of residue are in order.
    case provenance = "P0"
    /// G0: the audit can see memorisation at all.
    case sensitivity = "G0"
    /// G1: the candidate leans no more to forgotten answers than retrained models do, and no less.
    case residual = "G1"
    /// G2: the candidate's outputs are as near to retrained models as these are to each other.
    case shape = "G2"
    /// G3: a membership test sees no more than it sees in retrained models.
    case membership = "G3"
    /// G4: what was forgotten does not come back faster than it is learned.
    case relearning = "G4"
    /// G5: recommendations to the others are as good as a retrained model's.
    case utility = "G5"
}

/// What came of a gate.
public enum GateOutcome: String, Sendable, Hashable {
    /// The whole interval is within what is accepted.
    case passed
    /// The whole interval is outside of what is accepted.
    case failed
    /// The interval reaches across the margin, or there is none: the data do not decide.
    case undecided
}

/// One gate, or one of its statistics, as measured.
public struct GateResult: Sendable, Hashable {
    /// The gate.
    public let gate: Gate
    /// The statistic's name, for instance `RRM`.
    public let name: String
    /// The statistic; nil for a gate without numbers.
    public let statistic: Double?
    /// Its 90% interval, each end a 95% bound; nil where there is none.
    public let interval: Interval?
    /// The open range in which the interval must lie; an end may be infinite.
    public let accepted: Interval
    /// What came of it.
    public let outcome: GateOutcome
    /// One or two sentences for people who do not know the statistic.
    public let explanation: String

    /// True only when the gate is passed.
    public var passed: Bool { outcome == .passed }

    /// The accepted range in words, for instance `above -0.2 and below 0.2`.
    public var threshold: String {
        switch (accepted.lower.isFinite, accepted.upper.isFinite) {
        case (true, true): "above \(accepted.lower) and below \(accepted.upper)"
        case (true, false): "above \(accepted.lower)"
        case (false, true): "below \(accepted.upper)"
        case (false, false): "in order"
        }
    }

    /// Creates a result as it was recorded.
    public init(
        gate: Gate, name: String, statistic: Double?, interval: Interval?, accepted: Interval, outcome: GateOutcome,
        explanation: String
    ) {
        self.gate = gate
        self.name = name
        self.statistic = statistic
        self.interval = interval
        self.accepted = accepted
        self.outcome = outcome
        self.explanation = explanation
    }

    /// Decides a gate by its interval: passed inside of `accepted`, failed outside, undecided across an end or without one.
    public init(gate: Gate, name: String, estimate: Estimate?, accepted: Interval, explanation: String) {
        var outcome = GateOutcome.undecided
        if let interval = estimate?.interval {
            if interval.lower > accepted.lower && interval.upper < accepted.upper {
                outcome = .passed
            } else if interval.lower >= accepted.upper || interval.upper <= accepted.lower {
                outcome = .failed
            }
        }
        self.init(
            gate: gate, name: name, statistic: estimate?.value, interval: estimate?.interval, accepted: accepted,
            outcome: outcome, explanation: explanation)
    }
}

/// The margins of a policy, and what it takes to be judged at all.
public struct Thresholds: Sendable, Equatable {
    /// G1: |RRM| must be below this, and RRM in G4. 0.10 is strict.
    public var residualMargin = 0.20
    /// G2: JG must be below this.
    public var shapeMargin = 0.25
    /// G3: the membership AUC may differ from the references' by less than this.
    public var membershipMargin = 0.05
    /// G3: people may be called members more often than of the references by less than this (U-LiRA); nil where that is information and
    /// no part of the gate.
    public var userMembershipMargin: Double?
    /// G5: the AUC may be lower than the references' by less than this.
    public var areaLoss = 0.01
    /// G5: the log-loss may be higher than the references' by less than this, in nats.
    public var logLossRise = 0.01
    /// Fewer references than this leave the verdict open; two are the least that show a noise floor.
    public var minimumReferences = 2
    /// Fewer forgotten users than this leave the verdict open: resampling so few says nothing.
    public var minimumUsers = 10
    /// Gates without which nothing passes. Other gates count when they were measured.
    public var requiredGates: Set<Gate> = [.provenance, .sensitivity, .residual, .shape, .utility]
    /// Draws of the bootstrap.
    public var bootstrapReplicates = 2000

    /// Creates the thresholds of VERIFICATION.md 3.5.
    public init() {}
}
