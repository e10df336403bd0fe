public import LetheService

/// The threads of a server: some that read, one for what takes long, one that writes.
public struct WorkspacePool: Sendable {
    let writer: WorkspaceThread
    private let readers: [WorkspaceThread]
    private let slow: WorkspaceThread

    /// How many long computations may wait.
    private static let slowLimit = 16

    init(root: String, readers: Int, waiting: Int, environment: ServiceEnvironment) {
        writer = WorkspaceThread("writer", root: root, environment: environment, limit: waiting)
        slow = WorkspaceThread("slow", root: root, environment: environment, limit: Self.slowLimit)
        self.readers = (0..<readers).map {
            WorkspaceThread("reader-\($0)", root: root, environment: environment, limit: waiting)
        }
    }

    /// Looks something up.
    public func read<Value: Sendable>(
        _ body: @escaping @Sendable (Workspace) throws -> Value
    ) async throws -> Value {
        // The least loaded one; the difference that a race makes is none that matters.
        let reader = readers.min { $0.load < $1.load } ?? writer
        return try await reader.run(body)
    }

    /// Computes something that takes long.
    public func readSlowly<Value: Sendable>(
        _ body: @escaping @Sendable (Workspace) throws -> Value
    ) async throws -> Value {
        try await slow.run(body)
    }

    /// Changes something.
    public func write<Value: Sendable>(
        _ body: @escaping @Sendable (Workspace) throws -> Value
    ) async throws -> Value {
        try await writer.run(body)
    }

    /// Calls that wait or run, by kind of thread.
    var loads: [(kind: String, load: Int)] {
        [
            ("reader", readers.reduce(0) { $0 + $1.load }), ("slow", slow.load), ("writer", writer.load),
        ]
    }
}
