public import LetheCrypto
import LetheTransformer

/// Which shard and slice a record belongs to: a keyed hash of whose it is, and of nothing else.
///
/// No other record matters, so removing one leaves every other where it was: training on what remains equals training that never
/// knew the removed one. The key keeps an outsider from choosing accounts that fall into one shard.
public struct ShardAssignment: Sendable, Equatable, Redacted {
    /// What is kept together.
    public enum Unit: String, Sendable, Equatable, CaseIterable {
        /// All records of a user: a request touches one slice of one shard.
        case user
        /// Every record by itself, as in the paper's code: a user is in every shard, so a request touches them all.
        case interaction
    }

    /// How many shards, 1 or more.
    public let shards: Int
    /// Slices of each shard, 1 or more.
    public let slices: Int
    /// What is kept together.
    public let unit: Unit
    private let key: [UInt8]

    /// An assignment under a key, which has to stay the same for as long as the checkpoints are to be of use.
    /// - Throws: `UnlearningError.invalidParameter` for counts below 1 or a key shorter than 16 bytes.
    public init(shards: Int, slices: Int = 1, unit: Unit = .user, key: [UInt8]) throws(UnlearningError) {
        func invalid(_ name: String, _ found: Int, _ expected: String) -> UnlearningError {
            .invalidParameter(method: "sharding", name: name, found: "\(found)", expected: expected)
        }
        guard (1...4096).contains(shards) else { throw invalid("shards", shards, "1 to 4096") }
        guard (1...4096).contains(slices) else { throw invalid("slices", slices, "1 to 4096") }
        guard key.count >= 16 else { throw invalid("bytes of the key", key.count, "at least 16") }
        self.shards = shards
        self.slices = slices
        self.unit = unit
        self.key = key
    }

    /// Where a record belongs, counted from zero.
    public func place(_ origin: RecordOrigin) -> (shard: Int, slice: Int) {
        let subject =
            switch unit {
            case .user: "user\n\(origin.user)\n"
            case .interaction: "interaction\n\(origin.user)\n\(origin.item)\n"
            }
        let bytes = hmacSHA256(key: key, message: Array("lethe-shard-v1\n\(subject)".utf8)).bytes
        func word(_ index: Int) -> UInt64 { bytes[8 * index..<8 * index + 8].reduce(0) { $0 << 8 | UInt64($1) } }
        return (Int(word(0) % UInt64(shards)), Int(word(1) % UInt64(slices)))
    }

    /// The records by shard and slice, each in the order given.
    func divide(_ records: [Example], _ origins: [RecordOrigin]) -> [[[Example]]] {
        var parts = [[[Example]]](repeating: Array(repeating: [], count: slices), count: shards)
        for (record, origin) in zip(records, origins) {
            let (shard, slice) = place(origin)
            parts[shard][slice].append(record)
        }
        return parts
    }
}
