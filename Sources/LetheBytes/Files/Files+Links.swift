import Glibc

extension Files {
    /// What stands at `path` itself: a link is `.other`, whatever it leads to. `nil` where nothing stands or it cannot be seen.
    public static func unlinkedKind(_ path: String) -> Kind? {
        var status = stat()
        guard !path.utf8.contains(0), lstat(path, &status) == 0 else { return nil }
        return switch status.st_mode & S_IFMT {
        case S_IFREG: .file
        case S_IFDIR: .folder
        default: .other
        }
    }
}

extension Files {
    /// Gives the file at `path` a second name, which must be free.
    /// - Throws: `.alreadyExists` where something has this name.
    public static func link(_ path: String, to name: String) throws(FileError) {
        guard !path.utf8.contains(0), !name.utf8.contains(0), Glibc.link(path, name) == 0 else {
            throw FileError("link", errno == ENOENT ? path : name, errno)
        }
    }
}
