public import LetheBytes

/// A file of named tensors in the safetensors format, checked completely before anything is read from it.
///
/// The layout is a 64-bit little-endian header length, a JSON header `{name: {dtype, shape, data_offsets}}` and the data.
/// The file is treated as hostile: no tensor may overlap another, leave a hole, or have a size other than its shape demands.
public struct SafetensorsFile: Sendable {
    /// The type of a tensor's elements, by its name in the format.
    public enum ElementType: String, Sendable, CaseIterable {
        /// One byte, 0 or 1.
        case bool = "BOOL"
        /// Eight bits without sign.
        case uint8 = "U8"
        /// Eight bits with sign.
        case int8 = "I8"
        /// Sixteen bits with sign.
        case int16 = "I16"
        /// Sixteen bits without sign.
        case uint16 = "U16"
        /// IEEE 754 half precision.
        case float16 = "F16"
        /// The upper half of a single-precision number.
        case bfloat16 = "BF16"
        /// 32 bits with sign.
        case int32 = "I32"
        /// 32 bits without sign.
        case uint32 = "U32"
        /// IEEE 754 single precision.
        case float32 = "F32"
        /// IEEE 754 double precision.
        case float64 = "F64"
        /// 64 bits with sign.
        case int64 = "I64"
        /// 64 bits without sign.
        case uint64 = "U64"

        /// Bytes of one element.
        public var size: Int {
            switch self {
            case .bool, .uint8, .int8: 1
            case .int16, .uint16, .float16, .bfloat16: 2
            case .int32, .uint32, .float32: 4
            case .float64, .int64, .uint64: 8
            }
        }
    }

    /// One tensor of the file: row-major, little-endian.
    public struct Tensor: Sendable, Equatable {
        /// The type of its elements.
        public let type: ElementType
        /// Its dimensions, the slowest first; none for a scalar.
        public let shape: [Int]
        /// Where its bytes stand in the file.
        public let range: Range<Int>

        /// The product of the dimensions.
        public var count: Int { range.count / type.size }
    }

    /// Every tensor by its name.
    public let tensors: [String: Tensor]
    /// The texts under `__metadata__`.
    public let metadata: [String: String]
    private let bytes: [UInt8]

    /// The largest header that is read, as in the reference implementation.
    public static let maximumHeaderLength = 100_000_000

    /// Checks `bytes` as a whole file.
    public static func parse(_ bytes: [UInt8]) throws(SafetensorsError) -> SafetensorsFile {
        try SafetensorsFile(bytes: bytes)
    }

    /// Reads and checks the file at `path`.
    /// - Throws: `.malformed`, which says what was expected and found, when it is no safetensors file.
    public static func load(_ path: String, limit: Int = 1 << 36) throws(FileError) -> SafetensorsFile {
        let bytes = try Files.read(path, limit: limit)
        do {
            return try SafetensorsFile(bytes: bytes)
        } catch {
            throw .malformed(path: path, reason: "\(error)")
        }
    }

    private init(bytes: [UInt8]) throws(SafetensorsError) {
        guard bytes.count >= 8 else { throw .truncated(expected: 8, found: bytes.count) }
        let length = (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[$1]) << UInt64(8 * $1) }
        guard length <= UInt64(Self.maximumHeaderLength) else {
            throw .headerTooLong(length: length, limit: Self.maximumHeaderLength)
        }
        let start = 8 + Int(length)
        guard bytes.count >= start else { throw .truncated(expected: start, found: bytes.count) }
        guard length > 0, bytes[8] == UInt8(ascii: "{") else { throw .header("it does not start with '{'") }
        let header: JSONValue
        do {
            header = try StrictJSON.parse(Array(bytes[8..<start]), maximumDepth: 8)
        } catch {
            throw .header("\(error)")
        }
        guard case .object(var entries) = header else { throw .header("it is no object") }
        metadata = try Self.metadata(entries.removeValue(forKey: "__metadata__"))
        var tensors: [String: Tensor] = [:]
        for (name, entry) in entries { tensors[name] = try Self.tensor(name, entry, dataStart: start) }
        // In the order of their places they must lie side by side from the header's end to the file's end.
        var end = start
        for (name, tensor) in tensors.sorted(by: { Self.precedes($0.value.range, $1.value.range) }) {
            guard tensor.range.lowerBound == end else {
                throw .misplaced(name: name, expected: end - start, found: tensor.range.lowerBound - start)
            }
            end = tensor.range.upperBound
        }
        guard bytes.count >= end else { throw .truncated(expected: end, found: bytes.count) }
        guard bytes.count == end else { throw .trailingBytes(expected: end, found: bytes.count) }
        self.tensors = tensors
        self.bytes = bytes
    }

    private static func precedes(_ left: Range<Int>, _ right: Range<Int>) -> Bool {
        (left.lowerBound, left.upperBound) < (right.lowerBound, right.upperBound)
    }

    private static func metadata(_ value: JSONValue?) throws(SafetensorsError) -> [String: String] {
        guard let value else { return [:] }
        guard let members = value.objectValue else { throw .header("__metadata__ is no object") }
        var metadata: [String: String] = [:]
        for (name, member) in members {
            guard let text = member.stringValue else { throw .header("__metadata__ has a value that is no string") }
            metadata[name] = text
        }
        return metadata
    }

    private static func tensor(_ name: String, _ entry: JSONValue, dataStart: Int) throws(SafetensorsError) -> Tensor {
        guard let members = entry.objectValue, Set(members.keys) == ["dtype", "shape", "data_offsets"],
            let typeName = members["dtype"]?.stringValue, let shape = integers(members["shape"]),
            let offsets = integers(members["data_offsets"]), offsets.count == 2
        else { throw .entry(name: name, "needs exactly dtype, shape and two data_offsets, all integers from 0") }
        guard let type = ElementType(rawValue: typeName) else {
            throw .entry(name: name, "has the unknown dtype \"\(typeName.prefix(40))\"")
        }
        guard offsets[0] <= offsets[1], offsets[1] <= Int.max - dataStart else {
            throw .entry(name: name, "has the impossible data_offsets \(offsets[0]), \(offsets[1])")
        }
        var size = type.size
        for dimension in shape {
            let (product, overflow) = size.multipliedReportingOverflow(by: dimension)
            guard !overflow else { throw .entry(name: name, "has a shape whose size overflows") }
            size = product
        }
        guard size == offsets[1] - offsets[0] else {
            throw .entry(
                name: name, "needs \(size) bytes for its shape, its data_offsets give \(offsets[1] - offsets[0])")
        }
        return Tensor(type: type, shape: shape, range: dataStart + offsets[0]..<dataStart + offsets[1])
    }

    private static func integers(_ value: JSONValue?) -> [Int]? {
        guard let elements = value?.arrayValue else { return nil }
        let integers = elements.compactMap(\.intValue)
        return integers.count == elements.count && integers.allSatisfy({ $0 >= 0 }) ? integers : nil
    }

    /// The names in the order of their bytes.
    public var names: [String] {
        tensors.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// The tensor with this name.
    public func tensor(_ name: String) throws(SafetensorsError) -> Tensor {
        guard let tensor = tensors[name] else { throw .missing(name: name) }
        return tensor
    }

    /// The elements of the tensor as single-precision numbers; `F32`, `F16`, `BF16` and `F64` can be read so.
    public func floats(_ name: String) throws(SafetensorsError) -> [Float] {
        let tensor = try tensor(name)
        switch tensor.type {
        case .float32: return LittleEndian.read(bytes, tensor.range)
        case .float64: return LittleEndian.read(bytes, tensor.range).map { (value: Double) in Float(value) }
        case .float16: return LittleEndian.read(bytes, tensor.range).map { (value: Float16) in Float(value) }
        case .bfloat16:
            return LittleEndian.read(bytes, tensor.range).map { (bits: UInt16) in Float(bitPattern: UInt32(bits) << 16)
            }
        case .bool, .uint8, .int8, .int16, .uint16, .int32, .uint32, .int64, .uint64:
            throw .entry(name: name, "holds \(tensor.type.rawValue), expected floating-point numbers")
        }
    }

    /// The elements of the tensor, which must have this shape, as single-precision numbers.
    public func floats(_ name: String, shape: [Int]) throws(SafetensorsError) -> [Float] {
        let tensor = try tensor(name)
        guard tensor.shape == shape else { throw .shape(name: name, expected: shape, found: tensor.shape) }
        return try floats(name)
    }

    /// The elements of the tensor as integers; `I64` and `I32` can be read so.
    public func int64s(_ name: String) throws(SafetensorsError) -> [Int64] {
        let tensor = try tensor(name)
        switch tensor.type {
        case .int64: return LittleEndian.read(bytes, tensor.range)
        case .int32: return LittleEndian.read(bytes, tensor.range).map { (value: Int32) in Int64(value) }
        case .bool, .uint8, .int8, .int16, .uint16, .uint32, .uint64, .float16, .bfloat16, .float32, .float64:
            throw .entry(name: name, "holds \(tensor.type.rawValue), expected I64 or I32")
        }
    }
}
