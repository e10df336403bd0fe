/// Why bytes are no safetensors file, or why a tensor of one cannot be read as asked.
public enum SafetensorsError: Error, Equatable, Sendable {
    /// The file is shorter than its header says.
    case truncated(expected: Int, found: Int)
    /// The file is longer than its tensors.
    case trailingBytes(expected: Int, found: Int)
    /// The header is longer than any reader accepts.
    case headerTooLong(length: UInt64, limit: Int)
    /// The header is not as the format demands.
    case header(String)
    /// One tensor's entry is not as the format or the caller demands.
    case entry(name: String, String)
    /// A tensor overlaps the one before it or leaves a hole; offsets count from the end of the header.
    case misplaced(name: String, expected: Int, found: Int)
    /// There is no such tensor.
    case missing(name: String)
    /// The tensor has another shape than the caller needs.
    case shape(name: String, expected: [Int], found: [Int])
}

extension SafetensorsError: CustomStringConvertible {
    /// One line that says what was expected and found.
    public var description: String {
        switch self {
        case .truncated(let expected, let found):
            "safetensors file is truncated: expected \(expected) bytes, found \(found)"
        case .trailingBytes(let expected, let found):
            "safetensors file has trailing bytes: expected \(expected) bytes, found \(found)"
        case .headerTooLong(let length, let limit):
            "safetensors header claims \(length) bytes, expected at most \(limit)"
        case .header(let reason): "safetensors header: \(reason)"
        case .entry(let name, let reason): "tensor \(Self.quoted(name)) \(reason)"
        case .misplaced(let name, let expected, let found):
            "tensor \(Self.quoted(name)) should start at byte \(expected) of the data, its data_offsets say \(found)"
        case .missing(let name): "tensor \(Self.quoted(name)) is missing"
        case .shape(let name, let expected, let found):
            "tensor \(Self.quoted(name)) should have the shape \(expected), found \(found)"
        }
    }

    /// A name from a file, on one line and not too long.
    private static func quoted(_ name: String) -> String {
        String(reflecting: name.count > 120 ? name.prefix(120) + "…" : name)
    }
}
