/// What is wrong with a policy file: where, what was expected, what was found.
public struct PolicyError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The line of the file, counted from 1; nil where the file as a whole is meant.
    public let line: Int?
    /// The field as a dotted path, such as `training.learningRate`; empty for the document itself.
    public let field: String
    /// What the field must be.
    public let expected: String
    /// What stands there.
    public let found: String

    /// Names a fault of a policy file.
    public init(line: Int?, field: String, expected: String, found: String) {
        self.line = line
        self.field = field
        self.expected = expected
        self.found = found
    }

    /// One line for a person.
    public var description: String {
        let place = [line.map { "line \($0)" }, field.isEmpty ? nil : field].compactMap(\.self).joined(separator: ", ")
        return "policy\(place.isEmpty ? "" : " \(place)"): expected \(expected), found \(found)"
    }
}
