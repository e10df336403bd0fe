import LetheRequests
import LetheService
import Synchronization

/// Requests on their way into the log: all that wait when the writer is free become durable together (group commit).
///
/// Invariants: 1. a request is answered as received only after its group is on the disk; 2. at most `limit` wait, more are turned away;
/// 3. at most one drain is under way.
final class IntakeQueue: Sendable {
    private struct Waiting: Sendable {
        let bytes: [UInt8]
        let continuation: CheckedContinuation<SubmissionOutcome, any Error>
    }

    private let state = Mutex<(waiting: [Waiting], isDraining: Bool)>(([], false))
    private let writer: WorkspaceThread
    private let limit: Int

    init(writer: WorkspaceThread, limit: Int) {
        self.writer = writer
        self.limit = limit
    }

    /// How many wait.
    var load: Int { state.withLock(\.waiting.count) }

    /// Submits a request and returns what became of it.
    /// - Throws: `Problem.busy`; the machine's failures.
    func submit(_ bytes: [UInt8]) async throws -> SubmissionOutcome {
        try await withCheckedThrowingContinuation { continuation in
            let (isFull, begins) = state.withLock { state in
                guard state.waiting.count < limit else { return (true, false) }
                state.waiting.append(Waiting(bytes: bytes, continuation: continuation))
                defer { state.isDraining = true }
                return (false, !state.isDraining)
            }
            if isFull { continuation.resume(throwing: Problem.busy) }
            if begins { schedule() }
        }
    }

    private func schedule() { writer.enqueue { [self] in drain($0) } }

    private func drain(_ workspace: Result<Workspace, any Error>) {
        let group = state.withLock { state in
            let group = Array(state.waiting.prefix(Workspace.groupSize))
            state.waiting.removeFirst(group.count)
            return group
        }
        do {
            let workspace = try workspace.get()
            defer { workspace.forgetRefusals() }
            let outcomes = try workspace.submit(group.map(\.bytes))
            for (one, outcome) in zip(group, outcomes) { one.continuation.resume(returning: outcome) }
        } catch {
            for one in group { one.continuation.resume(throwing: error) }
        }
        let goesOn = state.withLock { state in
            state.isDraining = !state.waiting.isEmpty
            return state.isDraining
        }
        // Behind whatever else the writer has to do: decisions are not kept waiting by a stream of requests.
        if goesOn { schedule() }
    }
}
