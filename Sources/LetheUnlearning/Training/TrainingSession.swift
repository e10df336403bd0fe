public import LetheCrypto
import Synchronization

/// A training was asked to stop between two steps, and did; its state is kept where the session keeps any.
public struct TrainingStopped: Error, Sendable, Equatable, CustomStringConvertible {
    /// The stage it was in.
    public let stage: String
    /// Steps of the stage that are done.
    public let steps: Int

    /// A stop in a stage.
    public init(stage: String, steps: Int) {
        self.stage = stage
        self.steps = steps
    }

    /// One line.
    public var description: String { "stopped in \"\(stage)\" after step \(steps)" }
}

/// Why a kept state is not gone on from.
public enum TrainingStateError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Other data, settings, seeds or another program left it.
    case foreign(path: String)
    /// It is not what was written.
    case damaged(path: String, problem: String)

    /// One line that says what it is about.
    public var description: String {
        switch self {
        case .foreign(let path):
            "\(path): left by a training with another model, input or setting, or by another program; remove it to start anew"
        case .damaged(let path, let problem): "\(path): damaged checkpoint: \(problem); remove it to start anew"
        }
    }
}

/// Keeps the states of a computation's trainings, each under its stage's name and the digest of all that it depends on.
public protocol TrainingStateStore: Sendable {
    /// The state of a stage, nil where there is none.
    /// - Throws: `TrainingStateError` for one that another training left, or that is not what was written.
    func load(_ stage: String, identity: Digest) throws -> TrainingState?
    /// Replaces the state of a stage, all or nothing.
    func save(_ state: TrainingState, of stage: String, identity: Digest) throws
}

/// How a computation survives: where its trainings' states are kept, how often, and when it must stop.
///
/// The bits of the result do not depend on any of it. For one computation at a time.
public final class TrainingSession: Sendable {
    /// Keeps nothing and never stops.
    public static let unkept = TrainingSession(store: nil)

    /// A stage with what was learned at its steps.
    public struct TracedStage: Sendable, Equatable {
        /// The stage's name.
        public let stage: String
        /// In the order of their steps; the last is what the stage keeps.
        public let points: [TrainingState.TracePoint]

        /// A stage of its parts.
        public init(stage: String, points: [TrainingState.TracePoint]) {
            self.stage = stage
            self.points = points
        }
    }

    private struct Finished { var stage: String, identity: Digest, state: TrainingState }

    private let context: String
    private let store: (any TrainingStateStore)?
    private let isDue: @Sendable () -> Bool
    private let shouldStop: @Sendable () -> Bool
    private let discarded: (@Sendable (TrainingStateError) -> Void)?
    private let traceInterval: Int?
    private let traces = Mutex<[TracedStage]>([])
    /// Finished stages that are not on the disk yet: they are written with the next state, so that a short stage costs nothing.
    private let unsaved = Mutex<[Finished]>([])

    /// A session.
    ///
    /// - Parameters:
    ///   - context: what the states depend on beyond what a training itself is given: the program, the run.
    ///   - isDue: asked after every step: whether to save now.
    ///   - shouldStop: asked before every step.
    ///   - traceInterval: steps from one noted digest of what learns to the next; at least 1, nil notes none.
    ///   - discarded: told of a state that cannot be gone on from, which is then trained anew; without it that is an error.
    public init(
        context: String = "", store: (any TrainingStateStore)?, isDue: @escaping @Sendable () -> Bool = { false },
        shouldStop: @escaping @Sendable () -> Bool = { false }, traceInterval: Int? = nil,
        discarded: (@Sendable (TrainingStateError) -> Void)? = nil
    ) {
        self.context = context
        self.store = store
        self.isDue = isDue
        self.shouldStop = shouldStop
        self.traceInterval = traceInterval.map { max($0, 1) }
        self.discarded = discarded
    }

    /// The digest under which a stage's state is kept; nil where nothing is kept, which spares the hashing.
    func identity(_ stage: String, _ inputs: (inout KeyHash) -> Void) -> Digest? {
        guard store != nil else { return nil }
        var hash = KeyHash()
        // Another format or another order of what is hashed needs another number here.
        for text in ["lethe-training-v1", context, stage] { hash.add(text) }
        inputs(&hash)
        return hash.current()
    }

    /// The state to go on from; `fits` says whether it has the right form.
    func load(_ stage: String, _ identity: Digest?, fits: (TrainingState) -> Bool) throws -> TrainingState? {
        guard let store, let identity else { return nil }
        do {
            guard let state = try store.load(stage, identity: identity) else { return nil }
            guard fits(state) else {
                throw TrainingStateError.damaged(path: stage, problem: "not as many numbers as the model has")
            }
            return state
        } catch let error as TrainingStateError {
            guard let discarded else { throw error }
            discarded(error)
            return nil
        }
    }

    /// The stages that were trained, or had been, in their order, where they are noted.
    public var trace: [TracedStage] { traces.withLock(\.self) }

    /// Whether what learns is noted after this step, beside at the end.
    func isTraced(_ step: Int) -> Bool { traceInterval.map { step % $0 == 0 } ?? false }

    /// Notes what a finished stage keeps, and the stage.
    func trace(_ state: inout TrainingState) {
        guard traceInterval != nil else { return }
        state.trace.append(.init(step: state.steps, state.memory))
    }

    /// Takes up the points of a stage that is finished.
    func note(_ state: TrainingState, of stage: String) {
        guard traceInterval != nil else { return }
        traces.withLock { $0.append(TracedStage(stage: stage, points: state.trace)) }
    }

    /// Whether the state is wanted now.
    var wantsState: Bool { store != nil && isDue() }

    func save(_ state: TrainingState, of stage: String, _ identity: Digest?) throws {
        guard let store, let identity else { return }
        try flush()
        try store.save(state, of: stage, identity: identity)
    }

    /// Remembers a finished stage.
    func finish(_ state: TrainingState, of stage: String, _ identity: Digest?) {
        guard store != nil, let identity else { return }
        unsaved.withLock { $0.append(Finished(stage: stage, identity: identity, state: state)) }
    }

    /// Writes the finished stages that are not on the disk yet.
    public func flush() throws {
        guard let store else { return }
        for finished in unsaved.withLock(\.self) {
            try store.save(finished.state, of: finished.stage, identity: finished.identity)
        }
        unsaved.withLock { $0 = [] }
    }

    var isStopping: Bool { shouldStop() }

    /// Ends a computation between two of its parts where that is asked for.
    /// - Throws: `TrainingStopped`, with all finished stages kept.
    public func stopIfAsked(_ stage: String) throws {
        guard shouldStop() else { return }
        try flush()
        throw TrainingStopped(stage: stage, steps: 0)
    }

    /// Numbers that are computed once, however often the computation is interrupted.
    func once(
        _ stage: String, count: Int, inputs: (inout KeyHash) -> Void, compute: () throws -> [Float]
    ) throws -> [Float] {
        let identity = identity(stage, inputs)
        let fits = { (state: TrainingState) in state.isFinished && state.memory.values.count == count }
        if let kept = try load(stage, identity, fits: fits) { return kept.memory.values }
        var state = TrainingState(memory: .init(values: try compute()))
        state.isFinished = true
        finish(state, of: stage, identity)
        return state.memory.values
    }
}
