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
