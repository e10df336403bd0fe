import Glibc

/// Writes a file piece by piece; it appears under its name only when it is complete and on the disk.
///
/// Until ``commit(isDurable:)`` the bytes are in a temporary file of the same folder, which any failure, ``cancel()`` and the end of
/// this object remove.
public final class AtomicFileWriter {
    /// The path that the file will have.
    public let path: String
    private let temporaryPath: String
    private var buffer: [UInt8] = []
    private var file: OpenFile?
    private static let bufferSize = 1 << 18

    /// Creates the temporary file.
    public init(path: String, permissions: UInt16 = 0o644) throws(FileError) {
        Files.ignoreSizeLimitSignal()
        if Files.kind(path) == .folder || path.hasSuffix("/") { throw .notAFile(path: path) }
        self.path = path
        let folder = Files.folder(of: path)
        var attempt = 0
        while true {
            let temporaryPath = Files.join(folder, ".\(Files.name(of: path).prefix(100)).\(getpid())-\(attempt).tmp")
            do {
                file = try OpenFile(creating: temporaryPath, permissions: 0o600)
                self.temporaryPath = temporaryPath
                break
            } catch .alreadyExists where attempt < 10_000 {
                attempt += 1
            } catch {
                throw Self.named(error, path)
            }
        }
        try during { file throws(FileError) in try file.setPermissions(permissions) }
    }

    deinit { cancel() }

    /// Appends `bytes`.
    public func write(_ bytes: [UInt8]) throws(FileError) {
        if file != nil, buffer.count + bytes.count < Self.bufferSize {
            buffer += bytes
        } else {
            try flush()
            try during { file throws(FileError) in try file.write(bytes) }
        }
    }

    /// Gives the file its name, after everything is on the disk. Writing afterwards is an error.
    ///
    /// - Parameter isDurable: false leaves it to the caller to wait for the disk, once for many files.
    public func commit(isDurable: Bool = true) throws(FileError) {
        try flush()
        if isDurable { try during { file throws(FileError) in try file.synchronize() } }
        guard Glibc.rename(temporaryPath, path) == 0 else {
            let error = FileError("rename", path, errno)
            cancel()
            throw error
        }
        file = nil
        if isDurable { try Files.synchronizeFolder(Files.folder(of: path)) }
    }

    /// Removes the temporary file. Does nothing after ``commit(isDurable:)``.
    public func cancel() {
        guard file != nil else { return }
        file = nil
        buffer = []
        unlink(temporaryPath)
    }

    private func flush() throws(FileError) {
        let pending = buffer
        buffer.removeAll(keepingCapacity: true)
        try during { file throws(FileError) in try file.write(pending) }
    }

    /// Runs one step on the temporary file; where it fails, the file is removed and the error names the final path.
    private func during(_ step: (OpenFile) throws(FileError) -> Void) throws(FileError) {
        guard let file else { throw .system(operation: "write", path: path, errno: EBADF) }
        do {
            try step(file)
        } catch {
            cancel()
            throw Self.named(error, path)
        }
    }

    /// The same error about the path that the caller knows.
    private static func named(_ error: FileError, _ path: String) -> FileError {
        switch error {
        case .notFound: .notFound(path: Files.folder(of: path))
        case .notAFile: .notAFile(path: path)
        case .notAFolder: .notAFolder(path: path)
        case .alreadyExists: .alreadyExists(path: path)
        case .tooLarge(_, let limit): .tooLarge(path: path, limit: limit)
        case .malformed(_, let reason): .malformed(path: path, reason: reason)
        case .exposed(_, let permissions): .exposed(path: path, permissions: permissions)
        case .permissionDenied: .permissionDenied(path: path)
        case .noSpace: .noSpace(path: path)
        case .system(let operation, _, let code): .system(operation: operation, path: path, errno: code)
        }
    }
}
