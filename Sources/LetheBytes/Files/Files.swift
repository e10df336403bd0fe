import Glibc

/// Whole files and folders.
public enum Files {
    /// The content of the regular file at `path`.
    /// - Throws: `.tooLarge` when it has more than `limit` bytes; nothing beyond the limit is read.
    public static func read(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
        try read(OpenFile(reading: path), limit: limit)
    }

    /// The content of a file that nobody but its owner may read: a key, a passphrase.
    /// - Throws: `.exposed` where group or others have any permission on it; nothing is read then.
    public static func readPrivate(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
        let file = try OpenFile(reading: path)
        let permissions = try file.permissions()
        guard permissions & 0o077 == 0 else { throw .exposed(path: path, permissions: permissions) }
        return try read(file, limit: limit)
    }

    /// The permission bits of the regular file at `path`.
    public static func permissions(_ path: String) throws(FileError) -> UInt16 {
        try OpenFile(reading: path).permissions()
    }

    /// The bytes that the regular file at `path` says it has.
    public static func size(_ path: String) throws(FileError) -> Int {
        try OpenFile(reading: path).size()
    }

    private static func read(_ file: OpenFile, limit: Int) throws(FileError) -> [UInt8] {
        let path = file.path
        let size = try file.size()
        guard size <= limit else { throw .tooLarge(path: path, limit: limit) }
        // The size may be wrong (special file systems) or change: read until the end, but never past the limit.
        var bytes = [UInt8](repeating: 0, count: size + 1)
        var count = 0
        while true {
            let read = try file.read(into: &bytes, at: count)
            if read == 0 { break }
            count += read
            guard count <= limit else { throw .tooLarge(path: path, limit: limit) }
            if count == bytes.count { bytes += [UInt8](repeating: 0, count: max(4096, count)) }
        }
        bytes.removeLast(bytes.count - count)
        return bytes
    }

    /// Writes a file so that at `path` there is, at every moment, the old content or all of the new one.
    ///
    /// The bytes go to a temporary file in the same folder, which is synchronised and then renamed.
    ///
    /// - Parameter isDurable: false where many files are written and ``synchronizeAll()`` follows; until then a power
    ///   failure may leave the new name without its bytes.
    public static func write(
        _ bytes: [UInt8], to path: String, permissions: UInt16 = 0o644, isDurable: Bool = true
    ) throws(FileError) {
        let writer = try AtomicFileWriter(path: path, permissions: permissions)
        try writer.write(bytes)
        try writer.commit(isDurable: isDurable)
    }

    /// Creates one folder; its parent must exist.
    /// - Throws: `.alreadyExists` where something has this name.
    public static func createFolder(_ path: String, permissions: UInt16 = 0o755) throws(FileError) {
        guard !path.utf8.contains(0) else { throw .system(operation: "mkdir", path: "(path with NUL)", errno: EINVAL) }
        guard mkdir(path, mode_t(permissions)) == 0 else { throw FileError("mkdir", path, errno) }
    }

    /// Creates the folder and its parents where they are missing.
    public static func createFolders(_ path: String, permissions: UInt16 = 0o755) throws(FileError) {
        if kind(path) == .folder { return }
        let parent = folder(of: path)
        if parent != path { try createFolders(parent, permissions: permissions) }
        do {
            try createFolder(path, permissions: permissions)
        } catch .alreadyExists where kind(path) == .folder {
            return
        }
    }

    /// What stands at a path.
    public enum Kind: Sendable, Equatable {
        /// A regular file, or a link to one.
        case file
        /// A folder, or a link to one.
        case folder
        /// A device, a socket, a pipe.
        case other
    }

    /// What stands at `path`, or `nil` where nothing does or it cannot be seen.
    public static func kind(_ path: String) -> Kind? {
        var status = stat()
        guard !path.utf8.contains(0), stat(path, &status) == 0 else { return nil }
        return switch status.st_mode & S_IFMT {
        case S_IFREG: .file
        case S_IFDIR: .folder
        default: .other
        }
    }

    /// Whether anything stands at `path`, a dangling link included.
    public static func exists(_ path: String) -> Bool {
        var status = stat()
        return !path.utf8.contains(0) && lstat(path, &status) == 0
    }

    /// Removes the file, or the folder with all that is in it; links are removed, not followed. A missing one is no error.
    public static func remove(_ path: String) throws(FileError) {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT { return }
            throw FileError("lstat", path, errno)
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            guard unlink(path) == 0 || errno == ENOENT else { throw FileError("unlink", path, errno) }
            return
        }
        for name in try names(in: path) { try remove(join(path, name)) }
        guard rmdir(path) == 0 || errno == ENOENT else { throw FileError("rmdir", path, errno) }
    }

    /// Renames, within one file system. What has the new name is replaced where the system can do so.
    public static func rename(_ old: String, to new: String) throws(FileError) {
        guard Glibc.rename(old, new) == 0 else {
            throw FileError("rename", errno == ENOENT ? old : new, errno)
        }
    }

    /// Waits until the entries of the folder are on the disk.
    public static func synchronizeFolder(_ path: String) throws(FileError) {
        try OpenFile(folder: path).synchronize()
    }

    /// Waits until everything that was written is on the disk: once for many files, instead of once a file.
    public static func synchronizeAll() { sync() }

    /// `name` inside `folder`.
    public static func join(_ folder: String, _ name: String) -> String {
        folder.isEmpty ? name : folder.hasSuffix("/") ? folder + name : folder + "/" + name
    }

    /// The folder that holds `path`: "." for a bare name.
    public static func folder(of path: String) -> String {
        let trimmed = withoutTrailingSlashes(path)
        guard let slash = trimmed.lastIndex(of: "/") else { return trimmed == "" ? path : "." }
        return slash == trimmed.startIndex ? "/" : withoutTrailingSlashes(String(trimmed[..<slash]))
    }

    /// The last part of `path`.
    public static func name(of path: String) -> String {
        let trimmed = withoutTrailingSlashes(path)
        guard let slash = trimmed.lastIndex(of: "/"), trimmed != "/" else { return trimmed }
        return String(trimmed[trimmed.index(after: slash)...])
    }

    /// Makes a write beyond the process's file size limit fail with ``FileError/noSpace(path:)`` instead of ending the process.
    ///
    /// Every ``AtomicFileWriter`` does this; a program that writes files by other means (a database) calls it at its start.
    public static func ignoreSizeLimitSignal() {
        sizeLimitSignalIgnored
    }

    private static let sizeLimitSignalIgnored: Void = {
        signal(SIGXFSZ, SIG_IGN)
    }()

    private static func withoutTrailingSlashes(_ path: String) -> String {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return path
    }
}
