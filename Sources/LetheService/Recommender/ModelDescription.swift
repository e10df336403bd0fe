public import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheTransformer

/// What a model folder holds: shape, parameters by module, digest.
public struct ModelDescription: Sendable {
    /// The digest of the folder by the rule of OpenSSF model signing.
    public let digest: String
    /// All parameters.
    public let parameters: Int
    /// Parameters by module, in the model's order.
    public let modules: [(name: String, parameters: Int)]
    private let shape: String

    /// Reads the model in `folder`.
    /// - Throws: `FileError` that names the file and what is wrong with it.
    public init(folder: String) throws {
        let model = try HuggingFaceFolder.loadModel(folder).parameters
        let configuration = model.configuration
        digest = try ModelDigest(folder: folder).digest.hex
        parameters = model.values.count
        shape =
            "T5, d_model \(configuration.dModel), d_ff \(configuration.dFF), \(configuration.numHeads) heads of "
            + "\(configuration.dKV), \(configuration.numLayers)+\(configuration.numDecoderLayers) layers, "
            + "vocabulary \(configuration.vocabularySize)"
        var modules: [(name: String, parameters: Int)] = []
        for entry in model.layout.entries {
            let parts = entry.name.split(separator: ".")
            let depth = parts.count > 2 && parts[1] == "block" ? 3 : 1
            let name = parts.prefix(depth).joined(separator: ".")
            if modules.last?.name == name {
                modules[modules.count - 1].parameters += entry.range.count
            } else {
                modules.append((name, entry.range.count))
            }
        }
        self.modules = modules
    }

    /// For people.
    public var text: String {
        let width = modules.map(\.name.count).max() ?? 0
        let lines = modules.map {
            $0.name + String(repeating: " ", count: width - $0.name.count) + "  \($0.parameters)"
        }
        return (["shape       \(shape)", "parameters  \(parameters)", "digest      \(digest)", ""] + lines)
            .joined(separator: "\n")
    }

    /// For programs.
    public var json: JSONValue {
        [
            "shape": .string(shape), "parameters": .string("\(parameters)"), "digest": .string(digest),
            "modules": .object(
                Dictionary(modules.map { ($0.name, .string("\($0.parameters)")) }) { first, _ in first }),
        ]
    }
}
