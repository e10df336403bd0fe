import LetheTensor

@testable import LetheTransformer

/// Random models and examples small enough for the naive twin.
enum TinyModels {
    /// A shape in which no two widths agree.
    static func shape(
        _ projection: FeedForwardProjection = .relu, tied: Bool = true, dropout: Float = 0
    ) -> T5Configuration {
        T5Configuration(
            vocabularySize: 13, dModel: 6, dKV: 3, dFF: 7, numLayers: 2, numDecoderLayers: 2, numHeads: 3,
            dropoutRate: dropout, feedForwardProjection: projection, tieWordEmbeddings: tied)
    }

    /// Weights of which none is at its default: norms away from 1, biases not tiny.
    static func model(_ configuration: T5Configuration, seed: UInt64 = 1) -> T5Parameters {
        var model = T5Parameters(configuration: configuration, seed: seed)
        var generator = SeededGenerator(seed: seed &+ 100)
        for entry in model.layout.entries {
            for index in entry.range {
                if entry.name.hasSuffix("layer_norm.weight") {
                    model.values[index] = Float(0.5 + generator.nextUniform())
                } else if entry.name.contains("relative_attention_bias") {
                    model.values[index] = Float(generator.nextNormal())
                }
            }
        }
        return model
    }

    /// An adapter whose B is not zero.
    static func adapter(_ model: T5Parameters, _ targets: [String] = ["q", "v"], dropout: Float = 0) throws
        -> LoRAParameters
    {
        var adapter = try LoRAParameters(
            configuration: LoRAConfiguration(rank: 2, alpha: 3, dropout: dropout, targets: targets),
            model: model.configuration, seed: 5)
        var generator = SeededGenerator(seed: 6)
        for index in adapter.values.indices { adapter.values[index] = Float(generator.nextNormal() * 0.3) }
        return adapter
    }

    /// Examples of these lengths, some labels ignored.
    static func examples(_ lengths: [(source: Int, target: Int)], seed: UInt64 = 3) -> [Example] {
        var generator = SeededGenerator(seed: seed)
        return lengths.map { source, target in
            Example(
                inputIDs: (0..<source).map { _ in Int32.random(in: 1..<13, using: &generator) },
                labels: (0..<target).map { position in
                    position % 3 == 2 ? Example.ignoredLabel : Int32.random(in: 1..<13, using: &generator)
                })
        }
    }

    /// Items with different weights, every other one with a teacher.
    static func items(_ lengths: [(source: Int, target: Int)] = [(5, 3), (1, 1), (9, 4)], seed: UInt64 = 3)
        -> [TrainingItem]
    {
        var generator = SeededGenerator(seed: seed &+ 50)
        return examples(lengths, seed: seed).enumerated().map { index, example in
            let teacher = (0..<example.labels.count * 13).map { _ in Float(generator.nextNormal() * 2) }
            return TrainingItem(
                example: example, labelWeight: 0.5 + Float(index % 3) * 0.25,
                teacherLogits: index % 2 == 0 ? teacher : nil,
                teacherWeight: 0.7)
        }
    }
}
