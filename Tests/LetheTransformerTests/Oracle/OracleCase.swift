import LetheTensor
import Testing

@testable import LetheTransformer

/// One folder of the outside fixtures, made by Hugging Face transformers and PEFT: see its README.
struct OracleCase: CustomTestStringConvertible, Sendable {
    let name: String
    let configuration: T5Configuration

    var testDescription: String { name }

    static let v10 = OracleCase(name: "t5v10", configuration: shape())
    static let v11 = OracleCase(name: "t5v11", configuration: shape(.gatedGelu, tied: false))
    static let long = OracleCase(name: "t5v10_long", configuration: shape(layers: 1))
    static let all = [v10, v11, long]
    /// Those with AdamW steps and E2URec terms.
    static let full = [v10, v11]

    /// What every fixture's `config.json` says, but for these three.
    private static func shape(
        _ projection: FeedForwardProjection = .relu, tied: Bool = true, layers: Int = 2
    ) -> T5Configuration {
        T5Configuration(
            vocabularySize: 96, dModel: 32, dKV: 8, dFF: 48, numLayers: layers, numHeads: 4, dropoutRate: 0,
            feedForwardProjection: projection, tieWordEmbeddings: tied)
    }

    /// The adapters of the fixtures.
    static let adapter = LoRAConfiguration(rank: 4, alpha: 8, dropout: 0)

    func file(_ path: String) throws -> SafetensorsFile {
        try SafetensorsFile.parse(SharedFiles.read("oracle/fixtures/\(name)/\(path).safetensors"))
    }

    /// All tensors of a file.
    func tensors(_ path: String) throws -> [String: Tensor] {
        let file = try file(path)
        var tensors: [String: Tensor] = [:]
        for name in file.names {
            tensors[name] = Tensor(shape: try file.tensor(name).shape, values: try file.floats(name))
        }
        return tensors
    }

    func model(_ path: String = "model") throws -> T5Parameters {
        try T5Parameters(configuration: configuration, tensors: tensors(path))
    }

    func lora() throws -> LoRAParameters {
        try LoRAParameters(
            configuration: OracleCase.adapter, model: configuration, tensors: tensors("lora/adapter_model"))
    }

    /// The batch of a file; without the mask its padding is read as tokens, as the published code does.
    func batch(_ path: String = "batch", isMasked: Bool = true) throws -> OracleBatch {
        let file = try file(path)
        let shape = try file.tensor("input_ids").shape
        let targets = try file.tensor("labels").shape[1]
        let (ids, mask, labels) = (
            try file.int64s("input_ids"), try file.int64s("attention_mask"), try file.int64s("labels")
        )
        var examples: [Example] = []
        for row in 0..<shape[0] {
            let columns = (0..<shape[1]).filter { !isMasked || mask[row * shape[1] + $0] != 0 }
            examples.append(
                Example(
                    inputIDs: columns.map { Int32(ids[row * shape[1] + $0]) },
                    labels: (0..<targets).map { Int32(labels[row * targets + $0]) }))
        }
        return OracleBatch(examples: examples, paddedLength: shape[1])
    }
}

/// A batch of the fixtures as examples; padded label positions stay, with the ignored label.
struct OracleBatch {
    let examples: [Example]
    let paddedLength: Int

    /// Labels that count.
    var labelCount: Int { examples.map { $0.labels.count { $0 != Example.ignoredLabel } }.reduce(0, +) }
    /// Positions that are decoded.
    var positionCount: Int { examples.map(\.labels.count).reduce(0, +) }

    /// Items whose objective is the mean of the label losses over the batch, plus a mean divergence from teachers.
    func items(labelWeight: Float = 1, teachers: [[Float]]? = nil, teacherWeight: Float = 0) -> [TrainingItem] {
        examples.indices.map { index in
            TrainingItem(
                example: examples[index], labelWeight: labelWeight / Float(labelCount), teacherLogits: teachers?[index],
                teacherWeight: teacherWeight / Float(positionCount))
        }
    }
}

/// The tolerances that the fixtures' README measured and recommends; absolute, float32.
enum Tolerance {
    static let logits: Float = 1e-4
    static let adapterLogits: Float = 5e-4
    static let loss = 2e-5
    static let merged: Float = 2e-6
    /// Gradients: this plus `gradientShare` of the tensor's largest element.
    static let gradient: Float = 1e-4
    static let gradientShare: Float = 1e-3
    /// AdamW after one step: nearly all elements within this, every one within twice the learning rate.
    static let step: Float = 2e-6
    static let stepShare = 0.99
}

/// The largest absolute difference.
func distance(_ a: [Float], _ b: [Float]) -> Float {
    guard a.count == b.count else { return .infinity }
    return zip(a, b).map { ($0 - $1).isNaN ? .infinity : abs($0 - $1) }.max() ?? 0
}
