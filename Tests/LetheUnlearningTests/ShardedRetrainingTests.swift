import LetheBytes
import LetheTensor
import LetheTransformer
import Testing

@testable import LetheUnlearning

struct ShardedRetrainingTests {
    private static let key = Array("a key of 16 byte".utf8)
    private static let users = TinyTask.population(users: 13, each: 3)

    static func method(
        shards: Int = 2, slices: Int = 3, unit: ShardAssignment.Unit = .user, adapter: LoRAConfiguration? = nil,
        training: FineTuningConfiguration = TinyTask.fineTuning(epochs: 4),
        checkpoints: any CheckpointStore = MemoryCheckpoints()
    ) throws -> ShardedRetraining {
        ShardedRetraining(
            assignment: try ShardAssignment(shards: shards, slices: slices, unit: unit, key: key), training: training,
            adapter: adapter, code: "test", checkpoints: checkpoints)
    }

    private static let adapter = LoRAConfiguration(rank: 2, alpha: 4, dropout: 0.1)

    /// Trains on everybody, forgets, and compares with a training that never knew them.
    private func expectExact(
        _ method: ShardedRetraining, forgetting: Set<Int>, threads: Int = 1, validation: [Example] = [],
        _ comment: Comment? = nil
    ) throws -> (trained: Int, fromScratch: Int) {
        func task(_ forgetting: Set<Int>) -> UnlearningTask {
            TinyTask.sharded(Self.users, forgetting: forgetting, validation: validation, threads: threads)
        }
        let everybody = try method.unlearn(task([]), progress: { _ in })
        let unlearned = try method.unlearn(task(forgetting), progress: { _ in })
        let fresh = ShardedRetraining(
            assignment: method.assignment, aggregation: method.aggregation, training: method.training,
            adapter: method.adapter, code: method.code, checkpoints: MemoryCheckpoints())
        // The seeds of the run are others; the original's are the same.
        var never = TinyTask.sharded(Self.users, forgetting: forgetting, validation: validation, threads: 1)
        never.seeds = TrainingSeeds(order: 1, dropout: 2, adapter: 3)
        never.forgotten = []
        never.forgottenOrigins = []
        let without = try fresh.unlearn(never, progress: { _ in })
        #expect(unlearned.model == without.model, comment)
        #expect(unlearned.model != everybody.model, comment)
        #expect(!unlearned.residue.isEmpty && unlearned.residue.allSatisfy { $0.kind == .trainingCheckpoint }, comment)
        return (unlearned.recordsTrained ?? 0, without.recordsTrained ?? 0)
    }

    @Test(arguments: 0..<13)
    func forgettingAnyUserEqualsNeverHavingKnownThem(_ user: Int) throws {
        let method = try Self.method()
        let (trained, scratch) = try expectExact(method, forgetting: [user])
        #expect(trained < scratch)
        let place = method.assignment.place(RecordOrigin(user: user, item: 0))
        // The later the slice, the less is learned again; the other shard is never touched.
        let later = (0..<13).filter { method.assignment.place(RecordOrigin(user: $0, item: 0)).shard == place.shard }
        #expect(trained <= 4 * 3 * later.count * 2)
    }

    @Test func theUsersOfTheTestsStandInEverySlice() throws {
        let assignment = try Self.method().assignment
        let places = (0..<13).map { assignment.place(RecordOrigin(user: $0, item: 0)) }
        for shard in 0..<2 {
            for slice in 0..<3 { #expect(places.contains { $0 == (shard, slice) }, "\(shard) \(slice)") }
        }
    }

    @Test(arguments: [1, 2])
    func anAdapterRetrainedFromItsSliceEqualsTrainingWithoutTheUser(threads: Int) throws {
        for user in [0, 4, 12] {
            let one = try Self.method(shards: 1, slices: 4, adapter: Self.adapter)
            let (trained, scratch) = try expectExact(one, forgetting: [user], threads: threads)
            #expect(trained <= scratch)
            _ = try expectExact(
                try Self.method(shards: 3, slices: 2, adapter: Self.adapter), forgetting: [user], threads: threads)
        }
    }

    @Test func anAdapterOnTheBaseIsOneModelAndItsBaseStays() throws {
        let model = try Self.method(shards: 1, adapter: Self.adapter).unlearn(
            TinyTask.sharded(Self.users, forgetting: [3]), progress: { _ in })
        let single = try model.model.singleModel()
        let base = TinyTask.model()
        for entry in base.layout.entries {
            // Of a decoder with one position only the values matter: its queries stay where they were.
            let isAdapted =
                entry.name.hasSuffix(".v.weight")
                || (entry.name.hasSuffix(".q.weight") && !entry.name.hasPrefix("decoder.block.0.layer.0"))
            #expect((base[entry.name] == single[entry.name]) != isAdapted, "\(entry.name)")
        }
        let shards = try Self.method(shards: 3, adapter: Self.adapter).unlearn(
            TinyTask.sharded(Self.users, forgetting: [3]), progress: { _ in })
        #expect(throws: UnlearningError.isEnsemble(members: 3)) { try shards.model.singleModel() }
        guard case .ensemble(let ensemble) = shards.model, case .adapters(let kept, _) = ensemble.members else {
            Issue.record("three shards are an ensemble of adapters")
            return
        }
        #expect(kept == base)
    }

    @Test func restartsAreExactWithDecayPatienceDropoutAndSeveralUsers() throws {
        let watched = TinyTask.records(6, seed: 77)
        for training in [
            TinyTask.fineTuning(epochs: 5, schedule: .linear), TinyTask.fineTuning(epochs: 6, patience: 1),
        ] {
            _ = try expectExact(
                Self.method(training: training), forgetting: [2, 5, 11], validation: watched, "\(training)")
        }
        _ = try expectExact(Self.method(slices: 1), forgetting: [6])
        _ = try expectExact(Self.method(unit: .interaction), forgetting: [6])
        _ = try expectExact(Self.method(shards: 1, slices: 1), forgetting: Set(0..<12))
    }

    @Test func forgettingOneAfterAnotherEqualsForgettingBoth() throws {
        let method = try Self.method()
        _ = try method.unlearn(TinyTask.sharded(Self.users, forgetting: []), progress: { _ in })
        _ = try method.unlearn(TinyTask.sharded(Self.users, forgetting: [1]), progress: { _ in })
        let second = try method.unlearn(TinyTask.sharded(Self.users, forgetting: [1, 9]), progress: { _ in })
        let both = try Self.method().unlearn(TinyTask.sharded(Self.users, forgetting: [1, 9]), progress: { _ in })
        #expect(second.model == both.model)
    }

    @Test func nothingIsTrainedWhereNobodyLeft() throws {
        let method = try Self.method()
        let first = try method.unlearn(TinyTask.sharded(Self.users, forgetting: []), progress: { _ in })
        let again = try method.unlearn(TinyTask.sharded(Self.users, forgetting: []), progress: { _ in })
        #expect(again.model == first.model)
        #expect(again.recordsTrained == 0 && again.residue.isEmpty)
    }

    @Test func checkpointsThatKnewTheUserAreDestroyed() throws {
        let store = MemoryCheckpoints()
        let method = try Self.method(checkpoints: store)
        _ = try method.unlearn(TinyTask.sharded(Self.users, forgetting: []), progress: { _ in })
        #expect(store.count == 6)
        let gone = try method.unlearn(TinyTask.sharded(Self.users, forgetting: [7]), progress: { _ in })
        let place = method.assignment.place(RecordOrigin(user: 7, item: 0))
        #expect(gone.residue.count == 3 - place.slice)
        #expect(store.count == 6)
        // Coming back means learning again: nothing that knew them is left.
        let back = try method.unlearn(TinyTask.sharded(Self.users, forgetting: []), progress: { _ in })
        #expect((back.recordsTrained ?? 0) > 0)
    }

    @Test func withoutOriginsNothingIsSharded() throws {
        var task = TinyTask.sharded(Self.users, forgetting: [1])
        task.retainedOrigins.removeLast()
        #expect(throws: UnlearningError.originsMissing(method: "sisa", records: 36, origins: 35)) {
            try Self.method().unlearn(task, progress: { _ in })
        }
    }

    @Test func aFolderOfCheckpointsServesAsMemoryDoes() throws {
        let folder = try TestFolder()
        let memory = try Self.method()
        let disk = try Self.method(checkpoints: CheckpointFolder(path: folder.path))
        for forgetting in [[], [4], [4, 8]] as [Set<Int>] {
            let task = TinyTask.sharded(Self.users, forgetting: forgetting)
            let (one, other) = (
                try memory.unlearn(task, progress: { _ in }), try disk.unlearn(task, progress: { _ in })
            )
            #expect(one.model == other.model && one.recordsTrained == other.recordsTrained)
            #expect(one.residue.count == other.residue.count)
        }
        let lineage = Files.join(folder.path, try Files.names(in: folder.path)[0])
        let files = try Files.names(in: lineage)
        #expect(files.count == 6)
        for name in files { try Files.write(Array("damaged".utf8), to: Files.join(lineage, name)) }
        #expect(throws: (any Error).self) {
            try disk.unlearn(TinyTask.sharded(Self.users, forgetting: [4, 8]), progress: { _ in })
        }
    }

    @Test(arguments: [(1, 1), (4, 1), (5, 2), (7, 3), (100, 4), (2, 5), (3, 10)])
    func stagesCostAsMuchAsUnslicedTraining(epochs: Int, slices: Int) {
        let passes = ShardTrainer.passes(epochs: epochs, slices: slices)
        #expect(passes.count == slices && passes.allSatisfy { $0 >= 0 })
        #expect(passes.reduce(0, +) == 2 * epochs * slices / (slices + 1))
        // Work in units of the whole shard, within the rounding of each stage.
        let work = passes.enumerated().reduce(0.0) { $0 + Double($1.element) * Double($1.offset + 1) / Double(slices) }
        #expect(abs(work - Double(epochs)) <= Double(slices + 1) / 2)
        if slices == 1 { #expect(passes == [epochs]) }
    }
}
