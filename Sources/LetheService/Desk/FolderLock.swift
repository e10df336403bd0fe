import Glibc
import LetheBytes

/// The system's lock on a folder, for one process at a time. It ends with this object, and with the process, however that ends.
package final class FolderLock {
    private let descriptor: Int32

    /// - Parameter waits: whether to wait for who has it.
    /// - Throws: `ServiceError.busy` where somebody has it; `FileError`.
    package init(_ folder: String, waits: Bool) throws {
        descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError.system(operation: "open", path: folder, errno: errno) }
        while flock(descriptor, waits ? LOCK_EX : LOCK_EX | LOCK_NB) != 0 {
            let code = errno
            if code == EINTR { continue }
            close(descriptor)
            throw code == EWOULDBLOCK
                ? ServiceError.busy(path: folder) : FileError.system(operation: "lock", path: folder, errno: code)
        }
    }

    deinit { close(descriptor) }
}
