import Foundation
import Glibc

/// A colour of the terminal's own palette (ECMA-48, SGR), so that it fits the reader's background.
enum TerminalStyle: String {
    case red = "31"
    case green = "32"
    case amber = "33"
    case blue = "34"
    case grey = "90"

    /// `text` in this colour.
    func apply(to text: String) -> String { "\u{1B}[\(rawValue)m\(text)\u{1B}[0m" }
}

extension StandardOutput {
    /// Whether colours are shown: on a terminal that has them, unless the reader has said no (no-color.org).
    static var showsColours: Bool {
        let environment = ProcessInfo.processInfo.environment
        return isatty(STDOUT_FILENO) == 1 && environment["NO_COLOR", default: ""].isEmpty
            && environment["TERM"] != "dumb"
    }
}
