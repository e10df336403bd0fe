public import LetheBytes
public import LetheCrypto

/// A JSON value together with the path that leads to it, so that every error names its field.
///
/// Reading is strict: no conversion between types, and text with a narrower meaning (digests, times, decimal numbers) is checked.
public struct JSONFields: Sendable, Equatable {
    /// The value itself.
    public let value: JSONValue
    /// Where it stands, for example `predicate.tests[2].value`; empty at the root.
    public let path: String

    /// Starts at `value`, which errors call by `path`.
    public init(_ value: JSONValue, path: String = "") {
        self.value = value
        self.path = path
    }

    /// The member `name`, which must be there (it may be null).
    public func member(_ name: String) throws(FieldError) -> JSONFields {
        guard let member = try members()[name] else { throw .missing(path: join(name)) }
        return JSONFields(member, path: join(name))
    }

    /// The member `name`, or nil when it is not there. A null member is there.
    public func optional(_ name: String) throws(FieldError) -> JSONFields? {
        try members()[name].map { JSONFields($0, path: join(name)) }
    }

    /// The member `name`, which must be there, or nil when it is null.
    public func nullable(_ name: String) throws(FieldError) -> JSONFields? {
        let member = try member(name)
        return member.value == .null ? nil : member
    }

    /// Refuses members other than `names`, and missing ones.
    public func requireExactly(_ names: Set<String>, optional: Set<String> = []) throws(FieldError) {
        let found = Set(try members().keys)
        if let missing = names.subtracting(found).min() { throw .missing(path: join(missing)) }
        if let surplus = found.subtracting(names).subtracting(optional).min() {
            throw .unexpected(path: join(surplus))
        }
    }

    /// The members of an object.
    public func members() throws(FieldError) -> [String: JSONValue] {
        guard case .object(let members) = value else { throw wrongType("object") }
        return members
    }

    /// The elements of an array.
    public func array() throws(FieldError) -> [JSONFields] {
        guard case .array(let elements) = value else { throw wrongType("array") }
        return elements.enumerated().map { JSONFields($0.element, path: "\(path)[\($0.offset)]") }
    }

    /// A string.
    public func string() throws(FieldError) -> String {
        guard case .string(let text) = value else { throw wrongType("string") }
        return text
    }

    /// A string with at least one character.
    public func nonEmptyString() throws(FieldError) -> String {
        let text = try string()
        guard !text.isEmpty else { throw .invalid(path: path, expected: "a non-empty string", found: text) }
        return text
    }

    /// `true` or `false`.
    public func bool() throws(FieldError) -> Bool {
        guard case .bool(let flag) = value else { throw wrongType("boolean") }
        return flag
    }

    /// A string of 64 lowercase hexadecimal digits.
    public func digest() throws(FieldError) -> Digest {
        let text = try string()
        do {
            return try Digest(hex: text)
        } catch {
            throw .invalid(path: path, expected: "64 lowercase hexadecimal digits", found: text)
        }
    }

    /// A string that holds a whole number from 0 to 2^64-1 without sign or leading zeros.
    public func wholeNumber() throws(FieldError) -> UInt64 {
        let text = try string()
        guard let number = CanonicalNumber.wholeNumber(text) else {
            throw .invalid(path: path, expected: "a whole number in a string", found: text)
        }
        return number
    }

    /// A string that holds a decimal number; see `DecimalNumber`.
    public func decimal() throws(FieldError) -> DecimalNumber {
        let text = try string()
        guard let number = DecimalNumber(text) else {
            throw .invalid(path: path, expected: "a decimal number in a string", found: text)
        }
        return number
    }

    /// A string that holds a time in RFC 3339, UTC, with `Z`.
    public func timestamp() throws(FieldError) -> Timestamp {
        let text = try string()
        do {
            return try Timestamp(text)
        } catch {
            throw .invalid(path: path, expected: "a time like 2026-03-02T09:00:00Z", found: text)
        }
    }

    /// One of `cases`.
    public func oneOf<Choice: RawRepresentable & CaseIterable>(
        _ type: Choice.Type
    ) throws(FieldError) -> Choice where Choice.RawValue == String {
        let text = try string()
        guard let choice = Choice(rawValue: text), Array(choice.rawValue.utf8) == Array(text.utf8) else {
            let names = Choice.allCases.map(\.rawValue).joined(separator: " or ")
            throw .invalid(path: path, expected: names, found: text)
        }
        return choice
    }

    /// This exact string.
    public func require(_ expected: String) throws(FieldError) {
        let text = try string()
        guard Array(text.utf8) == Array(expected.utf8) else {
            throw .invalid(path: path, expected: Printable.quoted(expected), found: text)
        }
    }

    private func wrongType(_ expected: String) -> FieldError {
        let found =
            switch value {
            case .null: "null"
            case .bool: "boolean"
            case .number: "number"
            case .string: "string"
            case .array: "array"
            case .object: "object"
            }
        return .wrongType(path: path, expected: expected, found: found)
    }

    private func join(_ name: String) -> String {
        // Names come from foreign documents; what is not a plain identifier is quoted.
        let isPlain = (1...80).contains(name.utf8.count) && name.utf8.allSatisfy { 0x21...0x7e ~= $0 && $0 != 0x22 }
        let printable = isPlain ? name : Printable.quoted(name)
        return path.isEmpty ? printable : "\(path).\(printable)"
    }
}

/// What is wrong with one field of a JSON document.
public enum FieldError: Error, Equatable, CustomStringConvertible {
    /// A required member is not there.
    case missing(path: String)
    /// A member that this format does not have.
    case unexpected(path: String)
    /// A value of another JSON type.
    case wrongType(path: String, expected: String, found: String)
    /// A value of the right type with a content that is not allowed.
    case invalid(path: String, expected: String, found: String)

    /// One line: path, expected, found.
    public var description: String {
        switch self {
        case .missing(let path): "\(path): missing"
        case .unexpected(let path): "\(path): not a member of this format"
        case .wrongType(let path, let expected, let found):
            "\(path.isEmpty ? "document" : path): expected \(expected), found \(found)"
        case .invalid(let path, let expected, let found):
            "\(path): expected \(expected), found \(Printable.quoted(found))"
        }
    }
}
