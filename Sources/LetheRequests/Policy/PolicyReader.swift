import LetheCrypto
internal import Yams

/// One mapping of a policy file: hands out its fields once, with their types and ranges checked, and then insists that
/// nothing is left over.
///
/// Other YAML files of a controller (the mapping of a log) are read by it too; the caller says in its error which file it was.
package struct PolicySection {
    private let path: String
    private let line: Int?
    private var fields: [String: (key: Node, value: Node)]

    /// Composes the document.
    package static func root(of yaml: String) throws(PolicyError) -> PolicySection {
        let node: Node?
        do { node = try Yams.compose(yaml: yaml) } catch { throw PolicySection.syntaxError(error, in: yaml) }
        guard let node else {
            throw PolicyError(line: nil, field: "", expected: "a YAML mapping", found: "an empty document")
        }
        return try PolicySection(node, path: "")
    }

    private init(_ node: Node, path: String) throws(PolicyError) {
        guard case .mapping(let mapping) = node else {
            throw PolicyError(
                line: node.mark?.line, field: path, expected: "a mapping", found: PolicySection.describe(node))
        }
        self.path = path
        line = node.mark?.line
        fields = [:]
        for (key, value) in mapping {
            guard case .scalar(let scalar) = key else {
                throw PolicyError(
                    line: key.mark?.line, field: path, expected: "a field name", found: PolicySection.describe(key))
            }
            guard fields.updateValue((key, value), forKey: scalar.string) == nil else {
                throw PolicyError(
                    line: key.mark?.line, field: name(scalar.string), expected: "every field once", found: "it again")
            }
        }
    }

    /// A nested mapping.
    package mutating func section(_ field: String) throws(PolicyError) -> PolicySection {
        try PolicySection(try take(field, expected: "a mapping"), path: name(field))
    }

    /// A nested mapping that may be left out.
    package mutating func optionalSection(_ field: String) throws(PolicyError) -> PolicySection? {
        fields[field] == nil ? nil : try section(field)
    }

    /// A list of mappings.
    mutating func sections(_ field: String, _ count: ClosedRange<Int>) throws(PolicyError) -> [PolicySection] {
        let expected = "a list of \(count.lowerBound) to \(count.upperBound) mappings"
        let node = try take(field, expected: expected)
        guard case .sequence(let sequence) = node, count.contains(sequence.count) else {
            throw wrong(field, node, expected)
        }
        var sections: [PolicySection] = []
        for item in sequence { sections.append(try PolicySection(item, path: name(field))) }
        return sections
    }

    /// A whole number in `range`; `missing` where the field may be left out.
    package mutating func integer(
        _ field: String, _ range: ClosedRange<Int>, missing: Int? = nil
    ) throws(PolicyError) -> Int {
        if let missing, fields[field] == nil { return missing }
        let expected = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        let node = try take(field, expected: expected)
        guard let text = PolicySection.plain(node), let value = PolicySection.wholeNumber(text), range.contains(value)
        else { throw wrong(field, node, expected) }
        return value
    }

    /// A whole number in `range`, or nil where the file says `none`.
    mutating func integerOrNone(_ field: String, _ range: ClosedRange<Int>) throws(PolicyError) -> Int? {
        let expected = "a whole number from \(range.lowerBound) to \(range.upperBound), or none"
        let node = try take(field, expected: expected)
        guard let text = PolicySection.plain(node) else { throw wrong(field, node, expected) }
        if text == "none" { return nil }
        guard let value = PolicySection.wholeNumber(text), range.contains(value) else {
            throw wrong(field, node, expected)
        }
        return value
    }

    /// A decimal number within `bounds`; `missing` where the field may be left out.
    mutating func number(
        _ field: String, _ bounds: Bounds, missing: Double? = nil
    ) throws(PolicyError) -> Double {
        if let missing, fields[field] == nil { return missing }
        let expected = "a number \(bounds.text)"
        let node = try take(field, expected: expected)
        guard let text = PolicySection.plain(node), let value = PolicySection.decimalNumber(text),
            bounds.contains(value)
        else { throw wrong(field, node, expected) }
        return value
    }

    /// A decimal number within `bounds`, or nil where the file says `none`.
    mutating func numberOrNone(_ field: String, _ bounds: Bounds) throws(PolicyError) -> Double? {
        if case .scalar(let scalar)? = fields[field]?.value, scalar.style == .plain, scalar.string == "none" {
            fields.removeValue(forKey: field)
            return nil
        }
        return try number(field, Bounds(text: bounds.text + ", or none", contains: bounds.contains))
    }

    /// `true` or `false`.
    package mutating func flag(_ field: String) throws(PolicyError) -> Bool {
        let node = try take(field, expected: "true or false")
        switch PolicySection.plain(node) {
        case "true": return true
        case "false": return false
        default: throw wrong(field, node, "true or false")
        }
    }

    /// One of the values of `Choice`.
    package mutating func choice<Choice>(
        _ field: String, _: Choice.Type = Choice.self
    ) throws(PolicyError) -> Choice where Choice: RawRepresentable<String> & CaseIterable {
        let expected = PolicySection.oneOf(Choice.self)
        let node = try take(field, expected: expected)
        guard case .scalar(let scalar) = node, let value = Choice(rawValue: scalar.string) else {
            throw wrong(field, node, expected)
        }
        return value
    }

    /// A list of different values of `Choice`, at least one.
    mutating func choices<Choice>(
        _ field: String, _: Choice.Type = Choice.self
    ) throws(PolicyError) -> [Choice] where Choice: RawRepresentable<String> & CaseIterable & Equatable {
        let expected = "a list of different values, each \(PolicySection.oneOf(Choice.self))"
        let node = try take(field, expected: expected)
        guard case .sequence(let sequence) = node, !sequence.isEmpty else { throw wrong(field, node, expected) }
        var values: [Choice] = []
        for item in sequence {
            guard case .scalar(let scalar) = item, let value = Choice(rawValue: scalar.string), !values.contains(value)
            else { throw wrong(field, item, expected) }
            values.append(value)
        }
        return values
    }

    /// A list of different days, in order, empty where the field is left out.
    mutating func dates(_ field: String) throws(PolicyError) -> [CivilDate] {
        guard fields[field] != nil else { return [] }
        let expected = "a list of different dates YYYY-MM-DD"
        let node = try take(field, expected: expected)
        guard case .sequence(let sequence) = node else { throw wrong(field, node, expected) }
        var dates: Set<CivilDate> = []
        for item in sequence {
            guard case .scalar(let scalar) = item, let date = try? CivilDate(scalar.string), dates.insert(date).inserted
            else { throw wrong(field, item, expected) }
        }
        return dates.sorted()
    }

    /// An http or https URL in printable ASCII.
    mutating func url(_ field: String) throws(PolicyError) -> String {
        let expected = "an https or http URL of at most 512 characters"
        let node = try take(field, expected: expected)
        guard case .scalar(let scalar) = node, scalar.string.utf8.count <= 512,
            scalar.string.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            ["https://", "http://"].contains(where: { scalar.string.hasPrefix($0) && scalar.string != $0 })
        else { throw wrong(field, node, expected) }
        return scalar.string
    }

    /// A SHA-256 digest.
    mutating func digest(_ field: String) throws(PolicyError) -> Digest {
        let expected = "a SHA-256 digest in lowercase hexadecimal"
        let node = try take(field, expected: expected)
        guard case .scalar(let scalar) = node, let digest = try? Digest(hex: scalar.string) else {
            throw wrong(field, node, expected)
        }
        return digest
    }

    /// A name of lowercase letters, digits and hyphens.
    package mutating func identifier(_ field: String) throws(PolicyError) -> String {
        let expected = "a name of 1 to 64 characters a-z, 0-9 and -"
        let node = try take(field, expected: expected)
        guard case .scalar(let scalar) = node, (1...64).contains(scalar.string.utf8.count),
            scalar.string.utf8.allSatisfy({ "abcdefghijklmnopqrstuvwxyz0123456789-".utf8.contains($0) })
        else { throw wrong(field, node, expected) }
        return scalar.string
    }

    /// Any text of one to `limit` bytes, quoted or not.
    package mutating func text(_ field: String, limit: Int = 256) throws(PolicyError) -> String {
        let expected = "text of 1 to \(limit) bytes"
        let node = try take(field, expected: expected)
        guard case .scalar(let scalar) = node, (1...limit).contains(scalar.string.utf8.count) else {
            throw wrong(field, node, expected)
        }
        return scalar.string
    }

    /// Whether the section has this field, not asked for so far.
    package func has(_ field: String) -> Bool { fields[field] != nil }

    /// A list of different texts, at least one.
    package mutating func texts(_ field: String) throws(PolicyError) -> [String] {
        let expected = "a list of different texts"
        let node = try take(field, expected: expected)
        guard case .sequence(let sequence) = node, !sequence.isEmpty else { throw wrong(field, node, expected) }
        var texts: [String] = []
        for item in sequence {
            guard case .scalar(let scalar) = item, scalar.string.utf8.count <= 256, !texts.contains(scalar.string)
            else { throw wrong(field, item, expected) }
            texts.append(scalar.string)
        }
        return texts
    }

    /// A mapping of texts to texts, at least one.
    package mutating func textsByText(_ field: String) throws(PolicyError) -> [String: String] {
        let expected = "a mapping of texts to texts"
        let node = try take(field, expected: expected)
        guard case .mapping(let mapping) = node, !mapping.isEmpty else { throw wrong(field, node, expected) }
        var texts: [String: String] = [:]
        for (key, value) in mapping {
            guard case .scalar(let name) = key, case .scalar(let text) = value, text.string.utf8.count <= 256 else {
                throw wrong(field, value, expected)
            }
            texts[name.string] = text.string
        }
        return texts
    }

    /// A list of mappings, at least one.
    package mutating func sections(_ field: String) throws(PolicyError) -> [PolicySection] {
        let expected = "a list of mappings"
        let node = try take(field, expected: expected)
        guard case .sequence(let sequence) = node, !sequence.isEmpty else { throw wrong(field, node, expected) }
        var sections: [PolicySection] = []
        for (index, item) in sequence.enumerated() {
            sections.append(try PolicySection(item, path: "\(name(field))[\(index)]"))
        }
        return sections
    }

    /// Ends the section.
    /// - Throws: when a field was not asked for: it is unknown, or misspelt.
    package func finish() throws(PolicyError) {
        let first = fields.min { ($0.value.key.mark?.line ?? 0, $0.key) < ($1.value.key.mark?.line ?? 0, $1.key) }
        guard let first else { return }
        throw PolicyError(
            line: first.value.key.mark?.line, field: name(excerpt(first.key)), expected: "no field of this name",
            found: "it")
    }

    /// An error at the value of a field that `choice` and the like accepted, for rules that join several fields.
    package func conflict(_ field: String, expected: String, found: String) -> PolicyError {
        PolicyError(line: line, field: name(field), expected: expected, found: found)
    }

    // MARK: Parts

    private mutating func take(_ field: String, expected: String) throws(PolicyError) -> Node {
        guard let pair = fields.removeValue(forKey: field) else {
            throw PolicyError(line: line, field: name(field), expected: expected, found: "no such field")
        }
        return pair.value
    }

    private func name(_ field: String) -> String { path.isEmpty ? field : "\(path).\(field)" }

    private func wrong(_ field: String, _ node: Node, _ expected: String) -> PolicyError {
        PolicyError(
            line: node.mark?.line, field: name(field), expected: expected, found: PolicySection.describe(node))
    }

    /// The text of an unquoted scalar: `"1"` in quotes is text, not a number.
    private static func plain(_ node: Node) -> String? {
        guard case .scalar(let scalar) = node, scalar.style == .plain else { return nil }
        return scalar.string
    }

    private static func wholeNumber(_ text: String) -> Int? {
        let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        return Int(text)
    }

    private static func decimalNumber(_ text: String) -> Double? {
        guard let first = text.utf8.first, "-0123456789".utf8.contains(first),
            text.utf8.allSatisfy({ "-+.eE0123456789".utf8.contains($0) }), let value = Double(text), value.isFinite
        else { return nil }
        return value
    }

    private static func oneOf<Choice>(_: Choice.Type) -> String
    where Choice: RawRepresentable<String> & CaseIterable {
        let names = Choice.allCases.map(\.rawValue)
        return names.count == 1 ? names[0] : "one of " + names.joined(separator: ", ")
    }

    private static func describe(_ node: Node) -> String {
        switch node {
        case .scalar(let scalar): scalar.string.isEmpty ? "nothing" : "\"\(excerpt(scalar.string))\""
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .alias: "an alias"
        }
    }

    /// Where a field stands for the second time; the parser tells only where its mapping begins.
    private static func secondLine(of field: String, inMappingAt start: Mark, of yaml: String) -> Int {
        let name = String(repeating: " ", count: max(0, start.column - 1)) + field
        let lines = yaml.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        let found = lines.indices.dropFirst(start.line - 1).filter {
            lines[$0].hasPrefix(name) && lines[$0].dropFirst(name.count).drop { $0 == " " }.first == ":"
        }
        return found.count > 1 ? found[1] + 1 : start.line
    }

    private static func syntaxError(_ error: any Error, in yaml: String) -> PolicyError {
        func fault(_ line: Int?, _ problem: String) -> PolicyError {
            PolicyError(line: line, field: "", expected: "well-formed YAML", found: problem)
        }
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return fault(mark.line, problem)
        case .duplicatedKeysInMapping(let duplicates, let context):
            let field = duplicates.min() ?? ""
            return PolicyError(
                line: secondLine(of: field, inMappingAt: context.mark, of: yaml), field: excerpt(field),
                expected: "every field once", found: "it again")
        case .reader(let problem, _, _, _): return fault(nil, problem)
        default: return fault(nil, "text that the YAML parser does not read")
        }
    }
}

/// The numbers that a field may take, and how to say so.
struct Bounds {
    let text: String
    let contains: @Sendable (Double) -> Bool

    static func from(_ low: Double, through high: Double) -> Bounds {
        Bounds(text: "from \(short(low)) to \(short(high))") { $0 >= low && $0 <= high }
    }

    static func from(_ low: Double, below high: Double) -> Bounds {
        Bounds(text: "from \(short(low)) to below \(short(high))") { $0 >= low && $0 < high }
    }

    static func above(_ low: Double, through high: Double) -> Bounds {
        Bounds(text: "above \(short(low)) and at most \(short(high))") { $0 > low && $0 <= high }
    }

    static func above(_ low: Double, below high: Double) -> Bounds {
        Bounds(text: "above \(short(low)) and below \(short(high))") { $0 > low && $0 < high }
    }
}

/// The shortest decimal text that reads back as `value`, without a trailing `.0`.
func short(_ value: Double) -> String {
    let text = "\(value)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}
