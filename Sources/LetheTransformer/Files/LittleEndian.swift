/// Numbers as little-endian bytes and back. The one file of this folder that touches memory addresses; every supported
/// machine is little-endian, so the bytes are copied as they are.
enum LittleEndian {
    /// The numbers in `range` of `bytes`; its length must be a multiple of the size of one.
    static func read<Number: BitwiseCopyable>(_ bytes: [UInt8], _ range: Range<Int>) -> [Number] {
        let size = MemoryLayout<Number>.size
        precondition(bytes.indices.contains(range) && range.count % size == 0, "range \(range) of \(bytes.count) bytes")
        return [Number](unsafeUninitializedCapacity: range.count / size) { buffer, count in
            bytes.withUnsafeBytes { UnsafeMutableRawBufferPointer(buffer).copyMemory(from: .init(rebasing: $0[range])) }
            count = range.count / size
        }
    }

    /// The bytes of `numbers`.
    static func write<Number: BitwiseCopyable>(_ numbers: some Collection<Number>) -> [UInt8] {
        Array(numbers).withUnsafeBytes { Array($0) }
    }
}
