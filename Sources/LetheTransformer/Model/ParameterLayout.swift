/// Where each named tensor lies in one flat buffer: row-major, end to end, in a fixed order.
public struct ParameterLayout: Sendable, Equatable {
    /// One tensor's place.
    public struct Entry: Sendable, Equatable {
        /// The key in a model file.
        public let name: String
        /// The extents, outermost first; a linear layer's weight is [out, in].
        public let shape: [Int]
        /// Index of the first element in the flat buffer.
        public let offset: Int

        /// Number of elements.
        public var count: Int { shape.reduce(1, *) }
        /// The elements' indices in the flat buffer.
        public var range: Range<Int> { offset..<(offset + count) }
    }

    /// The tensors in the buffer's order.
    public let entries: [Entry]
    /// Number of elements of all tensors.
    public let count: Int
    private let indices: [String: Int]

    init(_ tensors: [(name: String, shape: [Int])]) {
        var entries: [Entry] = []
        var indices: [String: Int] = [:]
        var offset = 0
        for (name, shape) in tensors {
            precondition(indices[name] == nil, "tensor \(name) stands twice in the layout")
            indices[name] = entries.count
            entries.append(Entry(name: name, shape: shape, offset: offset))
            offset += shape.reduce(1, *)
        }
        self.entries = entries
        self.indices = indices
        count = offset
    }

    /// The tensors' names in the buffer's order.
    public var names: [String] { entries.map(\.name) }

    /// The place of a tensor, nil where the layout has no such name.
    public subscript(name: String) -> Entry? {
        indices[name].map { entries[$0] }
    }
}
