public import LetheCrypto
public import LetheStatements
import LetheTensor

/// What the service may not take for itself: the time, and how long something took.
public struct ServiceEnvironment: Sendable {
    /// The time of day, for entries and deadlines.
    public var now: @Sendable () -> Timestamp
    /// Seconds on a clock that never goes back, for durations.
    public var seconds: @Sendable () -> Double
    /// Seconds that this process has kept cores busy, all threads together, for what a computation costs: that does not depend on
    /// what else the machine does.
    public var processorSeconds: @Sendable () -> Double = { 0 }

    /// SHA-256 of the program that runs: certificates name it.
    public var program: @Sendable () throws -> Digest
    /// Machine and versions, name to value, in printable ASCII.
    public var description: [String: String]
    /// Posts to witnesses and timestamp authorities.
    public var post: WebPost

    /// Waits so many seconds between two attempts to reach somebody.
    public var wait: @Sendable (Double) -> Void = { _ in }

    /// Whether a long computation should stop where it can; it then leaves a checkpoint and throws `TrainingStopped`.
    public var shouldStop: @Sendable () -> Bool = { false }
    /// Seconds from one checkpoint of a training to the next; no bit of a result depends on it.
    public var checkpointInterval = 30.0

    /// The passphrase of encrypted keys; asked only where a key that is needed is encrypted.
    public var passphrase: @Sendable () throws -> Passphrase

    /// An environment of two clocks, a program and what it runs on.
    public init(
        now: @escaping @Sendable () -> Timestamp, seconds: @escaping @Sendable () -> Double,
        program: @escaping @Sendable () throws -> Digest, description: [String: String],
        passphrase: @escaping @Sendable () throws -> Passphrase = { throw PassphraseError.unavailable },
        post: @escaping WebPost = { request in
            throw ServiceError.unreachable(url: request.url, problem: "this program makes no connections")
        }
    ) {
        self.now = now
        self.seconds = seconds
        self.program = program
        self.description = description
        self.passphrase = passphrase
        self.post = post
    }
}

extension ServiceEnvironment {
    /// The linear algebra and the processor family whose kernels it has chosen, such as `OpenBLAS 0.3.21, Zen`, as an entry of
    /// `description`: bits are repeated within one family alone.
    public static let linearAlgebra = (
        name: "linearAlgebra",
        value: LinearAlgebra.library.split(separator: " ").prefix(2).joined(separator: " ") + ", "
            + LinearAlgebra.coreType
    )
}

/// Random numbers for identifiers and nonces, from OpenSSL. Never for training: those seeds come from the log.
public struct SecureGenerator: RandomNumberGenerator {
    /// A generator over the system's entropy.
    public init() {}

    /// Eight random bytes.
    public mutating func next() -> UInt64 {
        secureRandomBytes(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}
