import LetheBytes
import LetheCrypto
import LetheReports
import LetheTransformer

/// The state of a training between two steps, as one safetensors file: with it a run continues with the same bits.
///
/// Tensors: `values`, `first_moments`, `second_moments` (all numbers that learn, in their order), `identity` (the SHA-256 of what
/// the run depends on, as four integers), `steps`, and the curve so far as the bits of its doubles.
struct TrainingCheckpoint {
    let values: [Float]
    let optimizer: OptimizerState
    let points: [LossCurve.Point]

    func write(to path: String, identity: Digest) throws(FileError) {
        func floats(_ name: String, _ values: [Float]) -> Safetensors.Entry {
            Safetensors.Entry(name: name, shape: [values.count], floats: values)
        }
        func integers(_ name: String, _ values: [Int64]) -> Safetensors.Entry {
            Safetensors.Entry(name: name, shape: [values.count], int64s: values)
        }
        try Safetensors.write(
            [
                floats("values", values), floats("first_moments", optimizer.first),
                floats("second_moments", optimizer.second), integers("identity", Self.words(identity)),
                integers("steps", [Int64(optimizer.steps)]),
                integers("training_loss", points.map { Self.bits($0.training) }),
                integers("validation_loss", points.map { Self.bits($0.validation ?? .nan) }),
            ], to: path)
    }

    /// Reads the checkpoint at `path`, nil where there is none.
    /// - Throws: `FileError.malformed` for a damaged file, and for one that another run left.
    static func load(_ path: String, identity: Digest, count: Int) throws -> TrainingCheckpoint? {
        guard Files.exists(path) else { return nil }
        let file = try SafetensorsFile.load(path)
        func malformed(_ reason: String) -> FileError { .malformed(path: path, reason: reason) }
        do {
            guard try file.int64s("identity") == words(identity) else {
                throw malformed("left by a training with another model, input or setting; remove it to start anew")
            }
            let steps = try file.int64s("steps")
            let training = try file.int64s("training_loss").map(number)
            let validation = try file.int64s("validation_loss").map(number)
            guard steps.count == 1, let done = Int(exactly: steps[0]), done >= 0, training.count == done,
                validation.count == done
            else { throw malformed("its steps and its curve disagree") }
            let points = training.indices.map {
                LossCurve.Point(
                    number: $0 + 1, training: training[$0], validation: validation[$0].isNaN ? nil : validation[$0])
            }
            return TrainingCheckpoint(
                values: try file.floats("values", shape: [count]),
                optimizer: OptimizerState(
                    steps: done, first: try file.floats("first_moments", shape: [count]),
                    second: try file.floats("second_moments", shape: [count])),
                points: points)
        } catch let error as SafetensorsError {
            throw malformed("\(error)")
        }
    }

    private static func bits(_ value: Double) -> Int64 { Int64(bitPattern: value.bitPattern) }
    private static func number(_ bits: Int64) -> Double { Double(bitPattern: UInt64(bitPattern: bits)) }

    private static func words(_ digest: Digest) -> [Int64] {
        let bytes = digest.bytes
        return (0..<4).map { word in
            Int64(bitPattern: bytes[8 * word..<8 * word + 8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
        }
    }
}
