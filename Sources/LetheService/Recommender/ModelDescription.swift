import Foundation
public import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheTransformer

/// What a model folder, an adapter's folder or a bare configuration holds: shape, parameters by module, digest.
public struct ModelDescription: Sendable {
    /// The digest of the folder by the rule of OpenSSF model signing; empty for a configuration alone.
    public let digest: String
    /// All parameters.
    public let parameters: Int
    /// Parameters by module, in the model's order.
    public let modules: [(name: String, parameters: Int)]
    private let shape: String
    /// Parameters of an adapter on q and v of this shape, where one was asked for.
    private let adapter: (rank: Int, parameters: Int)?

    /// Describes what is at `path`.
    ///
    /// A model's folder is read and checked whole; a `config.json`, or a folder that has one but neither weights nor vocabulary, is
    /// described by its shape; a PEFT folder by its adapter.
    /// - Parameter loraRank: the rank of an adapter on q and v whose parameters are to be counted besides.
    /// - Throws: `FileError` that names the file and what is wrong with it; `ModelError` for a rank out of range.
    public init(path: String, loraRank: Int? = nil) throws {
        if Files.kind(path) == .folder, Files.exists(Files.join(path, "adapter_config.json")) {
            let adapter = try PEFTFolder.describe(path)
            shape =
                "LoRA, rank \(adapter.configuration.rank), alpha \(adapter.configuration.alpha), on "
                + adapter.configuration.targets.joined(separator: ", ")
            modules = Self.grouped(adapter.tensors) { name in
                let module = name.dropFirst("base_model.model.".count)
                return String(module.prefix(upTo: module.range(of: ".lora_")?.lowerBound ?? module.endIndex))
            }
            digest = try ModelDigest(folder: path).digest.hex
            self.adapter = nil
        } else {
            let isFolder = Files.kind(path) == .folder
            let configuration =
                isFolder
                ? try HuggingFaceFolder.loadConfiguration(path) : try HuggingFaceFolder.loadConfigurationFile(path)
            if isFolder, HuggingFaceFolder.isModel(path) {
                _ = try HuggingFaceFolder.loadModel(path)
                digest = try ModelDigest(folder: path).digest.hex
            } else {
                digest = ""
            }
            shape =
                "T5, d_model \(configuration.dModel), d_ff \(configuration.dFF), \(configuration.numHeads) heads of "
                + "\(configuration.dKV), \(configuration.numLayers)+\(configuration.numDecoderLayers) layers, "
                + "vocabulary \(configuration.vocabularySize)"
            modules = Self.grouped(configuration.layout.entries.map { ($0.name, $0.count) }) { name in
                let parts = name.split(separator: ".")
                return parts.prefix(parts.count > 2 && parts[1] == "block" ? 3 : 1).joined(separator: ".")
            }
            adapter = try loraRank.map { rank in
                let adapter = LoRAConfiguration(rank: rank, dropout: 0)
                return (rank, try LoRAParameters.count(configuration: adapter, model: configuration))
            }
        }
        parameters = modules.reduce(0) { $0 + $1.parameters }
    }

    /// Sums of neighbours that `module` gives one name.
    private static func grouped(
        _ tensors: [(name: String, count: Int)], by module: (String) -> String
    ) -> [(name: String, parameters: Int)] {
        var modules: [(name: String, parameters: Int)] = []
        for tensor in tensors {
            let name = module(tensor.name)
            if modules.last?.name == name {
                modules[modules.count - 1].parameters += tensor.count
            } else {
                modules.append((name, tensor.count))
            }
        }
        return modules
    }

    /// For people.
    public var text: String {
        var rows = [("shape", shape), ("parameters", Self.grouped(parameters))]
        if let adapter {
            rows.append(("adapter", "\(Self.grouped(adapter.parameters)) of LoRA, rank \(adapter.rank), on q and v"))
        }
        if !digest.isEmpty { rows.append(("digest", digest)) }
        let width = modules.map(\.name.count).max() ?? 0
        let counts = modules.map { Self.grouped($0.parameters) }
        let digits = counts.map(\.count).max() ?? 0
        func spaces(_ count: Int) -> String { String(repeating: " ", count: max(0, count)) }
        let lines = zip(modules, counts).map { module, count in
            module.name + spaces(width - module.name.count) + "  " + spaces(digits - count.count) + count
        }
        return (rows.map { $0.0 + spaces(12 - $0.0.count) + $0.1 } + [""] + lines).joined(separator: "\n")
    }

    /// Digits in groups of three.
    private static func grouped(_ number: Int) -> String {
        let digits = Array(String(number))
        return digits.indices.map { index in
            (index > 0 && (digits.count - index) % 3 == 0 ? "," : "") + String(digits[index])
        }.joined()
    }

    /// For programs.
    public var json: JSONValue {
        var members: [String: JSONValue] = [
            "shape": .string(shape), "parameters": JSONValue(parameters), "digest": .string(digest),
            "modules": .object(
                Dictionary(modules.map { ($0.name, JSONValue($0.parameters)) }) { first, _ in first }),
        ]
        if let adapter {
            members["adapter"] = ["rank": JSONValue(adapter.rank), "parameters": JSONValue(adapter.parameters)]
        }
        return .object(members)
    }
}
