import LetheBytes
import LetheRequests

/// A value in a path or a query, with what it must be: checked before the handler sees it, and written into the OpenAPI document.
public struct Parameter: Sendable {
    /// Where it stands.
    public enum Place: String, Sendable { case path, query }

    /// What it must be.
    public enum Form: Sendable {
        /// A version 4 UUID in lowercase.
        case uuid
        /// A whole number without sign and leading zeros.
        case number(ClosedRange<UInt64>)
        /// One of these texts.
        case oneOf([String])
        /// A day, `YYYY-MM-DD`.
        case day
        /// 1 to `limit` of the characters A-Z, a-z, 0-9, '.', '_' and '-'.
        case name(limit: Int)
        /// The rest of a path: segments of such characters.
        case path
    }

    /// Its name.
    public let name: String
    /// Where it stands.
    public let place: Place
    /// What it must be.
    public let form: Form
    /// Whether it must be there; those of a path always must.
    public let isRequired: Bool
    /// What it means.
    public let description: String

    /// One of the path.
    public static func path(_ name: String, _ form: Form, _ description: String) -> Parameter {
        Parameter(name: name, place: .path, form: form, isRequired: true, description: description)
    }

    /// One of the query.
    public static func query(
        _ name: String, _ form: Form, required: Bool = false, _ description: String
    ) -> Parameter {
        Parameter(name: name, place: .query, form: form, isRequired: required, description: description)
    }

    /// Whether `text` has the form.
    func accepts(_ text: String) -> Bool {
        switch form {
        case .uuid: RequestID(text) != nil
        case .number(let range): Self.number(text).map(range.contains) ?? false
        case .oneOf(let texts): texts.contains { $0.utf8.elementsEqual(text.utf8) }
        case .day: (try? CivilDate(text)) != nil
        case .name(let limit): (1...limit).contains(text.utf8.count) && text.utf8.allSatisfy(Self.isPlain)
        case .path: !text.isEmpty && text.utf8.allSatisfy { Self.isPlain($0) || $0 == UInt8(ascii: "/") }
        }
    }

    /// What the form is, in words.
    var expectation: String {
        switch form {
        case .uuid: "a version 4 UUID in lowercase"
        case .number(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .oneOf(let texts): texts.count == 1 ? texts[0] : "one of \(texts.joined(separator: ", "))"
        case .day: "a day, YYYY-MM-DD"
        case .name(let limit): "1 to \(limit) characters A-Z, a-z, 0-9, '.', '_' or '-'"
        case .path: "a path"
        }
    }

    /// The JSON schema of the form.
    var schema: JSONValue {
        switch form {
        case .uuid:
            ["type": "string", "pattern": "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"]
        case .number(let range):
            [
                "type": "integer", "minimum": .number("\(range.lowerBound)"), "maximum": .number("\(range.upperBound)"),
            ]
        case .oneOf(let texts): ["type": "string", "enum": .array(texts.map { .string($0) })]
        case .day: ["type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"]
        case .name(let limit):
            ["type": "string", "minLength": 1, "maxLength": .number("\(limit)"), "pattern": "^[A-Za-z0-9._-]+$"]
        case .path: ["type": "string", "minLength": 1, "pattern": "^[A-Za-z0-9._/-]+$"]
        }
    }

    /// The number that a text is in its one spelling.
    static func number(_ text: String) -> UInt64? {
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let value = UInt64(text), String(value).utf8.count == text.utf8.count
        else { return nil }
        return value
    }

    /// Whether a byte may stand in a path of this server: nothing here needs another, so nothing is ever decoded.
    static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
