public import LetheBytes

/// Writes a safetensors file tensor by tensor, in the order that was announced, holding one at a time.
///
/// The file appears under its name only when all announced tensors are on the disk.
public final class SafetensorsWriter {
    /// A tensor of single-precision numbers that is to come.
    public struct Announcement: Sendable, Equatable {
        /// The name, unique in its file.
        public let name: String
        /// The dimensions, the slowest first.
        public let shape: [Int]

        /// Announces a tensor.
        public init(name: String, shape: [Int]) {
            self.name = name
            self.shape = shape
        }
    }

    private let writer: AtomicFileWriter
    private let announced: [Announcement]
    private var next = 0

    /// Starts the file at `path`; traps where two names are the same.
    public init(path: String, _ announced: [Announcement]) throws(FileError) {
        precondition(Set(announced.map(\.name)).count == announced.count, "tensor names must differ")
        self.announced = announced
        writer = try AtomicFileWriter(path: path)
        try writer.write(Safetensors.header(announced.map { ($0.name, .float32, $0.shape) }))
    }

    /// Writes the next tensor; traps unless its elements fill the announced shape.
    public func append(_ values: [Float]) throws(FileError) {
        precondition(next < announced.count, "more tensors than announced")
        let expected = announced[next].shape.reduce(1, *)
        precondition(values.count == expected, "\(announced[next].name): \(values.count) of \(expected) elements")
        next += 1
        for start in stride(from: 0, to: values.count, by: 1 << 18) {
            try writer.write(LittleEndian.write(values[start..<min(start + 1 << 18, values.count)]))
        }
    }

    /// Gives the finished file its name; traps before the last announced tensor.
    public func commit() throws(FileError) {
        precondition(next == announced.count, "\(next) of \(announced.count) tensors")
        try writer.commit()
    }
}
