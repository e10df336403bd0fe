import LetheBytes
import LetheCrypto
import LetheTensor
import LetheTransformer
import Synchronization
import Testing

@testable import LetheUnlearning

/// Whatever interrupts a training, wherever: it goes on and ends in the same bits.
struct InterruptionTests {
    /// States in memory; a given save is the last thing that happens, before it has any effect or after.
    final class Memory: TrainingStateStore {
        struct Death: Error {}

        private struct Content {
            var states: [String: (Digest, TrainingState)] = [:]
            var saves = 0
            var fatal: (save: Int, isWritten: Bool)?
        }

        private let content = Mutex(Content())

        func load(_ stage: String, identity: Digest) throws -> TrainingState? {
            guard let (found, state) = content.withLock({ $0.states[stage] }) else { return nil }
            guard found == identity else { throw TrainingStateError.foreign(path: stage) }
            return state
        }

        func save(_ state: TrainingState, of stage: String, identity: Digest) throws {
            try content.withLock { content in
                content.saves += 1
                let dies = content.fatal?.save == content.saves
                if !dies || content.fatal?.isWritten == true { content.states[stage] = (identity, state) }
                if dies { throw Death() }
            }
        }

        func die(after saves: Int, isWritten: Bool) {
            content.withLock { ($0.saves, $0.fatal) = (0, (saves, isWritten)) }
        }

        var stages: Set<String> { content.withLock { Set($0.states.keys) } }
    }

    /// Asks to stop when it was asked for the (n + 1)-th time.
    private static func stop(after count: Int) -> @Sendable () -> Bool {
        let calls = Counter()
        return { calls.next() > count }
    }

    private final class Counter: Sendable {
        private let value = Atomic(0)
        func next() -> Int { value.add(1, ordering: .relaxed).newValue }
    }

    /// A training with this session and this many threads; what it makes is compared as it is.
    private typealias Computation = (TrainingSession, Int) throws -> UnlearnedModel

    /// Stops the computation every few steps until it is through, with another number of threads each time.
    private func stopping(_ computation: Computation, every count: Int) throws -> (UnlearnedModel, stops: Int) {
        let store = Memory()
        for attempt in 0..<2_000 {
            let session = TrainingSession(store: store, shouldStop: Self.stop(after: count))
            do {
                return (try computation(session, 1 + attempt % 2), attempt)
            } catch is TrainingStopped {}
        }
        Issue.record("it never ends")
        return (try computation(.unkept, 1), 0)
    }

    /// Kills the computation at its n-th save, n = `stride`, 2 `stride`, …, each time from the start.
    private func killing(_ computation: Computation, stride: Int) throws -> (deaths: Int, models: [UnlearnedModel]) {
        var models: [UnlearnedModel] = []
        for save in Swift.stride(from: 1, through: 2_000, by: stride) {
            let store = Memory()
            store.die(after: save, isWritten: save % 2 == 0)
            let session = { TrainingSession(store: store, isDue: { true }) }
            do {
                _ = try computation(session(), 1)
                return (models.count, models)
            } catch is Memory.Death {
                store.die(after: .max, isWritten: false)
                models.append(try computation(session(), 2))
            }
        }
        return (0, models)
    }

    private func expectSameBits(_ name: String, _ computation: Computation, strides: [Int] = [1, 2, 5]) throws {
        let whole = try computation(.unkept, 1)
        for count in strides {
            let (model, stops) = try stopping(computation, every: count)
            #expect(stops > 0 || count > 1, "\(name) was never stopped")
            #expect(model.model == whole.model && model.residue == whole.residue, "\(name), stopped every \(count)")
        }
        let (deaths, models) = try killing(computation, stride: 3)
        #expect(deaths > 0, "\(name) never died")
        for model in models {
            #expect(model.model == whole.model && model.residue == whole.residue, "\(name), killed")
        }
    }

    private static func unlearn(
        _ method: any UnlearningMethod, _ task: UnlearningTask, _ session: TrainingSession, _ threads: Int
    ) throws -> UnlearnedModel {
        var task = task
        task.session = session
        task.pool = WorkerPool(threads: threads)
        return try method.unlearn(task, progress: { _ in })
    }

    @Test(arguments: PairedMethodTests.methods.indices)
    func aMethodOnPairs(index: Int) throws {
        let method = PairedMethodTests.methods[index]
        try expectSameBits(method.name) { try Self.unlearn(method, PairedMethodTests.task(), $0, $1) }
    }

    @Test func theCalibratedMethodInEveryOfItsStages() throws {
        var task = try TinyTask.task()
        task.unseen = TinyTask.records(30, seed: 99)
        // One ends by its steps, the other, at a higher rate, by its criterion.
        for (rate, steps) in [(1e-4, 7), (2e-2, 40)] {
            let method = CalibratedE2URec(
                configuration: .init(
                    steps: steps, interval: 3, anchors: 20, batchSize: 8, learningRate: rate,
                    adapter: LoRAConfiguration(rank: 2, alpha: 4, dropout: 0.1),
                    augmentation: TinyTask.fineTuning(epochs: 2)))
            try expectSameBits("e2urec-calibrated, \(steps) steps") { try Self.unlearn(method, task, $0, $1) }
        }
    }

    @Test func rewindInItsOneStage() throws {
        let task = try TinyTask.task()
        let method = Rewind(configuration: .init(passes: 1.5, batchSize: 8))
        try expectSameBits("rewind") { try Self.unlearn(method, task, $0, $1) }
    }

    @Test func e2urecInEveryOfItsStages() throws {
        let task = try TinyTask.task()
        let method = E2URec(
            configuration: .init(
                alpha: 2, augmentation: TinyTask.fineTuning(epochs: 2), forgetOnlyEpochs: 2, jointSteps: 5,
                batchSize: 8, adapter: LoRAConfiguration(rank: 2, alpha: 4, dropout: 0.1)))
        try expectSameBits("e2urec", { try Self.unlearn(method, task, $0, $1) })

        // Nothing that was finished is computed again.
        let store = Memory()
        let late = TrainingSession(store: store, shouldStop: Self.stop(after: 11))
        #expect(throws: TrainingStopped.self) { try Self.unlearn(method, task, late, 1) }
        #expect(store.stages == ["augmented model", "forgetting teacher", "forgetting", "forgetting and remembering"])
        var resumed = task
        resumed.session = TrainingSession(store: store)
        var examples = 0
        _ = try method.unlearn(resumed) { if case .advanced(let units) = $0 { examples += units } }
        #expect(examples < 5 * 16)
    }

    @Test(arguments: [nil, 2])
    func retrainingWithAndWithoutEarlyStopping(patience: Int?) throws {
        var task = try TinyTask.task()
        task.base = TinyTask.model(dropout: 0.1)
        task.validation = TinyTask.records(7, seed: 8)
        let method = Retrain(
            configuration: TinyTask.fineTuning(epochs: 5, learningRate: 2e-2, patience: patience, schedule: .linear))
        try expectSameBits("retrain", { try Self.unlearn(method, task, $0, $1) })
    }

    @Test(arguments: [nil, LoRAConfiguration(rank: 2, alpha: 4, dropout: 0.1)], [nil, 1])
    func shards(adapter: LoRAConfiguration?, patience: Int?) throws {
        let users = TinyTask.population(users: 13, each: 3)
        let validation = TinyTask.records(5, seed: 8)
        let task = TinyTask.sharded(users, forgetting: [2, 7], validation: validation)
        let training = TinyTask.fineTuning(epochs: 3, patience: patience, schedule: .linear)
        // Each attempt goes on with the checkpoints of slices that the attempts before it left.
        try expectSameBits("sisa or adapters") { session, threads in
            let checkpoints = MemoryCheckpoints()
            let method = try ShardedRetrainingTests.method(
                adapter: adapter, training: training, checkpoints: checkpoints)
            return try Self.unlearn(method, task, session, threads)
        }
    }

    @Test func recEraserAndItsAttention() throws {
        let users = TinyTask.population(users: 8, each: 3)
        let task = TinyTask.sharded(users, forgetting: [2])
        let method = RecEraser(
            configuration: .init(
                shards: 2, rounds: 5,
                combination: .attention(AttentionTraining(epochs: 2, batchSize: 8)),
                training: TinyTask.fineTuning(epochs: 2)), code: "test", checkpoints: MemoryCheckpoints())
        try expectSameBits("receraser") { session, threads in
            let method = RecEraser(
                configuration: method.configuration, code: "test", checkpoints: MemoryCheckpoints())
            return try Self.unlearn(method, task, session, threads)
        }
    }

    @Test func theCurveOfAnInterruptedTrainingIsThatOfAWholeOne() throws {
        let records = TinyTask.records(20, seed: 3)
        let configuration = TinyTask.fineTuning(epochs: 6, patience: 3)
        func train(_ session: TrainingSession) throws -> FineTunedModel {
            try fineTune(
                TinyTask.model(), on: records, validation: TinyTask.records(6, seed: 4), configuration: configuration,
                seeds: TinyTask.seeds, pool: WorkerPool(threads: 1), stage: "test", session: session,
                progress: { _ in })
        }
        let whole = try train(.unkept)
        let store = Memory()
        var resumed: FineTunedModel?
        for _ in 0..<100 where resumed == nil {
            resumed = try? train(TrainingSession(store: store, shouldStop: Self.stop(after: 2)))
        }
        #expect(resumed?.epochs == whole.epochs && resumed?.keptEpoch == whole.keptEpoch)
        #expect(resumed?.steps == whole.steps && resumed?.parameters == whole.parameters)
    }

    @Test func whatIsNotedOfATrainingDoesNotDependOnHowOftenItWasStopped() throws {
        func train(_ session: TrainingSession) throws -> FineTunedModel {
            try fineTune(
                TinyTask.model(), on: TinyTask.records(20, seed: 3), configuration: TinyTask.fineTuning(epochs: 3),
                seeds: TinyTask.seeds, pool: WorkerPool(threads: 1), stage: "test", session: session,
                progress: { _ in })
        }
        let whole = TrainingSession(store: nil, traceInterval: 2)
        let model = try train(whole)
        let points = try #require(whole.trace.first).points
        #expect(whole.trace.count == 1 && points.map(\.step) == [2, 4, 6, 8, 9])
        #expect(Set(points.map(\.digest)).count == points.count)
        #expect(points.last == TrainingState.TracePoint(step: 9, .init(values: model.parameters.values)))

        let store = Memory()
        var last = TrainingSession.unkept
        for _ in 0..<20 {
            last = TrainingSession(store: store, shouldStop: Self.stop(after: 2), traceInterval: 2)
            if (try? train(last)) != nil { break }
            #expect(last.trace.isEmpty)
        }
        #expect(last.trace == whole.trace)
        // A finished stage that is only loaded is noted as it was.
        try last.flush()
        let again = TrainingSession(store: store, traceInterval: 2)
        _ = try train(again)
        #expect(again.trace == whole.trace)
        _ = try train(.unkept)
        #expect(TrainingSession.unkept.trace.isEmpty)
        let each = TrainingSession(store: nil, traceInterval: 0)
        _ = try train(each)
        #expect(each.trace.first?.points.map(\.step) == Array(1...9) + [9])
    }
}
