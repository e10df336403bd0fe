/// Bad input found by the command line itself: one line, exit code 2.
struct InputError: Error, CustomStringConvertible {
    let description: String

    /// An error with its line.
    init(_ description: String) {
        self.description = description
    }
}
