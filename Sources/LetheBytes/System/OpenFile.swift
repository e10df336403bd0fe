import Glibc

/// An open file descriptor. Only the files of this folder touch memory addresses.
final class OpenFile {
    let path: String
    private let descriptor: Int32

    /// Opens `path` for reading; only a regular file is accepted, and nothing else (a FIFO) can make this wait.
    init(reading path: String) throws(FileError) {
        self.path = path
        self.descriptor = try Self.open(path, O_RDONLY | O_NONBLOCK)
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileError("fstat", path, errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile(path: path) }
    }

    /// Opens `path` for writing; it must not exist.
    init(creating path: String, permissions: UInt16) throws(FileError) {
        self.path = path
        self.descriptor = try Self.open(path, O_WRONLY | O_CREAT | O_EXCL, permissions)
    }

    /// Opens the folder at `path`, to synchronise it.
    init(folder path: String) throws(FileError) {
        self.path = path
        self.descriptor = try Self.open(path, O_RDONLY | O_DIRECTORY)
    }

    deinit { close(descriptor) }

    /// The size that the file system reports.
    func size() throws(FileError) -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileError("fstat", path, errno) }
        return Int(status.st_size)
    }

    /// The permission bits, of the very file that is open.
    func permissions() throws(FileError) -> UInt16 {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileError("fstat", path, errno) }
        return UInt16(truncatingIfNeeded: status.st_mode & 0o7777)
    }

    /// Fills `buffer` from `offset` on and returns how many bytes came; zero only at the end of the file.
    func read(into buffer: inout [UInt8], at offset: Int) throws(FileError) -> Int {
        while true {
            let count = buffer.withUnsafeMutableBytes { raw in
                Glibc.read(descriptor, raw.baseAddress.map { $0 + offset }, raw.count - offset)
            }
            if count >= 0 { return count }
            if errno != EINTR { throw FileError("read", path, errno) }
        }
    }

    /// Writes all of `bytes`.
    func write(_ bytes: [UInt8]) throws(FileError) {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes { raw in
                Glibc.write(descriptor, raw.baseAddress.map { $0 + offset }, raw.count - offset)
            }
            if count >= 0 {
                offset += count
            } else if errno != EINTR {
                throw FileError("write", path, errno)
            }
        }
    }

    /// Sets the permissions exactly, whatever the process's mask.
    func setPermissions(_ permissions: UInt16) throws(FileError) {
        guard fchmod(descriptor, mode_t(permissions)) == 0 else { throw FileError("fchmod", path, errno) }
    }

    /// Waits until everything is on the disk.
    func synchronize() throws(FileError) {
        guard fsync(descriptor) == 0 || errno == EINVAL || errno == ENOTSUP else {
            throw FileError("fsync", path, errno)
        }
    }

    private static func open(_ path: String, _ flags: Int32, _ permissions: UInt16 = 0) throws(FileError) -> Int32 {
        // A C string ends at its first NUL: the path that is opened must be the path that was named.
        guard !path.utf8.contains(0) else { throw .system(operation: "open", path: "(path with NUL)", errno: EINVAL) }
        while true {
            let descriptor = Glibc.open(path, flags | O_CLOEXEC, mode_t(permissions))
            if descriptor >= 0 { return descriptor }
            if errno != EINTR { throw FileError("open", path, errno) }
        }
    }
}
