public import LetheTensor
internal import Synchronization

/// How often the judge says what, in audits whose truth is known.
public struct VerdictSimulation: Sendable {
    /// What one simulated audit came to.
    struct Outcome: Sendable {
        let verdict: Verdict
        /// The statistics whose gates passed.
        let passed: Set<String>
        let isWithinFloor: Bool
        let isNearerToRetrained: Bool
        let isNearerToOriginal: Bool
    }

    /// Counts over the repetitions of one setting.
    public struct Tally: Sendable, Equatable {
        /// The setting.
        public let audit: SimulatedAudit
        /// Simulated audits.
        public let repetitions: Int
        /// Audits with each verdict.
        public let verdicts: [Verdict: Int]
        /// Audits in which the gate of a statistic passed, by the statistic's name.
        public let passed: [String: Int]
        /// Audits in which the candidate was within the noise floor: what a test for a difference would have passed.
        public let withinFloor: Int
        /// Audits in which the relative test by the gated measure found the candidate nearer to retrained models.
        public let nearerToRetrained: Int
        /// Audits in which it found it nearer to the original.
        public let nearerToOriginal: Int

        /// The share of certified candidates.
        public var certified: BinomialProportion { share(verdicts[.passStatistical, default: 0]) }

        /// A count of this tally as a share.
        public func share(_ count: Int) -> BinomialProportion { BinomialProportion(successes: count, of: repetitions) }
    }

    /// The thresholds that the judge goes by. Gates for which nothing is simulated are not required.
    public let thresholds: Thresholds
    /// Audits of every setting.
    public let repetitions: Int
    /// What all draws depend on.
    public let seed: UInt64

    /// A simulation; provenance is taken as verified, and usefulness and membership are left out.
    public init(thresholds: Thresholds, repetitions: Int, seed: UInt64) {
        var thresholds = thresholds
        thresholds.requiredGates.subtract([.membership, .relearning, .utility])
        self.thresholds = thresholds
        self.repetitions = max(1, repetitions)
        self.seed = seed
    }

    /// Judges all audits of the setting with number `number`, which makes its draws its own.
    ///
    /// The same seed and number give the same counts with any pool: every audit has seeds of its own.
    /// - Throws: `AuditError` for a setting that makes no audit.
    public func tally(_ audit: SimulatedAudit, number: Int, pool: WorkerPool) throws(AuditError) -> Tally {
        var generator = SeededGenerator(seed: seed &+ 0x9E37_79B9_7F4A_7C15 &* UInt64(truncatingIfNeeded: number + 1))
        let seeds = (0..<repetitions).map { _ in (audit: generator.next(), bootstrap: generator.next()) }
        let results = Mutex([Result<Outcome, AuditError>?](repeating: nil, count: repetitions))
        pool.run(pieces: repetitions) { repetition in
            let result = outcome(audit, seeds[repetition])
            results.withLock { $0[repetition] = result }
        }
        var outcomes: [Outcome] = []
        for result in results.withLock({ $0 }) {
            if let result { outcomes.append(try result.get()) }
        }
        return Tally(audit, outcomes)
    }

    private func outcome(
        _ setting: SimulatedAudit, _ seeds: (audit: UInt64, bootstrap: UInt64)
    ) -> Result<Outcome, AuditError> {
        do throws(AuditError) {
            let audit = try setting.audit(seed: seeds.audit)
            let judgement = Judge.judge(
                Evidence(provenance: .verified, forgotten: audit, seed: seeds.bootstrap), by: thresholds,
                measuringPower: false)
            let relative = judgement.relativeTests.first { $0.measure == .gated }?.finding
            return .success(
                Outcome(
                    verdict: judgement.verdict, passed: Set(judgement.gates.filter(\.passed).map(\.name)),
                    isWithinFloor: judgement.forgetting?.floorTest?.passed ?? false,
                    isNearerToRetrained: relative == .nearerToRetrained,
                    isNearerToOriginal: relative == .nearerToOriginal))
        } catch {
            return .failure(error)
        }
    }
}

extension VerdictSimulation.Tally {
    fileprivate init(_ audit: SimulatedAudit, _ outcomes: [VerdictSimulation.Outcome]) {
        self.audit = audit
        repetitions = outcomes.count
        verdicts = Dictionary(outcomes.map { ($0.verdict, 1) }, uniquingKeysWith: +)
        passed = Dictionary(outcomes.flatMap { $0.passed.map { ($0, 1) } }, uniquingKeysWith: +)
        withinFloor = outcomes.count(where: \.isWithinFloor)
        nearerToRetrained = outcomes.count(where: \.isNearerToRetrained)
        nearerToOriginal = outcomes.count(where: \.isNearerToOriginal)
    }
}
