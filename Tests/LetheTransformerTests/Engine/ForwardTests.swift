import LetheTensor
import Testing

@testable import LetheTransformer

struct ForwardTests {
    private let lengths = [(5, 3), (1, 1), (0, 2), (9, 4), (3, 0), (140, 30)]

    private func expectLogits(_ inference: Inference, _ naive: NaiveT5, _ examples: [Example]) {
        for (example, logits) in zip(examples, inference.logits(examples, positions: .all)) {
            let expected = naive.logits(example).flatMap { $0 }
            #expect(logits.count == example.labels.count * 13)
            for (found, expected) in zip(logits, expected) {
                #expect(abs(Double(found) - expected) < 2e-5 * max(1, abs(expected)))
            }
        }
    }

    @Test(arguments: FeedForwardProjection.allCases, [true, false])
    func logitsEqualTheNaiveTwin(_ projection: FeedForwardProjection, tied: Bool) {
        let model = TinyModels.model(TinyModels.shape(projection, tied: tied))
        let examples = TinyModels.examples(lengths.dropLast())
        expectLogits(Inference(parameters: model, pool: WorkerPool(threads: 1)), NaiveT5(model), examples)
    }

    @Test func logitsOfLongSequencesEqualTheNaiveTwin() {
        let model = TinyModels.model(TinyModels.shape())
        let examples = TinyModels.examples([(140, 30)])
        expectLogits(Inference(parameters: model, pool: WorkerPool(threads: 1)), NaiveT5(model), examples)
    }

    @Test func logitsWithAdapterEqualTheNaiveTwin() throws {
        let model = TinyModels.model(TinyModels.shape(.gatedGelu, tied: false))
        let adapter = try TinyModels.adapter(model, ["q", "k", "v", "o", "wi_0", "wi_1", "wo"])
        let inference = Inference(parameters: model, adapter: adapter, pool: WorkerPool(threads: 1))
        expectLogits(inference, NaiveT5(model, adapter: adapter), TinyModels.examples(lengths.dropLast()))
    }

    @Test func anAdapterGivesTheBitsOfTheMergedModel() throws {
        let model = TinyModels.model(TinyModels.shape())
        let adapter = try TinyModels.adapter(model)
        let examples = TinyModels.examples(lengths)
        let pool = WorkerPool(threads: 1)
        #expect(
            Inference(parameters: model, adapter: adapter, pool: pool).logits(examples, positions: .all)
                == Inference(parameters: adapter.merged(into: model), pool: pool).logits(examples, positions: .all))
    }

    @Test func aFreshAdapterChangesNothing() throws {
        let model = TinyModels.model(TinyModels.shape())
        let adapter = try LoRAParameters(configuration: LoRAConfiguration(), model: model.configuration, seed: 1)
        #expect(adapter.merged(into: model) == model)
        #expect(adapter.values.contains { $0 != 0 })
    }

    @Test func theFirstPositionIsTheFirstOfAll() {
        let model = TinyModels.model(TinyModels.shape())
        let inference = Inference(parameters: model, pool: WorkerPool(threads: 1))
        let examples = TinyModels.examples(lengths)
        let all = inference.logits(examples, positions: .all)
        for (first, all) in zip(inference.logits(examples, positions: .first), all) {
            #expect(first.count == min(13, all.count))
            #expect(distance(first, Array(all.prefix(13))) < 1e-5)
        }
    }

    @Test func thousandsOfTokensStreamInOrder() {
        let model = TinyModels.model(TinyModels.shape())
        let inference = Inference(parameters: model, pool: WorkerPool(threads: 2))
        let examples = TinyModels.examples((0..<60).map { (100 + $0, 1) })
        var seen: [Int] = []
        inference.forEachLogits(examples, positions: .first) { index, logits in
            seen.append(index)
            #expect(logits.count == 13)
            if index % 20 == 7 {
                let alone = inference.logits([examples[index]], positions: .first)[0]
                #expect(distance(logits, alone) < 1e-5)
            }
        }
        #expect(seen == Array(0..<60))
    }

    @Test func theLabelLossIsThatOfTheNaiveTwin() {
        let model = TinyModels.model(TinyModels.shape())
        let inference = Inference(parameters: model, pool: WorkerPool(threads: 2))
        let examples = TinyModels.examples(lengths.dropLast())
        let loss = inference.labelLoss(examples)
        let expected = NaiveT5(model).objective(examples.map { TrainingItem(example: $0) })
        #expect(abs(loss.sum - expected) < 1e-5 * expected)
        // Of 3, 1, 2, 4 and 0 labels every third is ignored.
        #expect(loss.count == 8)
        #expect(loss.mean == loss.sum / 8)
        #expect(inference.labelLoss([]) == LabelLoss(sum: 0, count: 0))
        #expect(LabelLoss(sum: 0, count: 0).mean == 0)
    }

    @Test func noExamplesHaveNoLogits() {
        let model = TinyModels.model(TinyModels.shape())
        #expect(Inference(parameters: model, pool: WorkerPool(threads: 2)).logits([], positions: .all).isEmpty)
    }

    @Test func aThrowingBodyEndsTheStream() {
        struct Enough: Error {}
        let inference = Inference(parameters: TinyModels.model(TinyModels.shape()), pool: WorkerPool(threads: 1))
        var count = 0
        #expect(throws: Enough.self) {
            try inference.forEachLogits(TinyModels.examples([(2, 1), (3, 1)]), positions: .all) { _, _ throws(Enough) in
                count += 1
                throw Enough()
            }
        }
        #expect(count == 1)
    }
}
