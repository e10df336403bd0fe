/// Why bytes are no gzip file.
public enum GzipError: Error, Equatable, Sendable {
    /// The bytes end inside a compressed member.
    case truncated
    /// The bytes are no gzip data, or were changed.
    case corrupt(reason: String)
    /// More than `limit` bytes come out.
    case tooLarge(limit: Int)
}

extension GzipError: CustomStringConvertible {
    /// One line that says what is wrong.
    public var description: String {
        switch self {
        case .truncated: "gzip data is truncated"
        case .corrupt(let reason): "gzip data is corrupt (\(reason))"
        case .tooLarge(let limit): "gzip data inflates to more than \(limit) bytes"
        }
    }
}

/// The gzip format (RFC 1952).
public enum Gzip {
    /// Whether `bytes` start like a gzip file.
    public static func isGzip(_ bytes: [UInt8]) -> Bool {
        bytes.starts(with: [0x1f, 0x8b])
    }

    /// What `bytes` inflate to; several members in a row are one content, as for the `gzip` tool.
    /// - Throws: `.tooLarge` as soon as more than `limit` bytes come out.
    public static func inflate(_ bytes: [UInt8], limit: Int) throws(GzipError) -> [UInt8] {
        guard !bytes.isEmpty else { throw .truncated }
        let inflater = try Inflater()
        var output: [UInt8] = []
        var position = 0
        while true {
            let chunk = try inflater.inflate(bytes, from: &position, atMost: min(1 << 20, limit - output.count + 1))
            output += chunk
            guard output.count <= limit else { throw .tooLarge(limit: limit) }
            if chunk.isEmpty, position == bytes.count { break }
        }
        guard inflater.isComplete else { throw .truncated }
        return output
    }
}
