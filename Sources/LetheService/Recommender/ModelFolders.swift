public import LetheBytes
import LetheTensor
import LetheTransformer

/// What can be done with model folders alone, without a workspace.
public enum ModelFolders {
    /// Writes the teacher-forced logits of every line of `input`: tensor "0", "1", … one a line, [labels, vocabulary].
    ///
    /// - Parameters:
    ///   - adapter: a PEFT folder whose adapter is merged first; nil for the model alone.
    ///   - maximumTokens: the most tokens of a prompt given as text.
    /// - Returns: the number of lines.
    /// - Throws: `EngineError` for a line, `FileError` for a file. Nothing is written then.
    public static func logits(
        model: String, adapter: String?, input: String, output: String, threads: Int, maximumTokens: Int,
        progress: (ServiceProgress) -> Void
    ) throws -> Int {
        try checkRange("--threads", threads, 1...1024)
        try checkRange("--maximum-tokens", maximumTokens, 1...(1 << 16))
        let loaded = try HuggingFaceFolder.loadModel(model)
        let configuration = loaded.parameters.configuration
        let examples = try TokenizedExamples(
            path: input, configuration: configuration, tokenizer: loaded.tokenizer, maximumTokens: maximumTokens
        ).examples
        let inference = Inference(
            parameters: loaded.parameters,
            adapter: try adapter.map { try PEFTFolder.loadAdapter($0, model: configuration) },
            pool: WorkerPool(threads: threads))
        let writer = try SafetensorsWriter(
            path: output,
            examples.indices.map {
                .init(name: "\($0)", shape: [examples[$0].labels.count, configuration.vocabularySize])
            })
        progress(.began(stage: "logits", units: examples.count))
        try inference.forEachLogits(examples, positions: .all) { (_, logits) throws(FileError) in
            try writer.append(logits)
            progress(.advanced(units: 1))
        }
        try writer.commit()
        return examples.count
    }

    /// Writes the model with an adapter's update added to its weights, as a new folder.
    /// - Throws: `FileError.alreadyExists` where something is at `output`.
    public static func merge(model: String, adapter: String, output: String, shardSize: Int?) throws -> JSONValue {
        if let shardSize { try checkRange("--maximum-shard-size", shardSize, (1 << 10)...Int.max) }
        guard !Files.exists(output) else { throw FileError.alreadyExists(path: output) }
        let loaded = try HuggingFaceFolder.loadModel(model)
        let update = try PEFTFolder.loadAdapter(adapter, model: loaded.parameters.configuration)
        try HuggingFaceFolder.saveModel(
            update.merged(into: loaded.parameters), tokenizer: loaded.tokenizer, to: output,
            shardSize: shardSize ?? HuggingFaceFolder.defaultShardSize)
        return [
            "folder": .string(output), "parameters": JSONValue(loaded.parameters.values.count),
            "merged_modules": JSONValue(update.modules.count),
        ]
    }

    static func checkRange(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws(EngineError) {
        guard range.contains(value) else {
            throw .invalidSetting(
                name: name, found: "\(value)",
                expected: range.upperBound == Int.max
                    ? "at least \(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)")
        }
    }
}
