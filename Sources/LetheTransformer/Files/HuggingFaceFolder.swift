public import LetheBytes
import LetheTensor

/// A T5 as a folder of Hugging Face: `config.json`, `model.safetensors` and, with its tokenizer, `spiece.model`.
///
/// Every damage is a `FileError` that names the file, what was expected and what was found.
public enum HuggingFaceFolder {
    /// What such a folder holds.
    public struct Model: Sendable {
        /// The weights with their configuration.
        public let parameters: T5Parameters
        /// The tokenizer, where the folder has one.
        public let tokenizer: SentencePieceTokenizer?

        /// Makes a model of its parts.
        public init(parameters: T5Parameters, tokenizer: SentencePieceTokenizer?) {
            self.parameters = parameters
            self.tokenizer = tokenizer
        }
    }

    static let configurationName = "config.json"
    static let weightsName = "model.safetensors"
    static let vocabularyName = "spiece.model"
    static let tokenizerConfigurationName = "tokenizer_config.json"
    private static let vocabularySizeLimit = 1 << 28
    /// Bytes of one weight file at most, Hugging Face's own limit.
    public static let defaultShardSize = 5_000_000_000

    /// Whether the folder at `path` is meant as a whole model: it has weights, in one file or in several, or a vocabulary, beside
    /// which weights must not be missing.
    public static func isModel(_ path: String) -> Bool {
        [weightsName, weightsName + ".index.json", vocabularyName].contains { Files.exists(Files.join(path, $0)) }
    }

    /// Reads the model in the folder at `path`.
    public static func loadModel(_ path: String) throws(FileError) -> Model {
        let configuration = try loadConfiguration(path)
        let tokenizer = try loadTokenizer(path, configuration)
        return Model(parameters: try loadParameters(path, configuration), tokenizer: tokenizer)
    }

    /// Reads only the shape of the model in the folder at `path`.
    public static func loadConfiguration(_ path: String) throws(FileError) -> T5Configuration {
        guard Files.exists(path) else { throw .notFound(path: path) }
        guard Files.kind(path) == .folder else { throw .notAFolder(path: path) }
        return try loadConfigurationFile(Files.join(path, configurationName))
    }

    /// Reads the shape of a model from a `config.json` of its own.
    public static func loadConfigurationFile(_ path: String) throws(FileError) -> T5Configuration {
        try T5Configuration(fields: ConfigurationFields(path: path))
    }

    /// Writes a model as a new folder; nothing of it is visible before all of it is on the disk.
    ///
    /// A tied head and other copies of the embedding are not written. Weights of more than `shardSize` bytes go into several files
    /// with an index beside them, as Hugging Face writes them.
    /// - Throws: `.alreadyExists` when something is at `path` and `replace` is false.
    public static func saveModel(
        _ parameters: T5Parameters, tokenizer: SentencePieceTokenizer?, to path: String, replace: Bool = false,
        shardSize: Int = defaultShardSize, companions: [(name: String, bytes: [UInt8])] = []
    ) throws(FileError) {
        try Files.writeFolder(path, replace: replace) { (folder: String) throws(FileError) in
            try Files.write(
                parameters.configuration.fileContent.prettyBytes(), to: Files.join(folder, configurationName))
            try WeightShards.write(parameters, to: folder, limit: shardSize)
            for file in companions { try Files.write(file.bytes, to: Files.join(folder, file.name)) }
            guard let tokenizer else { return }
            try Files.write(tokenizer.modelBytes, to: Files.join(folder, vocabularyName))
            let content = tokenizerContent(tokenizer)
            try Files.write(content.prettyBytes(), to: Files.join(folder, tokenizerConfigurationName))
        }
    }

    private static func loadParameters(
        _ path: String, _ configuration: T5Configuration
    ) throws(FileError) -> T5Parameters {
        let weightsPath = Files.join(path, weightsName)
        let shards = Files.exists(weightsPath) ? nil : try WeightShards.load(path)
        let tensors: [String: LetheTensor.Tensor]
        if let shards {
            tensors = try shards.tensors(for: configuration.layout)
        } else {
            tensors = try SafetensorsFile.load(weightsPath).floatTensors(for: configuration.layout, path: weightsPath)
        }
        do {
            return try T5Parameters(configuration: configuration, tensors: tensors)
        } catch {
            throw .malformed(path: shards?.indexPath ?? weightsPath, reason: "\(error)")
        }
    }

    private static func loadTokenizer(
        _ path: String, _ configuration: T5Configuration
    ) throws(FileError) -> SentencePieceTokenizer? {
        let vocabularyPath = Files.join(path, vocabularyName)
        guard Files.exists(vocabularyPath) else { return nil }
        let bytes = try Files.read(vocabularyPath, limit: vocabularySizeLimit)
        let extraIDs = try extraIDs(path)
        do {
            return try SentencePieceTokenizer.load(bytes, rows: configuration.vocabularySize, extraIDs: extraIDs)
        } catch {
            throw .malformed(path: vocabularyPath, reason: "\(error)")
        }
    }

    /// The number of sentinels in the tokenizer's configuration, where the folder has one that says it.
    private static func extraIDs(_ path: String) throws(FileError) -> Int? {
        let configurationPath = Files.join(path, tokenizerConfigurationName)
        guard Files.exists(configurationPath) else { return nil }
        let fields = try ConfigurationFields(path: configurationPath)
        guard fields["extra_ids"] != nil else { return nil }
        let count = try fields.integer("extra_ids", default: 0)
        guard (0...SentencePieceTokenizer.maximumExtraIDs).contains(count) else {
            throw fields.unexpected("extra_ids", "0 to \(SentencePieceTokenizer.maximumExtraIDs)")
        }
        return count
    }

    private static func tokenizerContent(_ tokenizer: SentencePieceTokenizer) -> JSONValue {
        [
            "tokenizer_class": "T5Tokenizer",
            "extra_ids": JSONValue(tokenizer.extraIDs),
            "additional_special_tokens": .array((0..<tokenizer.extraIDs).map { .string("<extra_id_\($0)>") }),
            "pad_token": "<pad>",
            "eos_token": "</s>",
            "unk_token": "<unk>",
        ]
    }
}

extension SafetensorsFile {
    /// All tensors as numbers in memory, after a check that the file has as many as `layout`: whatever a configuration
    /// claims, memory is only taken for what is there.
    func floatTensors(for layout: ParameterLayout, path: String) throws(FileError) -> [String: LetheTensor.Tensor] {
        do {
            try checkShapes(layout)
            if tensors.values.reduce(0, { $0 + $1.count }) < layout.count {
                throw SafetensorsError.missing(name: layout.names.first { tensors[$0] == nil } ?? "?")
            }
            return try floatTensors()
        } catch {
            throw .malformed(path: path, reason: "\(error)")
        }
    }

    /// All tensors as numbers in memory.
    func floatTensors() throws(SafetensorsError) -> [String: LetheTensor.Tensor] {
        var values: [String: LetheTensor.Tensor] = [:]
        for (name, tensor) in tensors {
            values[name] = LetheTensor.Tensor(shape: tensor.shape, values: try floats(name))
        }
        return values
    }
}
