public import LetheBytes
public import LetheTransformer

/// An ensemble as a folder: `ensemble.json`, then a Hugging Face folder `member-N` each, or one `base` and a PEFT folder `adapter-N`
/// each; learned attention lies in `attention.safetensors` as one tensor `values`.
///
/// Hugging Face's own loaders read every member; they do not know how to make one answer of them, which is what `aggregation` says.
public enum EnsembleFolder {
    static let descriptionName = "ensemble.json"
    static let attentionName = "attention.safetensors"
    /// The most members that a file may name.
    private static let limit = 4096

    /// An ensemble with its vocabulary.
    public struct Model: Sendable {
        /// The members and their rule.
        public let ensemble: EnsembleModel
        /// The vocabulary, where the folder has one.
        public let tokenizer: SentencePieceTokenizer?
    }

    /// Writes an ensemble as a new folder; nothing of it is visible before all of it is on the disk.
    /// - Throws: `.alreadyExists` when something is at `path`.
    public static func save(
        _ model: EnsembleModel, tokenizer: SentencePieceTokenizer?, to path: String
    ) throws(FileError) {
        try Files.writeFolder(path, replace: false) { (folder: String) throws(FileError) in
            let kind: String
            switch model.members {
            case .models(let models):
                kind = "models"
                for (index, member) in models.enumerated() {
                    try HuggingFaceFolder.saveModel(
                        member, tokenizer: tokenizer, to: Files.join(folder, "member-\(index + 1)"))
                }
            case .adapters(let base, let adapters):
                kind = "adapters"
                try HuggingFaceFolder.saveModel(base, tokenizer: tokenizer, to: Files.join(folder, "base"))
                for (index, adapter) in adapters.enumerated() {
                    try PEFTFolder.saveAdapter(
                        adapter, baseModel: "../base", to: Files.join(folder, "adapter-\(index + 1)"))
                }
            }
            if case .attention(let attention) = model.aggregation {
                try Safetensors.write(
                    [.init(name: "values", shape: [attention.values.count], floats: attention.values)],
                    to: Files.join(folder, attentionName))
            }
            let description: JSONValue = [
                "format": "lethe-ensemble", "version": JSONValue(1), "kind": .string(kind),
                "members": JSONValue(model.count), "aggregation": .string(model.aggregation.name),
            ]
            try Files.write(description.prettyBytes(), to: Files.join(folder, descriptionName))
        }
    }

    /// Whether the folder at `path` is that of an ensemble.
    public static func isEnsemble(_ path: String) -> Bool { Files.exists(Files.join(path, descriptionName)) }

    /// Reads the ensemble in the folder at `path`.
    /// - Throws: `UnlearningError.damaged` for a description that is not one, and the errors of the members' own formats.
    public static func load(_ path: String) throws -> Model {
        let file = Files.join(path, descriptionName)
        func damaged(_ problem: String) -> UnlearningError { .damaged(path: file, problem: problem) }
        let description: JSONValue
        do { description = try StrictJSON.parse(try Files.read(file, limit: 1 << 16)) } catch let error as JSONError {
            throw damaged("\(error)")
        }
        guard description["format"]?.stringValue == "lethe-ensemble", description["version"] == JSONValue(1) else {
            throw damaged("expected format lethe-ensemble, version 1")
        }
        guard case .number(let text)? = description["members"], let count = Int(text), (1...limit).contains(count)
        else { throw damaged("expected members from 1 to \(limit)") }

        var tokenizer: SentencePieceTokenizer?
        let members: EnsembleModel.Members
        switch description["kind"]?.stringValue {
        case "models":
            members = .models(
                try (1...count).map {
                    let member = try HuggingFaceFolder.loadModel(Files.join(path, "member-\($0)"))
                    tokenizer = member.tokenizer
                    return member.parameters
                })
        case "adapters":
            let base = try HuggingFaceFolder.loadModel(Files.join(path, "base"))
            tokenizer = base.tokenizer
            members = .adapters(
                base: base.parameters,
                try (1...count).map {
                    try PEFTFolder.loadAdapter(
                        Files.join(path, "adapter-\($0)"), model: base.parameters.configuration)
                })
        default: throw damaged("expected kind models or adapters")
        }

        let name = description["aggregation"]?.stringValue ?? ""
        let aggregation: Aggregation
        if name == "attention" {
            let width =
                switch members {
                case .models(let models): models.first?.configuration.dModel ?? 0
                case .adapters(let base, _): base.configuration.dModel
                }
            let weights = try SafetensorsFile.load(Files.join(path, attentionName)).floats("values")
            aggregation = .attention(try AttentiveAggregator(members: count, width: width, values: weights))
        } else if let rule = Aggregation(name: name) {
            aggregation = rule
        } else {
            throw damaged(
                "expected an aggregation, one of mean-probability, mean-log-probability, vote, mean-logit, attention")
        }
        return Model(ensemble: try EnsembleModel(members: members, aggregation: aggregation), tokenizer: tokenizer)
    }
}
