import Foundation
import LetheBytes
import LetheTensor
import LetheTransformer
import Testing

@testable import LetheUnlearning

struct EnsembleTests {
    private static let pool = WorkerPool(threads: 2)
    private static let members = [TinyTask.model(seed: 1), TinyTask.model(seed: 2), TinyTask.model(seed: 3)]

    private func softmax(_ logits: [Float]) -> [Double] {
        let weights = logits.map { exp(Double($0)) }
        return weights.map { $0 / weights.reduce(0, +) }
    }

    /// Two members over three tokens: p = (1/2, 1/4, 1/4) and q = (1/8, 3/4, 1/8).
    @Test func rulesEqualHandComputedDistributions() {
        let p = [0.5, 0.25, 0.25].map { Float(log($0)) + 3 }
        let q = [0.125, 0.75, 0.125].map { Float(log($0)) - 1 }
        func combined(_ rule: Aggregation) -> [Double] {
            softmax(rule.combine([p, q], vocabulary: 3, weights: [0.25, 0.75]))
        }
        func expect(_ rule: Aggregation, _ expected: [Double]) {
            #expect(zip(combined(rule), expected).allSatisfy { abs($0 - $1) < 1e-6 }, "\(rule.name)")
        }
        expect(.meanProbability, [0.3125, 0.5, 0.1875])
        let roots = [0.25, sqrt(0.1875), sqrt(0.03125)]
        expect(.meanLogProbability, roots.map { $0 / roots.reduce(0, +) })
        expect(.meanLogit, roots.map { $0 / roots.reduce(0, +) })
        expect(.vote, [4.0 / 9, 4.0 / 9, 1.0 / 9])
        let fifth = zip([0.5, 0.25, 0.25], [0.125, 0.75, 0.125]).map { pow($0, 0.25) * pow($1, 0.75) }
        if let attention = try? AttentiveAggregator(
            members: 2, width: 1, values: [Float](repeating: 0, count: AttentiveAggregator.count(members: 2, width: 1)))
        {
            expect(.attention(attention), fifth.map { $0 / fifth.reduce(0, +) })
        }
    }

    @Test func extremeLogitsStayFinite() {
        for rule in [Aggregation.meanProbability, .meanLogProbability, .vote, .meanLogit] {
            let combined = rule.combine([[1e4, -1e4, 0], [1e4, -1e4, 0]], vocabulary: 3, weights: [])
            #expect(combined.allSatisfy { $0.isFinite }, "\(rule.name)")
        }
    }

    @Test func anEnsembleAnswersWhereverOneModelDoes() throws {
        let examples = TinyTask.records(150, seed: 6).map { Example(inputIDs: $0.inputIDs, labels: $0.labels + [5]) }
        let model = RecommenderModel.ensemble(
            try EnsembleModel(members: .models(Self.members), aggregation: .meanProbability))
        let ensemble = model.inference(pool: Self.pool)
        let all = ensemble.logits(examples, positions: .all)
        let first = ensemble.logits(examples, positions: .first)
        #expect(all.count == 150 && all.allSatisfy { $0.count == 128 })
        for (both, one) in zip(all, first) {
            #expect(zip(both, one).allSatisfy { abs($0 - $1) < 1e-4 })
        }
        #expect(all == model.inference(pool: WorkerPool(threads: 1)).logits(examples, positions: .all))

        let parts = Self.members.map { Inference(parameters: $0, pool: Self.pool).logits(examples, positions: .first) }
        for index in [0, 127, 128, 149] {
            let mean = (0..<64).map { token in parts.reduce(0.0) { $0 + softmax($1[index])[token] } / 3 }
            #expect(zip(softmax(first[index]), mean).allSatisfy { abs($0 - $1) < 1e-6 })
        }
        let single = RecommenderModel.single(Self.members[0])
        #expect(single.inference(pool: Self.pool).logits(examples, positions: .first) == parts[0])
        #expect(try single.singleModel() == Self.members[0])
    }

    @Test func ensemblesOfNothingOrOfDifferentShapesAreRefused() throws {
        let wide = T5Parameters(
            configuration: T5Configuration(vocabularySize: 64, dModel: 24, dKV: 8, dFF: 32, numLayers: 1, numHeads: 2),
            seed: 1)
        let attention = AttentiveAggregator(members: 2, width: 16, seed: 1)
        for (members, rule) in [
            (EnsembleModel.Members.models([]), Aggregation.vote), (.adapters(base: wide, []), .vote),
            (.models([Self.members[0], wide]), .vote), (.models(Self.members), .attention(attention)),
            (.models([wide, wide]), .attention(attention)),
        ] {
            #expect(throws: UnlearningError.self) { try EnsembleModel(members: members, aggregation: rule) }
        }
    }

    @Test func aSavedEnsembleComesBackBitForBit() throws {
        let folder = try TestFolder()
        let adapters = try (0..<2).map { seed in
            var adapter = try LoRAParameters(
                configuration: LoRAConfiguration(rank: 2), model: Self.members[0].configuration, seed: UInt64(seed))
            for index in adapter.values.indices { adapter.values[index] += 0.01 * Float(index % 7) }
            return adapter
        }
        let models = [
            try EnsembleModel(members: .models(Self.members), aggregation: .vote),
            try EnsembleModel(
                members: .models(Self.members),
                aggregation: .attention(AttentiveAggregator(members: 3, width: 16, seed: 4))),
            try EnsembleModel(
                members: .adapters(base: Self.members[0], adapters), aggregation: .meanLogProbability),
        ]
        for (index, model) in models.enumerated() {
            let path = Files.join(folder.path, "\(index)")
            try EnsembleFolder.save(model, tokenizer: nil, to: path)
            #expect(EnsembleFolder.isEnsemble(path))
            #expect(try EnsembleFolder.load(path).ensemble == model)
            #expect(throws: FileError.self) { try EnsembleFolder.save(model, tokenizer: nil, to: path) }
        }
    }

    @Test(arguments: [
        "", "{}", "[]", #"{"format":"lethe-ensemble"}"#,
        #"{"format":"lethe-ensemble","version":2,"kind":"models","members":3,"aggregation":"vote"}"#,
        #"{"format":"lethe-ensemble","version":1,"kind":"models","members":0,"aggregation":"vote"}"#,
        #"{"format":"lethe-ensemble","version":1,"kind":"models","members":99999999999999999999,"aggregation":"vote"}"#,
        #"{"format":"lethe-ensemble","version":1,"kind":"models","members":4,"aggregation":"vote"}"#,
        #"{"format":"lethe-ensemble","version":1,"kind":"sums","members":3,"aggregation":"vote"}"#,
        #"{"format":"lethe-ensemble","version":1,"kind":"models","members":3,"aggregation":"median"}"#,
        #"{"format":"lethe-ensemble","version":1,"kind":"models","members":3,"aggregation":"attention"}"#,
        #"{"format":"lethe-ensemble","version":1,"kind":"adapters","members":3,"aggregation":"vote"}"#,
    ])
    func damagedDescriptionsAreRefused(_ text: String) throws {
        let folder = try TestFolder()
        let path = Files.join(folder.path, "ensemble")
        try EnsembleFolder.save(
            try EnsembleModel(members: .models(Self.members), aggregation: .vote), tokenizer: nil, to: path)
        try Files.write(Array(text.utf8), to: Files.join(path, "ensemble.json"))
        #expect(throws: (any Error).self) { try EnsembleFolder.load(path) }
    }
}
