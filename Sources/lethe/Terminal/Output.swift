import Foundation

/// Standard error: progress, notes and the one line that says what went wrong.
enum StandardError {
    static func write(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }
}

/// Standard output: results.
enum StandardOutput {
    static func write(_ text: String) {
        // A reader that went away (`lethe … | head`) is not an error worth a trace.
        try? FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
    }

    static func line(_ text: String = "") {
        write(text + "\n")
    }
}
