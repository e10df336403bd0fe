import LetheTransformer
import Testing

@testable import LetheUnlearning

/// What the paper's table says of every method, from configurations alone.
struct MethodTableTests {
    private static let base = T5Configuration(dModel: 768, dKV: 64, dFF: 3_072, numLayers: 12, numHeads: 12)
    private static let key = [UInt8](repeating: 7, count: 32)

    private static func sharded(_ shards: Int, adapter: LoRAConfiguration? = nil) throws -> ShardedRetraining {
        ShardedRetraining(
            assignment: try ShardAssignment(shards: shards, key: key), training: FineTuningConfiguration(),
            adapter: adapter, code: "test", checkpoints: MemoryCheckpoints())
    }

    private static func eraser(_ combination: RecEraser.Combination) -> RecEraser {
        RecEraser(
            configuration: .init(combination: combination, training: FineTuningConfiguration()), code: "test",
            checkpoints: MemoryCheckpoints())
    }

    @Test func parametersAtT5BasesShapeAreThePapers() throws {
        let all = 222_903_552
        let retrain = Retrain(configuration: FineTuningConfiguration())
        let e2urec = E2URec(configuration: .init(adapter: LoRAConfiguration()))
        let rows: [(any UnlearningMethod, Int)] = [
            (Original(), 0), (retrain, all), (try Self.sharded(4), 891_614_208),
            (Self.eraser(.fixed(.meanLogit)), 891_614_208), (NegKL(), all), (NegGrad(), all), (BadTeacher(), all),
            (LabelReplacement(rule: .opposite), all), (LabelReplacement(rule: .coin), all), (e2urec, 1_769_472),
            (CalibratedE2URec(configuration: .init(adapter: LoRAConfiguration())), 1_769_472), (Rewind(), all),
            (try Self.sharded(1, adapter: LoRAConfiguration()), 1_769_472),
            (try Self.sharded(4, adapter: LoRAConfiguration()), 4 * 1_769_472),
            // W and b of each shard, A, c and v.
            (
                Self.eraser(.attention(AttentionTraining())),
                891_614_208 + 4 * (768 * 768 + 768) + 384 * 768 + 2 * 384
            ),
        ]
        for (method, count) in rows {
            #expect(try method.trainableParameters(of: Self.base) == count, "\(method.name)")
        }
    }

    @Test func onlyRetrainingIsExact() throws {
        let exact: [any UnlearningMethod] = [
            Retrain(configuration: FineTuningConfiguration()), try Self.sharded(4),
            try Self.sharded(1, adapter: LoRAConfiguration()),
        ]
        for method in exact {
            #expect(method.isExact && !method.reads.contains(.forgotten) && !method.reads.contains(.original))
        }
        let others: [any UnlearningMethod] = [
            Original(), NegKL(), NegGrad(), BadTeacher(), LabelReplacement(rule: .coin),
            E2URec(configuration: .init(adapter: LoRAConfiguration())), Self.eraser(.fixed(.vote)), Rewind(),
        ]
        #expect(others.allSatisfy { !$0.isExact })
    }

    @Test func methodsHaveDifferentNames() throws {
        let names: [any UnlearningMethod] = [
            Original(), Retrain(configuration: FineTuningConfiguration()), try Self.sharded(2),
            try Self.sharded(2, adapter: LoRAConfiguration()), Self.eraser(.fixed(.vote)), NegKL(), NegGrad(),
            BadTeacher(), LabelReplacement(rule: .coin), LabelReplacement(rule: .opposite),
            E2URec(configuration: .init(adapter: LoRAConfiguration())),
            CalibratedE2URec(configuration: .init(adapter: LoRAConfiguration())), Rewind(),
        ]
        #expect(
            names.map(\.name) == [
                "original", "retrain", "sisa", "adapters", "receraser", "negkl", "neggrad", "bad-t", "random-label",
                "bad-t-reference", "e2urec", "e2urec-calibrated", "rewind",
            ])
        #expect(names.filter(\.isEnsemble).map(\.name) == ["sisa", "adapters", "receraser"])
        #expect(try !Self.sharded(1).isEnsemble)
    }

    @Test func adapterThatFitsNoLayerIsRefused() throws {
        let method = try Self.sharded(2, adapter: LoRAConfiguration(targets: ["nowhere"]))
        #expect(throws: ModelError.noSuchModule(target: "nowhere")) { try method.trainableParameters(of: Self.base) }
    }
}
