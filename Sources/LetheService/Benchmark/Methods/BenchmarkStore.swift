import Foundation
import LetheBytes
import LetheCrypto
import LetheTransformer

/// What a benchmark keeps between runs: each thing under the SHA-256 of all that it depends on.
struct BenchmarkStore {
    let folder: String
    /// What everything depends on: part of every key.
    private let common: [String: JSONValue]

    /// A store in this folder.
    ///
    /// - Parameters:
    ///   - program: digest of the program that trains and measures; another program may compute anything otherwise.
    ///   - data: digests of the data set's files by their names.
    ///   - profile: how the files are read and split.
    init(folder: String, program: Digest, data: [String: Digest], profile: DatasetProfile) throws {
        self.folder = folder
        common = [
            "program": .string(program.hex), "data": .object(data.mapValues { .string($0.hex) }),
            "kind": .string(profile.kind.rawValue), "quick": .bool(profile.isQuick),
            "mapping": profile.mapping.map { .string($0.yaml) } ?? .null,
        ]
        // Outputs on records of people, if without their names.
        try Files.createFolders(folder, permissions: 0o700)
    }

    /// The key of a thing that depends on these values, and on what everything depends on.
    func key(_ kind: String, _ dependencies: [String: JSONValue]) throws -> Digest {
        let value: JSONValue = [
            "format": "lethe-methods-benchmark-v2", "kind": .string(kind), "of": .object(dependencies),
            "common": .object(common),
        ]
        return Digest(sha256: try value.canonicalBytes())
    }

    /// A trained model and how its training went.
    struct Model {
        let parameters: T5Parameters
        let record: TrainingRecord
    }

    /// What is kept beside a model's weights. It is written last: without it there is no model.
    struct TrainingRecord: Codable {
        var seconds: Double
        var epochs: [MeasuredModel.Point]
        var keptEpoch: Int
        /// SHA-256 of the weights.
        var weights: String
        /// The program that trained it.
        var program: String
    }

    /// The model under this key, trained where it is missing.
    func model(_ key: Digest, make: () throws -> Model) throws -> (model: Model, isNew: Bool) {
        let path = Files.join(folder, "model-\(key.hex)")
        let recordPath = path + ".json"
        if Files.exists(recordPath) {
            let record: TrainingRecord = try decode(recordPath)
            let parameters = try HuggingFaceFolder.loadModel(path).parameters
            guard weightsDigest([parameters]).hex == record.weights else {
                throw FileError.malformed(path: path, reason: "its weights are not those that were trained; remove it")
            }
            return (Model(parameters: parameters, record: record), false)
        }
        let made = try make()
        try HuggingFaceFolder.saveModel(made.parameters, tokenizer: nil, to: path, replace: true)
        try write(made.record, to: recordPath)
        return (made, true)
    }

    /// Whether there is a model of this key.
    func hasModel(_ key: Digest) -> Bool { Files.exists(Files.join(folder, "model-\(key.hex).json")) }

    /// What was measured under this key.
    func measured(_ key: Digest) throws -> MeasuredModel? {
        let path = Files.join(folder, "measured-\(key.hex).json")
        return Files.exists(path) ? try decode(path) : nil
    }

    /// Keeps what was measured.
    func keep(_ measured: MeasuredModel, under key: Digest) throws {
        try write(measured, to: Files.join(folder, "measured-\(key.hex).json"))
    }

    /// Bytes under a key, made where they are missing.
    func bytes(_ name: String, _ key: Digest, make: () throws -> [UInt8]) throws -> [UInt8] {
        let path = Files.join(folder, "\(name)-\(key.hex)")
        if Files.exists(path) { return try Files.read(path, limit: 1 << 28) }
        let bytes = try make()
        try Files.write(bytes, to: path)
        return bytes
    }

    private func decode<Value: Decodable>(_ path: String) throws -> Value {
        let bytes = try Files.read(path, limit: 1 << 30)
        do {
            return try JSONDecoder().decode(Value.self, from: Data(bytes))
        } catch let error as DecodingError {
            throw FileError.malformed(path: path, reason: "\(error.oneLine); remove it to measure again")
        }
    }

    private func write(_ value: some Encodable, to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        try Files.write([UInt8](try encoder.encode(value)), to: path)
    }
}

/// SHA-256 over the float32 weights of models in their order, little endian, in the layout's order.
func weightsDigest(_ models: [T5Parameters]) -> Digest {
    let hasher = SHA256Hasher()
    for model in models {
        for start in stride(from: 0, to: model.values.count, by: 1 << 16) {
            var part: [UInt8] = []
            for value in model.values[start..<min(start + 1 << 16, model.values.count)] {
                for shift in [0, 8, 16, 24] {
                    part.append(UInt8(truncatingIfNeeded: value.bitPattern >> UInt32(shift)))
                }
            }
            hasher.update(part)
        }
    }
    return hasher.finalize()
}

/// One model of the table, as it was measured: outputs on records, never the records.
struct MeasuredModel: Codable, Sendable {
    /// One stage's time.
    struct Part: Codable, Sendable {
        var name: String
        var seconds: Double
    }

    /// One point of a stage's curve.
    struct Point: Codable, Sendable {
        var stage: String
        var number: Int
        var loss: Double
        /// What the stage watches besides: a validation loss, or the calibrated method's gap.
        var watched: Double?
    }

    /// The row's name.
    var method: String
    /// Its seed; 0 for the base.
    var seed: Int
    /// SHA-256 of the weights.
    var weights: String
    /// Numbers that learned.
    var trainable: Int
    /// Numbers that would learn at T5-base's shape.
    var trainableAtT5Base: Int
    var isExact: Bool
    /// Where the time went.
    var parts: [Part]
    var curve: [Point]
    /// Training records learned, once a pass; nil where the method does not say.
    var recordsTrained: Int?
    /// z_Yes - z_No on every test record; empty where the outputs are not finite.
    var test: [Float]
    /// The same on the audited forgotten records.
    var forgotten: [Float]
    /// The same on test records of users whom no model was trained on.
    var control: [Float]
    /// Sums of distances: [reference][audited user][measure].
    var distances: [Double]
    /// The program that measured.
    var program: String

    /// The time of all parts.
    var seconds: Double { parts.reduce(0) { $0 + $1.seconds } }
    /// Whether the model gave a finite answer everywhere.
    var isFinite: Bool { !test.isEmpty }
}
