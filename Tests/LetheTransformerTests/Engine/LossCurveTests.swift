import Foundation
import LetheBytes
import LetheTensor
import Testing

@testable import LetheTransformer

/// The first hundred steps at the tiny shape, against PyTorch (Scripts/check-interchange --record made the fixture).
struct LossCurveTests {
    private static let path = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../Fixtures/loss-curve.json").path

    @Test func aHundredStepsFollowPyTorch() throws {
        let fixture = try StrictJSON.parse(try Files.read(Self.path, limit: 1 << 20))
        func ids(_ value: JSONValue?) throws -> [Int32] {
            try #require(value?.arrayValue).compactMap { $0.intValue.map(Int32.init) }
        }
        let examples = try #require(fixture["examples"]?.arrayValue).map {
            Example(inputIDs: try ids($0["input_ids"]), labels: try ids($0["labels"]))
        }
        let expected = try #require(fixture["losses"]?.arrayValue).compactMap(\.doubleValue)
        try #require(expected.count == 100 && examples.count == 44)
        var shape = T5Configuration.tiny(vocabularySize: try #require(fixture["vocab_size"]?.intValue))
        shape.dropoutRate = 0
        let trainer = Trainer(
            parameters: T5Parameters(configuration: shape, seed: 7),
            optimizer: AdamWConfiguration(
                learningRate: try #require(fixture["learning_rate"]?.doubleValue),
                weightDecay: try #require(fixture["weight_decay"]?.doubleValue)),
            dropoutSeed: 0, pool: WorkerPool(threads: 2))
        let batch = try #require(fixture["batch_size"]?.intValue)
        for step in expected.indices {
            let rows = (0..<batch).map { examples[(step * batch + $0) % examples.count] }
            let labels = Float(rows.map(\.labels.count).reduce(0, +))
            let loss = trainer.step(rows.map { TrainingItem(example: $0, labelWeight: 1 / labels) }).labelLoss
            #expect(abs(loss - expected[step]) < 1e-3, "step \(step + 1): \(loss), PyTorch \(expected[step])")
        }
    }
}
