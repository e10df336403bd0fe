import Glibc

extension Files {
    /// Makes a folder so that at `path` there is, at every moment, nothing or the old folder, or all of the new one.
    ///
    /// `fill` writes into a temporary folder beside `path`, which then gets the name; any failure removes it.
    /// - Throws: `.alreadyExists` when something is at `path` and `replace` is false; what `fill` throws.
    public static func writeFolder(
        _ path: String, replace: Bool = false, fill: (_ temporaryPath: String) throws(FileError) -> Void
    ) throws(FileError) {
        if exists(path) {
            guard replace else { throw .alreadyExists(path: path) }
            guard kind(path) == .folder else { throw .notAFolder(path: path) }
        }
        let parent = folder(of: path)
        let temporaryPath = try createTemporaryFolder(for: path, in: parent)
        do {
            try fill(temporaryPath)
            try synchronizeFolder(temporaryPath)
            try publish(temporaryPath, as: path, replace: replace)
        } catch {
            try? remove(temporaryPath)
            throw error
        }
        try synchronizeFolder(parent)
    }

    private static func createTemporaryFolder(for path: String, in parent: String) throws(FileError) -> String {
        var attempt = 0
        while true {
            let temporaryPath = join(parent, ".\(name(of: path).prefix(100)).\(getpid())-\(attempt).tmp")
            do {
                try createFolder(temporaryPath)
                return temporaryPath
            } catch {
                switch error {
                case .alreadyExists where attempt < 10_000: attempt += 1
                case .notFound: throw .notFound(path: parent)
                default: throw error
                }
            }
        }
    }

    /// Gives the finished folder its name. Where a folder is replaced, a crash between the two renames leaves the old one
    /// beside `path` under a temporary name that ends in ".old".
    private static func publish(_ temporaryPath: String, as path: String, replace: Bool) throws(FileError) {
        guard replace, exists(path) else {
            guard Glibc.rename(temporaryPath, path) == 0 else { throw FileError("rename", path, errno) }
            return
        }
        let oldPath = temporaryPath + ".old"
        guard Glibc.rename(path, oldPath) == 0 else { throw FileError("rename", path, errno) }
        guard Glibc.rename(temporaryPath, path) == 0 else {
            let error = FileError("rename", path, errno)
            try? rename(oldPath, to: path)
            throw error
        }
        try remove(oldPath)
    }
}
