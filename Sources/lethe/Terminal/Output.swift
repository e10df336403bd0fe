import Foundation
import Glibc

/// Standard error: progress, notes and the one line that says what went wrong.
enum StandardError {
    static func write(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }
}

/// Standard output: results.
enum StandardOutput {
    static func write(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if written >= 0 {
                rest = rest.dropFirst(written)
            } else if errno == EPIPE {
                return  // A reader that went away (`lethe … | head`) is not an error.
            } else if errno != EINTR {
                StandardError.write("lethe: standard output: \(String(cString: strerror(errno)))\n")
                exit(ExitStatus.machineFailed.rawValue)
            }
        }
    }

    static func line(_ text: String = "") {
        write(text + "\n")
    }
}
