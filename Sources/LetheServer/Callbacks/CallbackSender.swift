import Dispatch
import LetheBytes
import LetheRequests
import LetheService
import LetheStatements
import LetheStore
import Logging
import ServiceLifecycle
import Synchronization

/// Tells senders of requests what has become of them: looks at what the log says since it last did, posts to whom it concerns, and comes back
/// to whom it did not reach.
///
/// Nothing waits for it: the workspace is read as a call reads it, each host has a thread for itself while it is told, and one that does not
/// answer is left until the next turn. What is told is the status of that moment, so one that lies behind a newer one is never sent.
final class CallbackSender: Service {
    private let services: Services
    private let book: CallbackBook
    /// The entry to read on from; nothing before the first turn.
    private let position = Mutex<UInt64?>(nil)

    /// Seconds from one turn to the next.
    private static let interval = 2
    /// Entries that are read at a time, so that a call need not wait long for its turn.
    private static let entriesAtATime: UInt64 = 256
    /// The longest time between two attempts, seconds.
    private static let longestBackoff: Int64 = 21_600
    /// The most bytes of an answer, of which nothing but the status is looked at.
    private static let answerLimit = 65_536

    /// A sender; nil where the configuration allows no host to be told.
    init?(_ services: Services) {
        guard let book = services.callbacks else { return nil }
        (self.services, self.book) = (services, book)
    }

    func run() async throws {
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            do { try await turn() } catch {
                services.logger.error("callbacks failed", metadata: ["error": "\(Problem.logged(error))"])
            }
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: .seconds(Self.interval)) }
        }
    }

    /// Looks once and tells whom it is time to tell.
    /// - Throws: where the workspace cannot be read.
    func turn() async throws {
        try await look()
        let due = book.due(services.now)
        await withTaskGroup(of: Void.self) { group in
            for deliveries in due.values {
                group.addTask { await self.tell(deliveries) }
            }
        }
    }

    // MARK: What changed

    private func look() async throws {
        if position.withLock({ $0 == nil }) {
            // Before the book is read, all of which is looked at anyway: what the log says from here on is not missed.
            let size = try await services.pool.read { try $0.store.size() }
            position.withLock { $0 = size }
        }
        try await onThread { [book] in try book.load() }
        while let index = position.withLock({ $0 }) {
            let (requests, next) = try await services.pool.read { workspace in
                try workspace.requestsChanged(from: index, limit: Self.entriesAtATime)
            }
            book.note(requests)
            position.withLock { $0 = next }
            if next < index + Self.entriesAtATime { break }
        }
        var left = book.takeUnseen()
        do {
            while let request = left.first {
                try await look(at: request)
                left.remove(request)
            }
        } catch {
            book.note(left)
            throw error
        }
    }

    private func look(at request: RequestID) async throws {
        guard let format = book[request]?.format else { return }
        let record = try await services.pool.read { try $0.store.request(request) }
        // A request that the log does not have is nobody's news.
        guard let record else { return }
        let now = services.now
        try await onThread { [book] in
            try book.change(request, isOver: record.state.isFinal) {
                $0.look(at: CallbackMessage.word(record.state, in: format), now: now)
            }
        }
    }

    // MARK: Telling

    /// Tells one host what it is to be told, until it does not answer or has had its time.
    private func tell(_ deliveries: [(request: RequestID, place: Int)]) async {
        let start = services.environment.seconds()
        for (request, place) in deliveries {
            guard !Task.isShuttingDownGracefully, !Task.isCancelled,
                services.environment.seconds() - start < Double(services.configuration.callbacks.timeoutSeconds)
            else { return }
            do {
                guard try await deliver(request, place) else { return }
            } catch {
                services.logger.error("callback failed", metadata: ["error": "\(Problem.logged(error))"])
                return
            }
        }
    }

    /// - Returns: whether the host is worth another call now.
    private func deliver(_ request: RequestID, _ place: Int) async throws -> Bool {
        guard let callback = book[request], callback.targets.indices.contains(place) else { return true }
        let services = services
        let (message, isOver) = try await services.pool.read { workspace in
            let record = try workspace.store.request(request)
            let message = try record.flatMap {
                try CallbackMessage(about: $0, to: place, of: callback, from: workspace, services)
            }
            return (message, record?.state.isFinal ?? true)
        }
        let target = callback.targets[place]
        return try await onThread { [self] in
            guard let message else {
                // Nothing can be told there any more: the request or the key of its URLs is gone, the host no longer allowed, the door shut.
                try settle(request, place, about: target.about, isOver: isOver, answer: nil, isLast: true)
                return true
            }
            let answer = try? services.environment.post(message.post(services, answerLimit: Self.answerLimit)).status
            let attempts = (target.about == message.word ? target.attempts : 0) + 1
            try settle(
                request, place, about: message.word, isOver: isOver, answer: answer,
                isLast: attempts >= services.configuration.callbacks.attempts)
            return answer.map(Self.isTaken) ?? false
        }
    }

    /// Whether a status says that a message was taken.
    private static func isTaken(_ status: Int) -> Bool { (200...299).contains(status) }

    /// Keeps what became of an attempt, counts it, and says it in the log, without the URL: that may name a person.
    private func settle(
        _ request: RequestID, _ place: Int, about word: String, isOver: Bool, answer: Int?, isLast: Bool
    ) throws {
        guard let target = book[request]?.targets[place], let format = book[request]?.format else { return }
        let outcome: Callback.Outcome = answer.map(Self.isTaken) == true ? .delivered : isLast ? .givenUp : .failed
        services.metrics.countCallbacks(
            format, outcome == .delivered ? .delivered : outcome == .givenUp ? .givenUp : .failed)
        services.logger.info(
            "callback",
            metadata: [
                "about": "\(request)", "host": "\(target.host)", "outcome": "\(outcome.rawValue)",
                "status": "\(answer.map { "\($0)" } ?? "none")",
            ])
        let now = services.now
        let backoff = Int64(services.configuration.callbacks.backoffSeconds)
        try book.change(request, isOver: isOver) { callback in
            callback.look(at: word, now: now)
            var target = callback.targets[place]
            target.attempts += 1
            (target.lastAt, target.answer, target.outcome) = (now, answer, outcome)
            if outcome == .failed {
                let wait = min(Self.longestBackoff, backoff << Int64(min(target.attempts - 1, 20)))
                target.dueAt = now.adding(seconds: wait)
            } else {
                target.settled = word
            }
            callback.targets[place] = target
        }
    }

    /// Runs what blocks on a thread of its own.
    private func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            Self.threads.async { continuation.resume(with: Result { try body() }) }
        }
    }

    /// As many threads as hosts are told at once, of which a configuration has few.
    private static let threads = DispatchQueue(label: "lethe.callbacks", attributes: .concurrent)
}
