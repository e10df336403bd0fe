import LetheBytes
import Testing

/// The project's own vectors, in `Vectors/`, which another implementation wrote.
enum OwnVectors {
    static func json(_ name: String) throws -> JSONValue {
        let folder = #filePath.split(separator: "/").dropLast().map { "/" + $0 }.joined()
        return try StrictJSON.parse(Files.read(folder + "/Vectors/" + name, limit: 1 << 20))
    }

    static func cases(_ name: String, _ member: String = "cases") throws -> [JSONValue] {
        try #require(json(name)[member]?.arrayValue)
    }
}

extension JSONValue {
    /// The string at `name`.
    func string(_ name: String) throws -> String { try #require(self[name]?.stringValue) }

    /// The number at `name`, which is written as one or as a string.
    func number(_ name: String) throws -> UInt64 {
        try #require(self[name].flatMap { $0.numberLiteral ?? $0.stringValue }.flatMap { UInt64($0) })
    }

    /// The strings at `name`.
    func strings(_ name: String) throws -> [String] { try #require(self[name]?.arrayValue).compactMap(\.stringValue) }
}
