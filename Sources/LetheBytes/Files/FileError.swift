import Glibc

/// Why a file or folder could not be read or written.
public enum FileError: Error, Equatable, Sendable {
    /// Nothing is there.
    case notFound(path: String)
    /// Something is there, but no regular file.
    case notAFile(path: String)
    /// Something is there, but no folder.
    case notAFolder(path: String)
    /// Something is there already, and it is not to be replaced.
    case alreadyExists(path: String)
    /// The file is larger than its reader accepts.
    case tooLarge(path: String, limit: Int)
    /// The content is not what its format promises.
    case malformed(path: String, reason: String)
    /// A file with a secret in it may be read by others than its owner.
    case exposed(path: String, permissions: UInt16)
    /// The operating system denies access.
    case permissionDenied(path: String)
    /// The disk, the quota or the process's file size limit is exhausted. What was there before is unharmed.
    case noSpace(path: String)
    /// Any other failed call.
    case system(operation: String, path: String, errno: Int32)

    /// Whether the machine failed (disk, permission) rather than the input: exit code 3 instead of 2.
    public var isMachineFailure: Bool {
        switch self {
        case .permissionDenied, .noSpace, .system: true
        case .notFound, .notAFile, .notAFolder, .alreadyExists, .tooLarge, .malformed, .exposed: false
        }
    }

    /// The error for `code`, left by `operation` on `path`.
    init(_ operation: String, _ path: String, _ code: Int32) {
        switch code {
        case ENOENT: self = .notFound(path: path)
        case EISDIR: self = .notAFile(path: path)
        case ENOTDIR: self = .notAFolder(path: path)
        case EEXIST, ENOTEMPTY: self = .alreadyExists(path: path)
        case EACCES, EPERM, EROFS: self = .permissionDenied(path: path)
        case ENOSPC, EDQUOT, EFBIG: self = .noSpace(path: path)
        default: self = .system(operation: operation, path: path, errno: code)
        }
    }
}

extension FileError: CustomStringConvertible {
    /// One line that names the path and what is wrong.
    public var description: String {
        switch self {
        case .notFound(let path): "\(path): no such file or folder"
        case .notAFile(let path): "\(path): not a regular file"
        case .notAFolder(let path): "\(path): a part of the path is not a folder"
        case .alreadyExists(let path): "\(path): already exists"
        case .tooLarge(let path, let limit): "\(path): larger than the limit of \(limit) bytes"
        case .malformed(let path, let reason): "\(path): \(reason)"
        case .exposed(let path, let permissions):
            "\(path): others may read it (mode \(String(permissions, radix: 8))); a secret is its owner's alone: "
                + "chmod 600 \(path)"
        case .permissionDenied(let path): "\(path): permission denied"
        case .noSpace(let path): "\(path): no space left to write"
        case .system(let operation, let path, let code):
            "\(path): \(operation) failed: \(String(cString: strerror(code)))"
        }
    }
}
