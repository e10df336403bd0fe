import LetheBytes
import LetheRequests
import LetheService
import LetheStatements

/// A run that somebody asked for, and what has become of it.
struct Job: Sendable, Equatable {
    /// What has become of it.
    enum State: String, Sendable {
        /// No worker has taken it yet.
        case waiting
        /// A worker is at it; after a crash, the next worker goes on.
        case running
        /// Its run was judged and certified.
        case done
        /// It could not be done; `message` says why.
        case failed
        /// It was stopped, or never begun. A run that it had begun waits to be gone on with.
        case cancelled

        /// Whether nothing more happens.
        var isFinal: Bool { [.done, .failed, .cancelled].contains(self) }
    }

    /// A random name.
    let id: String
    /// Whose token asked; `schedule` for what the worker found due.
    let askedBy: String
    /// When.
    let askedAt: String
    /// The method, where it is not the policy's own.
    let method: String?
    /// The state.
    var state = State.waiting
    /// The run, once there is one.
    var run: String?
    /// The verdict, once there is one.
    var verdict: String?
    /// One line about how it ended.
    var message: String?

    var json: JSONValue {
        var members: [String: JSONValue] = [
            "id": .string(id), "askedBy": .string(askedBy), "askedAt": .string(askedAt),
            "state": .string(state.rawValue),
        ]
        for (name, value) in [("method", method), ("run", run), ("verdict", verdict), ("message", message)] {
            members[name] = value.map { .string($0) }
        }
        return .object(members)
    }

    init(id: String, askedBy: String, askedAt: Timestamp, method: String?) {
        (self.id, self.askedBy, self.askedAt, self.method) = (id, askedBy, "\(askedAt)", method)
    }

    init?(json: JSONValue) {
        func text(_ name: String) -> String? { json[name]?.stringValue }
        guard let id = text("id"), let askedBy = text("askedBy"), let askedAt = text("askedAt"),
            let state = text("state").flatMap(State.init)
        else { return nil }
        (self.id, self.askedBy, self.askedAt, self.method, self.state) = (id, askedBy, askedAt, text("method"), state)
        (run, verdict, message) = (text("run"), text("verdict"), text("message"))
    }
}

/// Jobs, one file each, between servers that take the asking and the worker that does them: `ID.json` is the job, `ID.progress` what the
/// worker tells of it, `ID.cancel` is there once somebody wants it to stop.
///
/// Files are replaced whole, so a reader sees one state or the next, and a worker or server that is killed loses none.
struct JobFolder: Sendable {
    let path: String

    /// The most jobs that may wait.
    static let mostWaiting = 64
    /// The most bytes of progress that are kept of a job.
    static let progressLimit = 1 << 22

    init(path: String) throws {
        self.path = path
        if !Files.exists(path) { try Files.createFolders(path, permissions: 0o700) }
    }

    private func file(_ id: String) -> String { Files.join(path, "\(id).json") }
    func progressFile(_ id: String) -> String { Files.join(path, "\(id).progress") }
    private func cancelFile(_ id: String) -> String { Files.join(path, "\(id).cancel") }

    /// Every job, the oldest first.
    func jobs() throws -> [Job] {
        try Files.names(in: path).filter { $0.hasSuffix(".json") }.compactMap { try read(String($0.dropLast(5))) }
            .sorted { ($0.askedAt, $0.id) < ($1.askedAt, $1.id) }
    }

    /// One job.
    func job(_ id: String) throws -> Job {
        guard RequestID(id) != nil, let job = try read(id) else {
            throw Problem(404, "unknown-job", "no such job")
        }
        return job
    }

    private func read(_ id: String) throws -> Job? {
        guard Files.exists(file(id)) else { return nil }
        return Job(json: try StrictJSON.parse(Files.read(file(id), limit: 65_536)))
    }

    /// Keeps a job as it is now.
    func keep(_ job: Job) throws {
        try Files.write(try job.json.canonicalBytes() + [0x0A], to: file(job.id), permissions: 0o600)
    }

    /// Keeps a new job.
    /// - Throws: `Problem`, status 409, where too many wait.
    func ask(by token: String, method: String?, now: Timestamp) throws -> Job {
        guard try jobs().count(where: { !$0.state.isFinal }) < Self.mostWaiting else {
            throw Problem(409, "too-many-jobs", "expected fewer than \(Self.mostWaiting) jobs that wait")
        }
        var generator = SecureGenerator()
        let job = Job(
            id: RequestID.random(using: &generator).text, askedBy: token, askedAt: now, method: method)
        try keep(job)
        return job
    }

    /// Asks that a job stops where it can.
    func cancel(_ id: String) throws { try Files.write([], to: cancelFile(id), permissions: 0o600) }

    /// Whether somebody asked so.
    func isCancelled(_ id: String) -> Bool { Files.exists(cancelFile(id)) }

    /// Forgets that somebody asked so.
    func clearCancel(_ id: String) throws { try Files.remove(cancelFile(id)) }
}
