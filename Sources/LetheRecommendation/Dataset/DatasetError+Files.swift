internal import LetheBytes

extension DatasetError {
    /// Why the next line of a file could not be read; `line` is the last one that could.
    init(_ error: FileError, afterLine line: Int) {
        switch error {
        case .malformed(let path, let reason) where reason.hasPrefix("line "):
            self = .unreadable(reason: "\(path), \(reason)", isMachineFailure: false)
        case .malformed(let path, let reason):
            self = .unreadable(reason: "\(path), line \(line + 1): \(reason)", isMachineFailure: false)
        default: self = .unreadable(reason: "\(error)", isMachineFailure: error.isMachineFailure)
        }
    }
}
