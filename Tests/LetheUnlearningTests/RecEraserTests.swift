import LetheTensor
import LetheTransformer
import Testing

@testable import LetheUnlearning

struct RecEraserTests {
    private static func points(_ count: Int, parts: Int, seed: UInt64) -> [[[Double]]] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in (0..<parts).map { _ in (0..<3).map { _ in generator.nextNormal() } } }
    }

    @Test(arguments: [(1, 1), (4, 4), (10, 3), (41, 4), (64, 1), (97, 7)], [1, 2])
    func everySampleHasOneShardAndNoShardIsTooLarge(_ shape: (Int, Int), parts: Int) throws {
        let (count, shards) = shape
        for slack in [1.0, 1.2, 2] {
            let samples = Self.points(count, parts: parts, seed: UInt64(count))
            let partition = try BalancedPartition(samples, shards: shards, slack: slack, seed: 5)
            #expect(partition.shards.count == count)
            #expect(partition.shards.allSatisfy { (0..<shards).contains($0) })
            let capacity = BalancedPartition.capacity(samples: count, shards: shards, slack: slack)
            for shard in 0..<shards { #expect(partition.shards.count { $0 == shard } <= capacity) }
            #expect(try partition == BalancedPartition(samples, shards: shards, slack: slack, seed: 5))
            // Once the anchors stand still, further rounds change nothing.
            if partition.isStable {
                let longer = try BalancedPartition(samples, shards: shards, slack: slack, rounds: 500, seed: 5)
                #expect(longer == partition)
            }
        }
    }

    @Test func separateCloudsBecomeShards() throws {
        var generator = SeededGenerator(seed: 1)
        let samples = (0..<40).map { index in
            [[Double(index % 4) * 100 + generator.nextNormal(), generator.nextNormal()]]
        }
        // Some draw of the first anchors has one in every cloud; a stable partition there is the clouds.
        let found = try (0..<40).contains { seed in
            let partition = try BalancedPartition(samples, shards: 4, seed: UInt64(seed))
            return partition.isStable
                && (0..<4).allSatisfy { cloud in
                    Set((0..<10).map { partition.shards[4 * $0 + cloud] }).count == 1
                }
        }
        #expect(found)
    }

    @Test func aFullShardSendsItsFarthestElsewhere() throws {
        // Five on one spot but for a little, one far away; slack 1 allows three a shard.
        let samples = [0.0, 0.1, 0.2, 0.3, 0.4, 50].map { [[$0]] }
        for seed in 0..<8 {
            let partition = try BalancedPartition(samples, shards: 2, slack: 1, seed: UInt64(seed))
            #expect(partition.shards.count { $0 == 0 } == 3)
        }
    }

    @Test func impossiblePartitionsAreRefused() {
        let samples = Self.points(3, parts: 1, seed: 1)
        for (shards, slack) in [(0, 1.2), (4, 1.2), (2, 0.9), (2, .nan), (2, .infinity)] {
            #expect(throws: UnlearningError.self) {
                try BalancedPartition(samples, shards: shards, slack: slack, seed: 1)
            }
        }
    }

    @Test func theAttentionsGradientEqualsCentralDifferences() throws {
        var generator = SeededGenerator(seed: 3)
        let attention = Attention(members: 3, width: 4, hidden: 2)
        let theta = (0..<AttentiveAggregator.count(members: 3, width: 4)).map { _ in generator.nextNormal() * 0.5 }
        let batch = [
            Example(inputIDs: [1], labels: [2]), Example(inputIDs: [1], labels: [0, Example.ignoredLabel, 4]),
        ]
        let answers = (0..<3).map { _ in
            batch.map { example in
                (
                    logits: (0..<example.labels.count * 5).map { _ in Float(generator.nextNormal()) },
                    state: (0..<4).map { _ in Float(generator.nextNormal()) }
                )
            }
        }
        let training = AttentionTraining(penalty: 0.01)
        let masks: [[[Double]]] = [[[1, 2], [0.5, 0], [1, 1]], [[2, 1], [1, 1], [0, 1]]]
        for mask in [nil, masks] {
            func loss(_ theta: [Double]) -> Double {
                training.objective(theta, attention, batch: batch, answers: answers, masks: mask).loss
            }
            let gradient = training.objective(theta, attention, batch: batch, answers: answers, masks: mask).gradient
            for index in theta.indices {
                var (up, down) = (theta, theta)
                up[index] += 1e-6
                down[index] -= 1e-6
                #expect(abs(gradient[index] - (loss(up) - loss(down)) / 2e-6) < 1e-7, "\(index)")
            }
        }
    }

    @Test func attentionBeginsNearlyUniformAndAddsUpToOne() {
        let attention = AttentiveAggregator(members: 4, width: 16, seed: 1)
        var generator = SeededGenerator(seed: 2)
        let states = (0..<4).map { _ in (0..<16).map { _ in Float(generator.nextNormal()) } }
        let weights = attention.weights(states)
        #expect(abs(weights.reduce(0, +) - 1) < 1e-12)
        #expect(weights.allSatisfy { abs($0 - 0.25) < 0.05 })
        for count in [0, 1, attention.values.count + 1] {
            #expect(throws: UnlearningError.self) {
                try AttentiveAggregator(members: 4, width: 16, values: [Float](repeating: 0, count: count))
            }
        }
    }

    private static func method(
        _ partition: RecEraser.Partition, _ combination: RecEraser.Combination,
        checkpoints: any CheckpointStore = MemoryCheckpoints()
    ) -> RecEraser {
        RecEraser(
            configuration: .init(
                partition: partition, shards: 2, combination: combination,
                training: TinyTask.fineTuning(epochs: 2)), code: "test", checkpoints: checkpoints)
    }

    private static let users = TinyTask.population(users: 9, each: 3)
    private static let attention = RecEraser.Combination.attention(
        AttentionTraining(epochs: 2, batchSize: 8, learningRate: 0.05))

    @Test func attentionIsTrainedOverFrozenShards() throws {
        let task = TinyTask.sharded(Self.users, forgetting: [2])
        let plain = try Self.method(.user, .fixed(.meanLogit)).unlearn(task, progress: { _ in })
        let attended = try Self.method(.user, Self.attention).unlearn(task, progress: { _ in })
        guard case .ensemble(let fixed) = plain.model, case .ensemble(let learned) = attended.model,
            case .attention(let weights) = learned.aggregation
        else {
            Issue.record("two shards are an ensemble")
            return
        }
        #expect(learned.members == fixed.members)
        #expect(weights != AttentiveAggregator(members: 2, width: 16, seed: task.originalSeeds.adapter))
        #expect(weights.values.allSatisfy { $0.isFinite })
    }

    @Test func attentionLowersTheLossOnWhatItLearns() throws {
        let task = TinyTask.sharded(Self.users, forgetting: [])
        var losses: [Double] = []
        _ = try Self.method(
            .user, .attention(AttentionTraining(epochs: 12, batchSize: 9, learningRate: 0.05, dropout: 0))
        ).unlearn(task) { event in
            if case .began("attention over shards", _) = event { losses = [] }
            if case .epoch(_, let loss, _) = event { losses.append(loss) }
        }
        #expect(losses.count == 12)
        #expect((losses.last ?? 1) < (losses.first ?? 0) - 0.01, "\(losses)")
    }

    @Test(arguments: RecEraser.Partition.allCases)
    func onlyTheShardsOfTheForgottenAreRetrained(_ partition: RecEraser.Partition) throws {
        let store = MemoryCheckpoints()
        let method = Self.method(partition, .fixed(.meanLogit), checkpoints: store)
        _ = try method.unlearn(TinyTask.sharded(Self.users, forgetting: []), progress: { _ in })
        let task = TinyTask.sharded(Self.users, forgetting: [5])
        let unlearned = try method.unlearn(task, progress: { _ in })
        let again = try Self.method(partition, .fixed(.meanLogit)).unlearn(task, progress: { _ in })
        #expect(unlearned.model == again.model)
        #expect(store.count == 2)
        #expect(!unlearned.residue.isEmpty)
        if partition == .user { #expect((unlearned.recordsTrained ?? 0) < (again.recordsTrained ?? 0)) }
        var threaded = task
        threaded.pool = WorkerPool(threads: 2)
        #expect(
            try Self.method(partition, .fixed(.meanLogit)).unlearn(threaded, progress: { _ in }).model == again.model)
    }

    @Test func thePartitionDoesNotDependOnWhoIsForgotten() throws {
        let method = Self.method(.user, .fixed(.vote))
        func partition(_ forgetting: Set<Int>) throws -> [RecordOrigin: Int] {
            let task = TinyTask.sharded(Self.users, forgetting: forgetting)
            return try method.partition(
                task, origins: task.forgottenOrigins + task.retainedOrigins, progress: { _ in })
        }
        let all = try partition([])
        #expect(all.count == 9)
        #expect(try partition([0]) == all)
        #expect(try partition([3, 8]) == all)
        #expect(!method.isExact)
    }

    @Test func theShuffledPartitionCutsUsersIntoEqualParts() throws {
        let method = Self.method(.shuffled, .fixed(.meanLogit))
        let task = TinyTask.sharded(Self.users, forgetting: [1])
        let parts = try method.partition(
            task, origins: task.forgottenOrigins + task.retainedOrigins, progress: { _ in })
        #expect(parts.count == 8)
        #expect(parts.values.count { $0 == 0 } == 4)
    }
}
