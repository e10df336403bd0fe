public import LetheCrypto
public import LetheTransformer
import Synchronization

/// The state of a shard's training at the end of a slice: with it training goes on with the same bits.
///
/// Randomness needs no state of its own: orders and masks are functions of the seeds, the pass and the step, all of which are
/// in the key, in `passes` and in `optimizer.steps`.
public struct SliceCheckpoint: Sendable, Equatable {
    /// All numbers that learn: the model's weights, or the adapter's.
    public let values: [Float]
    /// AdamW's moments and step count.
    public let optimizer: OptimizerState
    /// Passes of the order seed that are used up.
    public let passes: Int

    /// A state of its parts.
    public init(values: [Float], optimizer: OptimizerState, passes: Int) {
        self.values = values
        self.optimizer = optimizer
        self.passes = passes
    }
}

/// What a checkpoint depends on, all of it.
public struct CheckpointKey: Sendable, Hashable {
    /// Everything but the records: code and format version, start weights, hyper-parameters, seeds, validation data, slicing.
    public let lineage: Digest
    /// The shard, from zero.
    public let shard: Int
    /// The last slice that was learned, from one.
    public let slice: Int
    /// The lineage and every surviving record of slices 1 to `slice`, cut as they are.
    public let digest: Digest

    /// A key of its parts.
    public init(lineage: Digest, shard: Int, slice: Int, digest: Digest) {
        self.lineage = lineage
        self.shard = shard
        self.slice = slice
        self.digest = digest
    }
}

/// Keeps checkpoints between trainings. A checkpoint is found only under exactly what it depends on.
public protocol CheckpointStore: Sendable {
    /// The checkpoint of this key, nil where there is none.
    /// - Parameter count: how many numbers learn.
    func load(_ key: CheckpointKey, count: Int) throws -> SliceCheckpoint?
    /// Keeps a checkpoint.
    func save(_ checkpoint: SliceCheckpoint, for key: CheckpointKey) throws
    /// Destroys every checkpoint of a lineage but the live ones: they learned what is to be forgotten.
    /// - Returns: the values of what was destroyed, for the residue that is logged.
    func destroy(lineage: Digest, except live: Set<CheckpointKey>) throws -> [SliceCheckpoint]
}

/// Keeps checkpoints in memory.
public final class MemoryCheckpoints: CheckpointStore {
    private let checkpoints = Mutex<[CheckpointKey: SliceCheckpoint]>([:])

    /// An empty store.
    public init() {}

    /// How many checkpoints it holds.
    public var count: Int { checkpoints.withLock { $0.count } }

    /// The checkpoint of this key.
    public func load(_ key: CheckpointKey, count: Int) throws -> SliceCheckpoint? { checkpoints.withLock { $0[key] } }

    /// Keeps a checkpoint.
    public func save(_ checkpoint: SliceCheckpoint, for key: CheckpointKey) throws {
        checkpoints.withLock { $0[key] = checkpoint }
    }

    /// Drops what is not live.
    public func destroy(lineage: Digest, except live: Set<CheckpointKey>) throws -> [SliceCheckpoint] {
        checkpoints.withLock { checkpoints in
            let stale = checkpoints.keys.filter { $0.lineage == lineage && !live.contains($0) }
                .sorted { ($0.shard, $0.slice, $0.digest.hex) < ($1.shard, $1.slice, $1.digest.hex) }
            return stale.compactMap { checkpoints.removeValue(forKey: $0) }
        }
    }
}
