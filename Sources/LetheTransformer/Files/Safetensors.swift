public import LetheBytes

/// Writing of the safetensors format, byte for byte as Hugging Face's own writer lays it out.
public enum Safetensors {
    /// A tensor to be written: its row-major elements fill its shape.
    public struct Entry: Sendable {
        /// The elements of a tensor.
        public enum Values: Sendable {
            /// Written as `F32`.
            case floats([Float])
            /// Written as `I64`.
            case int64s([Int64])
        }

        /// The name, unique in its file.
        public let name: String
        /// The dimensions, the slowest first.
        public let shape: [Int]
        /// The elements.
        public let values: Values

        /// A tensor of single-precision numbers.
        public init(name: String, shape: [Int], floats: [Float]) {
            self.init(name: name, shape: shape, values: .floats(floats), count: floats.count)
        }

        /// A tensor of 64-bit integers.
        public init(name: String, shape: [Int], int64s: [Int64]) {
            self.init(name: name, shape: shape, values: .int64s(int64s), count: int64s.count)
        }

        private init(name: String, shape: [Int], values: Values, count: Int) {
            precondition(shape.reduce(1, *) == count, "\(name): shape \(shape) for \(count) elements")
            self.name = name
            self.shape = shape
            self.values = values
        }

        fileprivate var type: SafetensorsFile.ElementType {
            switch values {
            case .floats: .float32
            case .int64s: .int64
            }
        }

        fileprivate var size: Int { shape.reduce(type.size, *) }

        /// The bytes, a piece of bounded size at a time, so that a large tensor is not copied whole.
        fileprivate func forEachPiece<E>(_ body: ([UInt8]) throws(E) -> Void) throws(E) {
            let count = shape.reduce(1, *)
            var start = 0
            while start < count {
                let range = start..<min(start + 1 << 18, count)
                switch values {
                case .floats(let floats): try body(LittleEndian.write(floats[range]))
                case .int64s(let integers): try body(LittleEndian.write(integers[range]))
                }
                start = range.upperBound
            }
        }
    }

    /// The whole file as bytes.
    public static func serialize(_ entries: [Entry]) -> [UInt8] {
        let ordered = ordered(entries)
        var bytes = header(ordered)
        bytes.reserveCapacity(bytes.count + ordered.reduce(0) { $0 + $1.size })
        for entry in ordered { entry.forEachPiece { bytes += $0 } }
        return bytes
    }

    /// The whole file as bytes, from tensors of single-precision numbers.
    public static func serialize(_ tensors: [(name: String, shape: [Int], floats: [Float])]) -> [UInt8] {
        serialize(tensors.map { Entry(name: $0.name, shape: $0.shape, floats: $0.floats) })
    }

    /// Writes the file at `path`, atomically and without a copy of all tensors in memory.
    public static func write(_ entries: [Entry], to path: String) throws(FileError) {
        let ordered = ordered(entries)
        let writer = try AtomicFileWriter(path: path)
        try writer.write(header(ordered))
        for entry in ordered {
            try entry.forEachPiece { (piece: [UInt8]) throws(FileError) in try writer.write(piece) }
        }
        try writer.commit()
    }

    /// The order of the reference writer: larger element types first, which aligns them, then by the bytes of the names.
    private static func ordered(_ entries: [Entry]) -> [Entry] {
        precondition(Set(entries.map(\.name)).count == entries.count, "tensor names must differ")
        return entries.sorted { left, right in
            left.type.size != right.type.size
                ? left.type.size > right.type.size : left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
        }
    }

    private static func header(_ ordered: [Entry]) -> [UInt8] {
        header(ordered.map { ($0.name, $0.type, $0.shape) })
    }

    /// The length and the JSON header of tensors that follow one another in this order.
    static func header(_ tensors: [(name: String, type: SafetensorsFile.ElementType, shape: [Int])]) -> [UInt8] {
        var text = #"{"__metadata__":{"format":"pt"}"#
        var offset = 0
        for tensor in tensors {
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            let size = tensor.shape.reduce(tensor.type.size, *)
            text += #",\#(quoted(tensor.name)):{"dtype":"\#(tensor.type.rawValue)","shape":[\#(shape)],"#
            text += #""data_offsets":[\#(offset),\#(offset + size)]}"#
            offset += size
        }
        text += "}"
        while text.utf8.count % 8 != 0 { text += " " }
        return LittleEndian.write([UInt64(text.utf8.count)]) + Array(text.utf8)
    }

    private static func quoted(_ name: String) -> String {
        // A string always has a canonical form; the other side only satisfies the compiler.
        (try? JSONValue.string(name).canonicalBytes()).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
    }
}
