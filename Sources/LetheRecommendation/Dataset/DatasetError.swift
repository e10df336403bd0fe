/// What is wrong with a folder of data.
public enum DatasetError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Neither the plain file nor the one with `.gz` is there.
    case missing(file: String, folder: String)
    /// The file cannot be read; the text names the file. `isMachineFailure` tells a broken disk from a wrong path.
    case unreadable(reason: String, isMachineFailure: Bool)
    /// The file has no line at all.
    case empty(file: String)
    /// The last line does not end in a line feed: the file was cut off.
    case truncated(file: String, line: Int)
    /// A line is not of the file's format. Lines count from 1.
    case malformed(file: String, line: Int, field: String, expected: String, found: String)
    /// A line repeats what an earlier line states.
    case duplicate(file: String, line: Int, what: String, firstLine: Int)
    /// A rating names a user or an item that the other files lack.
    case unknownReference(file: String, line: Int, field: String, value: String)

    /// One line for people.
    public var description: String {
        switch self {
        case .missing(let file, let folder): "\(folder): neither \(file) nor \(file).gz is there"
        case .unreadable(let reason, _): reason
        case .empty(let file): "\(file) is empty"
        case .truncated(let file, let line): "\(file), line \(line): the file ends inside this line, it was cut off"
        case .malformed(let file, let line, let field, let expected, let found):
            "\(file), line \(line), \(field): expected \(expected), found \(found)"
        case .duplicate(let file, let line, let what, let first):
            "\(file), line \(line): \(what) is already in line \(first)"
        case .unknownReference(let file, let line, let field, let value):
            "\(file), line \(line): \(field) \(value) is not in the \(field)s file"
        }
    }
}
