import LetheCrypto
import LetheTensor
import LetheTransformer
import Testing

@testable import LetheUnlearning

struct CheckpointKeyTests {
    private static func trainer(
        start: T5Parameters = TinyTask.model(), adapter: LoRAConfiguration? = LoRAConfiguration(),
        configuration: FineTuningConfiguration = TinyTask.fineTuning(epochs: 4, patience: 2), slices: Int = 3,
        seeds: TrainingSeeds = TinyTask.seeds, validation: [Example] = TinyTask.records(3, seed: 8),
        code: String = "build 1"
    ) -> ShardTrainer {
        ShardTrainer(
            start: start, adapter: adapter, configuration: configuration, slices: slices, seeds: seeds,
            validation: validation, code: code, store: MemoryCheckpoints(), pool: WorkerPool(threads: 1))
    }

    private static let parts = [
        TinyTask.records(4, seed: 1), TinyTask.records(3, seed: 2), TinyTask.records(2, seed: 3),
    ]

    @Test func everySettingIsPartOfTheKey() {
        func tuned(_ change: (inout FineTuningConfiguration) -> Void) -> ShardTrainer {
            var configuration = TinyTask.fineTuning(epochs: 4, patience: 2)
            change(&configuration)
            return Self.trainer(configuration: configuration)
        }
        var weights = TinyTask.model()
        weights.values[100] = weights.values[100].nextUp
        let variants: [(String, ShardTrainer)] = [
            ("as it is", Self.trainer()), ("epochs", tuned { $0.epochs += 1 }),
            ("batch size", tuned { $0.batchSize += 1 }), ("learning rate", tuned { $0.learningRate *= 1.001 }),
            ("weight decay", tuned { $0.weightDecay += 0.001 }), ("patience", tuned { $0.patience = 3 }),
            ("no patience", tuned { $0.patience = nil }), ("schedule", tuned { $0.schedule = .linear }),
            ("one start weight", Self.trainer(start: weights)),
            ("dropout", Self.trainer(start: TinyTask.model(dropout: 0.1))),
            ("no adapter", Self.trainer(adapter: nil)), ("rank", Self.trainer(adapter: LoRAConfiguration(rank: 8))),
            ("alpha", Self.trainer(adapter: LoRAConfiguration(alpha: 16))),
            ("adapter dropout", Self.trainer(adapter: LoRAConfiguration(dropout: 0))),
            ("targets", Self.trainer(adapter: LoRAConfiguration(targets: ["q"]))),
            ("rank stabilised", Self.trainer(adapter: LoRAConfiguration(isRankStabilized: true))),
            ("slices", Self.trainer(slices: 4)),
            ("order seed", Self.trainer(seeds: TrainingSeeds(order: 1, dropout: 12, adapter: 13))),
            ("dropout seed", Self.trainer(seeds: TrainingSeeds(order: 11, dropout: 1, adapter: 13))),
            ("adapter seed", Self.trainer(seeds: TrainingSeeds(order: 11, dropout: 12, adapter: 1))),
            ("validation", Self.trainer(validation: TinyTask.records(3, seed: 9))),
            ("code", Self.trainer(code: "build 2")),
        ]
        var seen: [String: String] = [:]
        for (name, trainer) in variants {
            let earlier = seen.updateValue(name, forKey: trainer.lineage.hex)
            #expect(earlier == nil, "\(name) has the key of \(earlier ?? "")")
        }
        #expect(Self.trainer().lineage == Self.trainer().lineage)
    }

    @Test func validationThatNobodyWatchesDoesNotMatter() {
        let unwatched = TinyTask.fineTuning(epochs: 4)
        #expect(
            Self.trainer(configuration: unwatched).lineage
                == Self.trainer(configuration: unwatched, validation: []).lineage)
    }

    /// The last slice of a shard whose size is no multiple of the slices' number counts like any other.
    @Test func everySurvivingRecordOfTheSlicesSoFarIsPartOfTheKey() {
        let trainer = Self.trainer()
        let keys = trainer.keys(shard: 0, Self.parts)
        #expect(Set(keys).count == 3)
        for slice in 0..<3 {
            for record in Self.parts[slice].indices {
                var without = Self.parts
                without[slice].remove(at: record)
                var changed = Self.parts
                changed[slice][record].inputIDs[0] += 1
                var relabelled = Self.parts
                relabelled[slice][record].labels[0] ^= 1
                for parts in [without, changed, relabelled] {
                    let other = trainer.keys(shard: 0, parts)
                    for stage in 0..<3 { #expect((other[stage] == keys[stage]) == (stage < slice)) }
                }
            }
        }
        var swapped = Self.parts
        swapped[1].swapAt(0, 1)
        #expect(trainer.keys(shard: 0, swapped)[1] != keys[1])
        // The same records, cut elsewhere.
        let moved = [Self.parts[0] + [Self.parts[1][0]], Array(Self.parts[1].dropFirst()), Self.parts[2]]
        #expect(trainer.keys(shard: 0, moved)[1] != keys[1])
        #expect(trainer.keys(shard: 1, Self.parts)[0] != keys[0])
    }

    @Test func assignmentDependsOnTheKeyAndTheUserAlone() throws {
        let key = Array("0123456789abcdef".utf8)
        let assignment = try ShardAssignment(shards: 4, slices: 5, key: key)
        let other = try ShardAssignment(shards: 4, slices: 5, key: key.reversed())
        var sizes = [Int](repeating: 0, count: 20)
        var differs = 0
        for user in 0..<2_000 {
            let place = assignment.place(RecordOrigin(user: user, item: 1))
            #expect(place == assignment.place(RecordOrigin(user: user, item: 2)))
            sizes[5 * place.shard + place.slice] += 1
            if place != other.place(RecordOrigin(user: user, item: 1)) { differs += 1 }
        }
        #expect(sizes.allSatisfy { (60...140).contains($0) })
        #expect(differs > 1_800)
        let single = try ShardAssignment(shards: 4, slices: 1, unit: .interaction, key: key)
        #expect(Set((0..<40).map { single.place(RecordOrigin(user: 3, item: $0)).shard }) == [0, 1, 2, 3])
        #expect(!"\(assignment)".contains("48") && "\(assignment)".contains("redacted"))
    }

    @Test func impossibleAssignmentsAreRefused() {
        let key = [UInt8](repeating: 1, count: 16)
        for (shards, slices, bytes) in [(0, 1, 16), (-1, 1, 16), (5000, 1, 16), (1, 0, 16), (1, 5000, 16), (1, 1, 15)] {
            #expect(throws: UnlearningError.self) {
                try ShardAssignment(shards: shards, slices: slices, key: Array(key.prefix(bytes)))
            }
        }
    }
}
