/// Bad input found at the edge itself: one line, exit code 2.
public struct InputError: Error, CustomStringConvertible {
    /// The line.
    public let description: String

    /// An error with its line.
    public init(_ description: String) {
        self.description = description
    }
}
