import Foundation
import LetheBytes
import LetheTransformer

/// What a model of another framework says about some records: a row a record, a column a piece of the vocabulary or an answer.
struct ForeignOutputs {
    /// The file.
    let path: String
    /// Records.
    let rows: Int
    /// Pieces or answers.
    let columns: Int
    private let values: [Float]

    /// Reads `.safetensors` (one matrix, or the one called `logits`), `.npy` or `.csv`; whole, into memory.
    /// - Throws: `FileError` for what is no such file; `EngineError.line`.
    init(_ path: String) throws {
        self.path = path
        let shape: [Int]
        if path.hasSuffix(".safetensors") {
            let file = try SafetensorsFile.load(path)
            let name = file.names.count == 1 ? file.names[0] : "logits"
            do {
                values = try file.floats(name)
            } catch {
                throw FileError.malformed(path: path, reason: "\(error)")
            }
            shape = file.tensors[name]?.shape ?? []
        } else if path.hasSuffix(".npy") {
            let file = try NumPyFile.load(path)
            (values, shape) = (file.values, file.shape)
        } else if path.hasSuffix(".csv") || path.hasSuffix(".csv.gz") {
            (values, shape) = try Self.table(path)
        } else {
            throw FileError.malformed(path: path, reason: "expected a name that ends with .safetensors, .npy or .csv")
        }
        guard shape.count == 2, shape[0] > 0, shape[1] > 1 else {
            throw FileError.malformed(
                path: path, reason: "expected a matrix [records, pieces] with two columns at least, found \(shape)")
        }
        (rows, columns) = (shape[0], shape[1])
    }

    /// Numbers between commas; a first line that has none is the header.
    private static func table(_ path: String) throws -> (values: [Float], shape: [Int]) {
        let reader = try LineReader(path: path, maximumLineLength: 1 << 24)
        var values: [Float] = []
        var (rows, columns) = (0, 0)
        while let line = try reader.next() {
            if line.isEmpty { continue }
            let cells = line.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
            let numbers = cells.map { Float(String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespaces)) }
            if reader.lineNumber == 1, numbers.allSatisfy({ $0 == nil }) { continue }
            if rows == 0 { columns = cells.count }
            guard cells.count == columns else {
                throw EngineError.line(
                    path: path, number: reader.lineNumber, reason: "expected \(columns) numbers, found \(cells.count)")
            }
            for (place, number) in numbers.enumerated() {
                guard let number else {
                    throw EngineError.line(
                        path: path, number: reader.lineNumber, reason: "expected a number in column \(place + 1)")
                }
                values.append(number)
            }
            rows += 1
        }
        return (values, [rows, columns])
    }

    /// The logits of a record: as they are, or natural logarithms of probabilities, of which logits are logarithms up to a constant.
    ///
    /// A probability of zero counts as 1e-30, because no margin is infinite.
    /// - Throws: `FileError.malformed` for what is no distribution.
    func logits(_ row: Int, as kind: OutputKind) throws -> [Float] {
        let values = Array(self.values[row * columns..<(row + 1) * columns])
        guard kind == .probabilities else { return values }
        let sum = values.reduce(0) { $0 + Double($1) }
        guard values.allSatisfy({ $0 >= 0 && $0 <= 1.001 }), abs(sum - 1) <= 1e-2 else {
            throw FileError.malformed(
                path: path, reason: "row \(row + 1): expected probabilities that add up to 1, found a sum of \(sum)")
        }
        return values.map { log(max($0, 1e-30)) }
    }
}

/// What the numbers of an output are.
public enum OutputKind: String, Sendable, CaseIterable {
    /// Before the softmax.
    case logits
    /// After it.
    case probabilities
}
