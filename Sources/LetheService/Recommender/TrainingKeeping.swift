import Glibc
import LetheBytes
import LetheCrypto
import LetheUnlearning
import Synchronization

/// What a workspace keeps of a computation that trains, from its beginning until its result is in the log.
///
/// The states lie in a folder of their own, sealed under a key of their own in another folder. `destroy` takes the key first: what the
/// states remember is gone with it. One process at a time works on a computation; the lock is the system's and ends with the
/// process, however it ends.
final class TrainingKeeping {
    /// Where the states are.
    let folder: String
    private let keyFile: String
    private let lockFile: String
    private let descriptor: Int32

    /// - Throws: `ServiceError.busy` where another process works on it; `FileError`.
    init(folder: String, keyFile: String) throws {
        self.folder = folder
        self.keyFile = keyFile
        lockFile = folder + ".lock"
        try Files.createFolders(Files.folder(of: folder))
        descriptor = try Self.lock(lockFile)
    }

    private static func lock(_ path: String) throws -> Int32 {
        while true {
            let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else {
                throw FileError.system(operation: "open", path: path, errno: errno)
            }
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                close(descriptor)
                throw ServiceError.busy(path: path)
            }
            // The process before may have removed the file between the two calls: then this is a lock on nothing.
            var (mine, named) = (stat(), stat())
            if fstat(descriptor, &mine) == 0, stat(path, &named) == 0, mine.st_ino == named.st_ino { return descriptor }
            close(descriptor)
        }
    }

    deinit { close(descriptor) }

    /// A session that saves every so many seconds, and stops when the environment asks.
    ///
    /// - Parameters:
    ///   - context: what the result depends on that the trainings are not told: the run, its inputs, the policy.
    ///   - traceInterval: as a session has it.
    ///   - notice: told of a state that cannot be gone on from and is trained anew.
    func session(
        context: [String], environment: ServiceEnvironment, traceInterval: Int? = nil,
        notice: @escaping @Sendable (String) -> Void
    ) throws -> TrainingSession {
        if !Files.exists(folder) { try Files.createFolder(folder, permissions: 0o700) }
        let (seconds, interval) = (environment.seconds, environment.checkpointInterval)
        let last = Mutex(seconds())
        return TrainingSession(
            context: (context + ["program \(try environment.program().hex)"]).joined(separator: "\n"),
            store: SealedStates(folder: folder, key: try key()),
            isDue: {
                last.withLock { last in
                    let now = seconds()
                    guard now - last >= interval else { return false }
                    last = now
                    return true
                }
            }, shouldStop: environment.shouldStop, traceInterval: traceInterval,
            discarded: { notice("checkpoint not used, trained anew: \($0.cause)") })
    }

    /// The digests of the states that are on the disk: what a run has to account for.
    func states() throws -> [Digest] {
        guard Files.exists(folder) else { return [] }
        return try Files.names(in: folder).filter { $0.hasSuffix(".state") }.sorted().map {
            try Digest(sha256OfFile: Files.join(folder, $0))
        }
    }

    /// Takes key and states away; the lock stays until this object goes.
    func destroy() throws {
        try Files.remove(keyFile)
        try Files.remove(folder)
        try Files.remove(lockFile)
    }

    private func key() throws -> [UInt8] {
        if Files.exists(keyFile) {
            let text = String(decoding: try Files.readPrivate(keyFile, limit: 1_024).dropLast(), as: UTF8.self)
            if let key = try? Hex.decode(text), key.count == AESGCM.keyByteCount { return key }
        }
        // Without its key no state opens; a new one is as good as none.
        let key = secureRandomBytes(AESGCM.keyByteCount)
        try Files.write(Array((Hex.encode(key) + "\n").utf8), to: keyFile, permissions: 0o600)
        return key
    }
}

extension TrainingStateError {
    /// The line without the advice to remove the file, for where that is done.
    fileprivate var cause: String {
        switch self {
        case .foreign(let path): "\(path): left with other data, seeds or settings, or by another program"
        case .damaged(let path, let problem): "\(path): damaged: \(problem)"
        }
    }
}
