import LetheBytes
import LetheTensor

/// Weights in several safetensors files: `model.safetensors.index.json` says which tensor is in which.
///
/// The index is as hostile as the files: a name of a file must lie in the folder, every tensor must be where the index says,
/// and no file may hold one that the index does not give to it.
struct WeightShards: Sendable {
    let indexPath: String
    private let folder: String
    /// The file of every tensor.
    private let files: [String: String]

    private static let indexName = "model.safetensors.index.json"
    /// An index names every tensor once: larger ones are not read.
    private static let indexSizeLimit = 1 << 26

    /// Reads the index in `folder`, nil where there is none.
    static func load(_ folder: String) throws(FileError) -> WeightShards? {
        let path = Files.join(folder, indexName)
        guard Files.exists(path) else { return nil }
        let map: [String: JSONValue]
        do {
            let value = try StrictJSON.parse(try Files.read(path, limit: indexSizeLimit))
            guard let members = value["weight_map"]?.objectValue, !members.isEmpty else {
                throw FileError.malformed(
                    path: path, reason: "expected weight_map, an object of tensors and their files")
            }
            map = members
        } catch let error as FileError {
            throw error
        } catch {
            throw .malformed(path: path, reason: "\(error)")
        }
        var files: [String: String] = [:]
        for (tensor, file) in map {
            guard let name = file.stringValue, name.hasSuffix(".safetensors"), name.utf8.count <= 255,
                name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "/") }), !name.hasPrefix(".")
            else {
                throw .malformed(
                    path: path,
                    reason:
                        "weight_map gives \(String(reflecting: tensor.prefix(120))) no file name ….safetensors of this folder"
                )
            }
            files[tensor] = name
        }
        return WeightShards(indexPath: path, folder: folder, files: files)
    }

    /// All tensors of all files, each file read once and let go.
    func tensors(for layout: ParameterLayout) throws(FileError) -> [String: LetheTensor.Tensor] {
        if let missing = layout.names.first(where: { files[$0] == nil && !$0.hasPrefix("shared.") }) {
            throw .malformed(path: indexPath, reason: "\(SafetensorsError.missing(name: missing))")
        }
        var tensors: [String: LetheTensor.Tensor] = [:]
        for name in Set(files.values).sorted() {
            let path = Files.join(folder, name)
            let file = try SafetensorsFile.load(path)
            do {
                for tensor in file.names where files[tensor] != name {
                    throw SafetensorsError.entry(
                        name: tensor, "stands in this file, the index says \(files[tensor] ?? "nothing of it")")
                }
                for tensor in files.keys.sorted() where files[tensor] == name && file.tensors[tensor] == nil {
                    throw SafetensorsError.missing(name: tensor)
                }
                try file.checkShapes(layout)
                tensors.merge(try file.floatTensors()) { first, _ in first }
            } catch {
                throw .malformed(path: path, reason: "\(error)")
            }
        }
        return tensors
    }

    /// Writes the weights into `folder`: one file, or, beyond `limit` bytes, several with an index.
    static func write(_ parameters: T5Parameters, to folder: String, limit: Int) throws(FileError) {
        func write(_ places: [ParameterLayout.Entry], _ name: String) throws(FileError) {
            // In the order of the reference writer, one tensor in memory at a time.
            let ordered = places.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
            let writer = try SafetensorsWriter(
                path: Files.join(folder, name), ordered.map { .init(name: $0.name, shape: $0.shape) })
            for place in ordered { try writer.append(Array(parameters.values[place.range])) }
            try writer.commit()
        }
        var shards: [[ParameterLayout.Entry]] = [[]]
        var size = 0
        for place in parameters.layout.entries {
            let bytes = 4 * place.count
            if size > 0, size + bytes > limit {
                shards.append([])
                size = 0
            }
            shards[shards.count - 1].append(place)
            size += bytes
        }
        guard shards.count > 1 else {
            return try write(shards[0], HuggingFaceFolder.weightsName)
        }
        var map: [String: JSONValue] = [:]
        for (index, places) in shards.enumerated() {
            let name = "model-\(fiveDigits(index + 1))-of-\(fiveDigits(shards.count)).safetensors"
            try write(places, name)
            for place in places { map[place.name] = .string(name) }
        }
        let index: JSONValue = [
            "metadata": ["total_size": JSONValue(4 * parameters.layout.count)], "weight_map": .object(map),
        ]
        try Files.write(index.prettyBytes(), to: Files.join(folder, indexName))
    }

    private static func fiveDigits(_ number: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, 5 - text.count)) + text
    }
}

extension SafetensorsFile {
    /// Checks the tensors that `layout` knows, before memory is taken for any.
    func checkShapes(_ layout: ParameterLayout) throws(SafetensorsError) {
        for entry in layout.entries {
            guard let tensor = tensors[entry.name], tensor.shape != entry.shape else { continue }
            throw .shape(name: entry.name, expected: entry.shape, found: tensor.shape)
        }
    }
}
