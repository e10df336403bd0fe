extension JSONValue {
    /// The canonical form of this value: RFC 8785 (JCS).
    /// - Throws: `.numberOutOfRange` for a number that is no finite double.
    public func canonicalBytes() throws(JSONError) -> [UInt8] {
        var output: [UInt8] = []
        try append(canonicalTo: &output)
        return output
    }

    /// A form for people: members in canonical order, one a line, indented by two spaces; numbers as their literals.
    public func prettyBytes() -> [UInt8] {
        var output: [UInt8] = []
        append(prettyTo: &output, indentation: 0)
        output.append(0x0a)
        return output
    }

    private func append(canonicalTo output: inout [UInt8]) throws(JSONError) {
        switch self {
        case .null, .bool, .string: appendScalar(to: &output)
        case .number(let literal):
            guard let value = Double(literal), value.isFinite else { throw .numberOutOfRange(literal: literal) }
            output += Array(try ECMAScriptNumber.text(of: value).utf8)
        case .array(let elements):
            output.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                try element.append(canonicalTo: &output)
            }
            output.append(UInt8(ascii: "]"))
        case .object(let members):
            output.append(UInt8(ascii: "{"))
            for (index, member) in Self.ordered(members).enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                Self.append(quoted: member.key, to: &output)
                output.append(UInt8(ascii: ":"))
                try member.value.append(canonicalTo: &output)
            }
            output.append(UInt8(ascii: "}"))
        }
    }

    private func append(prettyTo output: inout [UInt8], indentation: Int) {
        func newLine(_ depth: Int) {
            output.append(0x0a)
            output += [UInt8](repeating: 0x20, count: 2 * depth)
        }
        switch self {
        case .null, .bool, .string, .number: appendScalar(to: &output)
        case .array(let elements) where elements.isEmpty: output += Array("[]".utf8)
        case .object(let members) where members.isEmpty: output += Array("{}".utf8)
        case .array(let elements):
            output.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                newLine(indentation + 1)
                element.append(prettyTo: &output, indentation: indentation + 1)
            }
            newLine(indentation)
            output.append(UInt8(ascii: "]"))
        case .object(let members):
            output.append(UInt8(ascii: "{"))
            for (index, member) in Self.ordered(members).enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                newLine(indentation + 1)
                Self.append(quoted: member.key, to: &output)
                output += Array(": ".utf8)
                member.value.append(prettyTo: &output, indentation: indentation + 1)
            }
            newLine(indentation)
            output.append(UInt8(ascii: "}"))
        }
    }

    private func appendScalar(to output: inout [UInt8]) {
        switch self {
        case .null: output += Array("null".utf8)
        case .bool(let value): output += Array((value ? "true" : "false").utf8)
        case .number(let literal): output += Array(literal.utf8)
        case .string(let value): Self.append(quoted: value, to: &output)
        case .array, .object: break
        }
    }

    /// The members in the order of their names' UTF-16 code units (RFC 8785, section 3.2.3).
    private static func ordered(_ members: [String: JSONValue]) -> [(key: String, value: JSONValue)] {
        // Of ASCII names, Swift's own order is that of their code units.
        if members.keys.allSatisfy({ $0.utf8.allSatisfy { $0 < 0x80 } }) { return members.sorted { $0.key < $1.key } }
        return members.sorted { left, right in left.key.utf16.lexicographicallyPrecedes(right.key.utf16) }
    }

    static func append(quoted text: String, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        var text = text
        let isPlain = text.withUTF8 { utf8 in
            guard utf8.allSatisfy({ $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) else {
                return false
            }
            output.append(contentsOf: utf8)
            return true
        }
        if isPlain {
            output.append(UInt8(ascii: "\""))
            return
        }
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): output += [UInt8(ascii: "\\"), byte]
            case 0x08: output += Array("\\b".utf8)
            case 0x09: output += Array("\\t".utf8)
            case 0x0a: output += Array("\\n".utf8)
            case 0x0c: output += Array("\\f".utf8)
            case 0x0d: output += Array("\\r".utf8)
            case 0..<0x20: output += Array("\\u00\(Hex.encode([byte]))".utf8)
            default: output.append(byte)
            }
        }
        output.append(UInt8(ascii: "\""))
    }
}
