/// Why a command on models or tokenised examples cannot be carried out.
public enum EngineError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A setting is out of its range.
    case invalidSetting(name: String, found: String, expected: String)
    /// A line of an input file is not as it should be.
    case line(path: String, number: Int, reason: String)
    /// An input file has no line.
    case noExamples(path: String)

    /// One line that says what was found where, and what was expected.
    public var description: String {
        switch self {
        case .invalidSetting(let name, let found, let expected): "\(name) is \(found), expected \(expected)"
        case .line(let path, let number, let reason): "\(path), line \(number): \(reason)"
        case .noExamples(let path): "\(path): no line, expected at least one example"
        }
    }
}
