import LetheBytes
import LetheRequests
import LetheService
import LetheStatements
import Synchronization

/// The requests whose senders asked to be told of changes, in memory and in one file each: `ID.json`, and `ended/ID.json` once nothing more is
/// told. Files are replaced whole, so a server that is killed loses at most that an attempt was made.
final class CallbackBook: Sendable {
    private struct State {
        var callbacks: [RequestID: Callback] = [:]
        /// Those whose status must be looked at whatever the log says next.
        var unseen: Set<RequestID> = []
        var isLoaded = false
    }

    private let path: String
    private let ended: String
    private let hosts: Set<CallbackHost>
    private let metrics: Metrics
    private let state = Mutex(State())
    /// Held while a file is written, so that no older state gets over a newer one.
    private let files = Mutex(())

    private static let fileLimit = 1 << 18

    /// A book in the folder `path` for the hosts of a configuration; nil where that allows none.
    init?(path: String, hosts: [CallbackHost], metrics: Metrics) throws {
        guard !hosts.isEmpty else { return nil }
        self.path = path
        ended = Files.join(path, "ended")
        self.hosts = Set(hosts)
        self.metrics = metrics
        if !Files.exists(ended) { try Files.createFolders(ended, permissions: 0o700) }
    }

    /// Whether a host may be told.
    func allows(_ host: CallbackHost) -> Bool { hosts.contains(host) }

    /// How many requests are watched.
    var count: Int { state.withLock(\.callbacks.count) }

    /// Notes where the sender of a request that was just received, or sent again, wants to hear of it. A repetition changes nothing.
    ///
    /// - Parameter told: the status that the sender has by the answer.
    /// - Throws: where the file cannot be written.
    func watch(_ received: ForeignReception, told: String, in workspace: Workspace, now: Timestamp) throws {
        let (request, id) = (received.request, received.record.requestID)
        guard !request.callbacks.isEmpty, !Files.exists(file(id)), !Files.exists(endedFile(id)) else { return }
        let allowed = request.callbacks.compactMap { url in
            CallbackHost(url: url).flatMap { allows($0) ? (url: url, host: $0) : nil }
        }
        metrics.countCallbacks(request.format, .notAllowed, request.callbacks.count - allowed.count)
        guard !allowed.isEmpty else { return }
        let callback = Callback(
            request: id, format: request.format, sealed: try workspace.sealCallbacks(allowed.map(\.url), of: id),
            targets: allowed.map { Callback.Target(host: $0.host, settled: told, about: told, dueAt: now) })
        try files.withLock { _ in try write(callback, to: file(id)) }
        state.withLock { state in
            state.callbacks[id] = callback
            state.unseen.insert(id)
        }
    }

    /// Reads what an earlier server left, once; all of it is to be looked at. A file that is none of ours is left alone.
    func load() throws {
        guard !state.withLock(\.isLoaded) else { return }
        let names = try Files.names(in: path).filter { $0.hasSuffix(".json") }
        let found = names.compactMap { name -> Callback? in
            guard let bytes = try? Files.read(Files.join(path, name), limit: Self.fileLimit),
                let callback = (try? StrictJSON.parse(bytes)).flatMap({ Callback(json: $0) }),
                name == "\(callback.request).json"
            else { return nil }
            return callback
        }
        state.withLock { state in
            // What was noted since this server began is newer.
            state.callbacks.merge(found.map { ($0.request, $0) }) { newer, _ in newer }
            state.unseen.formUnion(state.callbacks.keys)
            state.isLoaded = true
        }
    }

    /// Notes requests whose status may have changed; those that nobody watches are forgotten.
    func note(_ changed: Set<RequestID>) {
        state.withLock { state in state.unseen.formUnion(changed.filter { state.callbacks[$0] != nil }) }
    }

    /// The requests whose status is to be looked at, each once.
    func takeUnseen() -> Set<RequestID> {
        state.withLock { state in
            defer { state.unseen = [] }
            return state.unseen
        }
    }

    /// Places that are to be told now, by host, the longest due first.
    func due(_ now: Timestamp) -> [CallbackHost: [(request: RequestID, place: Int)]] {
        let due = state.withLock { state in
            state.callbacks.values.flatMap { callback in
                callback.due(now).map { place in (target: callback.targets[place], callback.request, place) }
            }
        }
        let inOrder = due.sorted { ($0.target.dueAt, $0.1, $0.2) < ($1.target.dueAt, $1.1, $1.2) }
        return Dictionary(grouping: inOrder) { $0.target.host }.mapValues { $0.map { (request: $0.1, place: $0.2) } }
    }

    /// The callback of a request.
    subscript(request: RequestID) -> Callback? { state.withLock { $0.callbacks[request] } }

    /// Changes a callback and keeps it; where `isOver` and every place has been told, it is ended and its URLs are forgotten.
    func change(_ request: RequestID, isOver: Bool, _ body: (inout Callback) -> Void) throws {
        try files.withLock { _ in
            guard var callback = self[request] else { return }
            let before = callback
            body(&callback)
            let ends = isOver && callback.isSettled
            if ends { callback.sealed = nil }
            guard callback != before else { return }
            // In memory first: a disk that is full must not have the same status sent for ever.
            state.withLock { $0.callbacks[request] = ends ? nil : callback }
            try write(callback, to: ends ? endedFile(request) : file(request))
            if ends { try Files.remove(file(request)) }
        }
    }

    private func file(_ id: RequestID) -> String { Files.join(path, "\(id).json") }
    private func endedFile(_ id: RequestID) -> String { Files.join(ended, "\(id).json") }

    private func write(_ callback: Callback, to path: String) throws {
        try Files.write(try callback.json.canonicalBytes() + [0x0A], to: path, permissions: 0o600)
    }
}
