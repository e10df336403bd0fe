import Dispatch
import LetheBytes
import LetheService
import LetheStore
import Synchronization

/// A thread that has a workspace to itself. Databases and signatures block; nothing of them runs on the event loops.
///
/// The workspace is opened when it is first needed, and again once a file that says what it is (policy, keys that count) was
/// replaced, or a call found that another policy is in force.
final class WorkspaceThread: Sendable {
    private let queue: DispatchQueue
    private let state: Confined
    private let waiting = Atomic<Int>(0)
    private let limit: Int

    /// What only `queue` may touch.
    ///
    /// Unchecked: every access is from within `queue`, which runs one block at a time.
    private final class Confined: @unchecked Sendable {
        let root: String
        let environment: ServiceEnvironment
        var workspace: Workspace?
        var stamps: [FileStamp?] = []

        init(root: String, environment: ServiceEnvironment) {
            self.root = root
            self.environment = environment
        }

        private var files: [String] { ["policy.yaml", "trust.txt", "witnesses.txt"].map { Files.join(root, $0) } }

        func current() throws -> Workspace {
            let found = files.map { FileStamp($0) }
            if let workspace, stamps == found { return workspace }
            workspace = nil
            let opened = try Workspace.open(root, environment: environment)
            stamps = found
            workspace = opened
            return opened
        }
    }

    init(_ name: String, root: String, environment: ServiceEnvironment, limit: Int) {
        queue = DispatchQueue(label: "lethe.\(name)")
        state = Confined(root: root, environment: environment)
        self.limit = limit
    }

    /// How many calls wait or run.
    var load: Int { waiting.load(ordering: .relaxed) }

    /// Runs `body` with the workspace when those before are done.
    /// - Throws: `Problem.busy` where too many wait; what `body` throws.
    func run<Value: Sendable>(_ body: @escaping @Sendable (Workspace) throws -> Value) async throws -> Value {
        guard waiting.wrappingAdd(1, ordering: .relaxed).newValue <= limit else {
            waiting.wrappingSubtract(1, ordering: .relaxed)
            throw Problem.busy
        }
        return try await withCheckedThrowingContinuation { continuation in
            queue.async { [self] in
                defer { waiting.wrappingSubtract(1, ordering: .relaxed) }
                continuation.resume(with: Result { try self.perform(body) })
            }
        }
    }

    /// Runs `body` on the thread without an answer; for work that answers otherwise.
    func enqueue(_ body: @escaping @Sendable (Result<Workspace, any Error>) -> Void) {
        queue.async { [state] in body(Result { try state.current() }) }
    }

    private func perform<Value>(_ body: (Workspace) throws -> Value) throws -> Value {
        do { return try body(state.current()) } catch StoreError.policySuperseded {
            // Another process adopted a policy: the workspace is opened again, under it, and everything looked at once more.
            state.workspace = nil
            return try body(state.current())
        }
    }
}
