public import LetheCrypto
public import LetheTransformer

/// SHA-256 over items of which each says how long it is, so that no two sequences of items look alike.
///
/// What is computed from models, records and settings is found again only under the digest of all of them.
public struct KeyHash: Sendable {
    private var chain: [UInt8] = []

    /// A hash of nothing yet.
    public init() {}

    /// Adds a text.
    public mutating func add(_ text: String) { absorb(Array(text.utf8)) }

    /// Adds numbers by their bits.
    public mutating func add(_ values: [Float]) {
        let hasher = SHA256Hasher()
        for start in stride(from: 0, to: values.count, by: 1 << 16) {
            var part: [UInt8] = []
            for value in values[start..<min(start + 1 << 16, values.count)] { append(value.bitPattern, to: &part) }
            hasher.update(part)
        }
        absorb(hasher.finalize().bytes)
    }

    /// Adds records in their order.
    public mutating func add(_ records: [Example]) {
        let hasher = SHA256Hasher()
        for record in records {
            var part: [UInt8] = []
            for ids in [record.inputIDs, record.labels] {
                append(UInt32(ids.count), to: &part)
                for id in ids { append(UInt32(bitPattern: id), to: &part) }
            }
            hasher.update(part)
        }
        absorb(Array("\(records.count) records ".utf8) + hasher.finalize().bytes)
    }

    /// The digest of what was added so far.
    public func current() -> Digest { Digest(sha256: chain) }

    private mutating func absorb(_ item: [UInt8]) {
        chain = Digest(sha256: chain + Array("\(item.count) ".utf8) + item).bytes
    }

    private func append(_ word: UInt32, to bytes: inout [UInt8]) {
        for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: word >> UInt32(shift))) }
    }
}
