/// A JSON document or a part of one, as ``StrictJSON`` reads it.
///
/// A number keeps the literal it was written with, so that nothing is rounded before somebody asks for a value.
public indirect enum JSONValue: Sendable {
    /// `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A number, as the text of its literal (RFC 8259, section 6).
    case number(String)
    /// A string.
    case string(String)
    /// An array.
    case array([JSONValue])
    /// An object. No two names are canonically equivalent in Unicode's sense: ``StrictJSON`` refuses such documents.
    case object([String: JSONValue])
}

// Swift's `String` compares by canonical equivalence ("é" equals "e" and an accent); JSON compares code points.
extension JSONValue: Equatable {
    /// Whether both have the same structure with the same code points; numbers are compared by their literals.
    public static func == (left: JSONValue, right: JSONValue) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.number(let a), .number(let b)): a == b
        case (.string(let a), .string(let b)): a.utf8.elementsEqual(b.utf8)
        case (.array(let a), .array(let b)): a == b
        case (.object(let a), .object(let b)):
            a.count == b.count
                && a.allSatisfy { name, value in
                    guard let index = b.index(forKey: name) else { return false }
                    return b[index].key.utf8.elementsEqual(name.utf8) && b[index].value == value
                }
        default: false
        }
    }
}

extension JSONValue {
    /// The number `value`.
    public init(_ value: some BinaryInteger) {
        self = .number(String(value))
    }

    /// The member with this name, where this is an object that has one.
    public subscript(name: String) -> JSONValue? {
        objectValue?[name]
    }

    /// The element at this place, where this is an array that has one.
    public subscript(index: Int) -> JSONValue? {
        guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
        return elements[index]
    }

    /// Whether this is `null`.
    public var isNull: Bool {
        if case .null = self { true } else { false }
    }

    /// The truth value, where this is one.
    public var boolValue: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// The text, where this is a string.
    public var stringValue: String? {
        if case .string(let value) = self { value } else { nil }
    }

    /// The elements, where this is an array.
    public var arrayValue: [JSONValue]? {
        if case .array(let value) = self { value } else { nil }
    }

    /// The members, where this is an object.
    public var objectValue: [String: JSONValue]? {
        if case .object(let value) = self { value } else { nil }
    }

    /// The literal, where this is a number.
    public var numberLiteral: String? {
        if case .number(let value) = self { value } else { nil }
    }

    /// The number, where this is one written without fraction and exponent that fits.
    public var intValue: Int? {
        numberLiteral.flatMap { Int($0) }
    }

    /// The number as a finite double, where this is one.
    public var doubleValue: Double? {
        guard let value = numberLiteral.flatMap({ Double($0) }), value.isFinite else { return nil }
        return value
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
    /// The string `value`.
    public init(stringLiteral value: String) { self = .string(value) }
}

extension JSONValue: ExpressibleByBooleanLiteral {
    /// The truth value `value`.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
}

extension JSONValue: ExpressibleByIntegerLiteral {
    /// The number `value`.
    public init(integerLiteral value: Int) { self = .number(String(value)) }
}

extension JSONValue: ExpressibleByArrayLiteral {
    /// The array of `elements`.
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
}

extension JSONValue: ExpressibleByDictionaryLiteral {
    /// The object of `elements`; the names must differ.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(Dictionary(uniqueKeysWithValues: elements))
    }
}
