public import LetheBytes

/// A file of one array in NumPy's format (`.npy`, versions 1.0 to 3.0): floating-point numbers, row-major, little-endian.
///
/// The file is treated as hostile: header and length are checked before a number is read, and nothing in the header is evaluated.
public struct NumPyFile: Sendable, Equatable {
    /// The dimensions, the slowest first.
    public let shape: [Int]
    /// The numbers, rounded to single precision where the file has double.
    public let values: [Float]

    /// Reads and checks the file at `path`.
    /// - Throws: `.malformed`, which says what was expected and found.
    public static func load(_ path: String, limit: Int = 1 << 34) throws(FileError) -> NumPyFile {
        let bytes = try Files.read(path, limit: limit)
        do { return try NumPyFile(bytes) } catch { throw .malformed(path: path, reason: "\(error)") }
    }

    /// Checks `bytes` as a whole file.
    /// - Throws: `NumPyError`.
    public init(_ bytes: [UInt8]) throws(NumPyError) {
        let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
        guard bytes.count >= 10, Array(bytes.prefix(6)) == magic else { throw .notNumPy }
        guard (1...3).contains(bytes[6]), bytes[7] == 0 else { throw .version("\(bytes[6]).\(bytes[7])") }
        let sizeBytes = bytes[6] == 1 ? 2 : 4
        guard bytes.count >= 8 + sizeBytes else { throw .truncated(expected: 8 + sizeBytes, found: bytes.count) }
        let length = (0..<sizeBytes).reduce(0) { $0 | Int(bytes[8 + $1]) << (8 * $1) }
        let start = 8 + sizeBytes + length
        guard length <= 1 << 16 else { throw .header("\(length) bytes long, more than 65536") }
        guard bytes.count >= start else { throw .truncated(expected: start, found: bytes.count) }
        var reader = HeaderReader(Array(bytes[8 + sizeBytes..<start]))
        let header = try reader.header()
        var count = 1
        for extent in header.shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: extent)
            guard !overflow, product <= 1 << 40 else { throw .header("its shape \(header.shape) is too large") }
            count = product
        }
        let size = header.type.size
        guard bytes.count - start == count * size else {
            throw .truncated(expected: start + count * size, found: bytes.count)
        }
        shape = header.shape
        let range = start..<bytes.count
        switch header.type {
        case .float16: values = LittleEndian.read(bytes, range).map { (value: Float16) in Float(value) }
        case .float32: values = LittleEndian.read(bytes, range)
        case .float64: values = LittleEndian.read(bytes, range).map { (value: Double) in Float(value) }
        }
    }

    fileprivate enum ElementType: String, CaseIterable {
        case float16 = "<f2"
        case float32 = "<f4"
        case float64 = "<f8"

        var size: Int {
            switch self {
            case .float16: 2
            case .float32: 4
            case .float64: 8
            }
        }
    }
}

/// Why bytes are no array that can be read.
public enum NumPyError: Error, Equatable, Sendable, CustomStringConvertible {
    /// They do not begin as the format demands.
    case notNumPy
    /// A version that is not known.
    case version(String)
    /// The header is not as it should be.
    case header(String)
    /// The file has another length than its header says.
    case truncated(expected: Int, found: Int)

    /// One line with expected and found.
    public var description: String {
        switch self {
        case .notNumPy: "not a NumPy file: expected the bytes 93 4E 55 4D 50 59 first"
        case .version(let found): "NumPy format: expected version 1.0 to 3.0, found \(found)"
        case .header(let problem): "NumPy header: \(problem)"
        case .truncated(let expected, let found): "NumPy file: expected \(expected) bytes, found \(found)"
        }
    }
}

/// Reads the header's one dictionary: three names, a text, a truth value and a tuple, as NumPy writes them.
private struct HeaderReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func header() throws(NumPyError) -> (type: NumPyFile.ElementType, shape: [Int]) {
        var type: NumPyFile.ElementType?
        var shape: [Int]?
        var isRowMajor = false
        try expect("{")
        while !take("}") {
            let name = try text()
            try expect(":")
            switch name {
            case "descr" where type == nil:
                let found = try text()
                guard let known = NumPyFile.ElementType(rawValue: found) else {
                    throw .header("expected elements of type <f2, <f4 or <f8, found another")
                }
                type = known
            case "fortran_order" where !isRowMajor:
                guard take("False") else { throw .header("expected fortran_order False: rows one after the other") }
                isRowMajor = true
            case "shape" where shape == nil: shape = try tuple()
            default: throw .header("expected descr, fortran_order and shape once each, found another name")
            }
            if !take(",") {
                try expect("}")
                break
            }
        }
        skipSpace()
        guard position == bytes.count else { throw .header("expected its end after the dictionary") }
        guard let type, let shape, isRowMajor else { throw .header("expected descr, fortran_order and shape") }
        return (type, shape)
    }

    private mutating func tuple() throws(NumPyError) -> [Int] {
        var extents: [Int] = []
        try expect("(")
        while !take(")") {
            skipSpace()
            let start = position
            while position < bytes.count, (0x30...0x39).contains(bytes[position]) { position += 1 }
            let digits = String(decoding: bytes[start..<position], as: UTF8.self)
            guard let extent = Int(digits), extents.count < 32 else {
                throw .header("expected a shape of up to 32 whole numbers")
            }
            extents.append(extent)
            if !take(",") {
                try expect(")")
                break
            }
        }
        return extents
    }

    /// A text between single quotes without escapes.
    private mutating func text() throws(NumPyError) -> String {
        try expect("'")
        guard let end = bytes[position...].firstIndex(of: 0x27) else { throw .header("expected the end of a text") }
        defer { position = end + 1 }
        return String(decoding: bytes[position..<end], as: UTF8.self)
    }

    private mutating func expect(_ token: String) throws(NumPyError) {
        guard take(token) else { throw .header("expected \(token) at byte \(position)") }
    }

    private mutating func take(_ token: String) -> Bool {
        skipSpace()
        guard bytes[position...].starts(with: token.utf8) else { return false }
        position += token.utf8.count
        return true
    }

    private mutating func skipSpace() {
        while position < bytes.count, bytes[position] == 0x20 || bytes[position] == 0x0A { position += 1 }
    }
}
