import LetheBytes
import LetheCrypto
import LetheRecommendation

/// The rows that a data pipeline must delete: JSON lines, one a person and one an interaction.
///
/// Personal data, in the words of the controller's own data. In the workspace the list exists sealed under a key of its own, which is
/// destroyed when the policy's days are over; the log has its digest under that key alone, so that nothing is left to test a guess
/// against.
struct Tombstones {
    /// The context of the digest in the log.
    static let context = "unlearn-ledger/tombstones/v1"
    /// The most bytes of a list.
    static let maximumByteCount = 1 << 30

    /// The lines.
    let bytes: [UInt8]

    /// Every row of `people`, by request; `training` marks what the model had learned from.
    init(
        _ people: [(request: String, user: Int)], dataset: InteractionDataset, training: [InteractionRecord]
    ) throws {
        let learned = Set(training.map { RecordKey($0.userID, $0.itemID) })
        let wanted = Set(people.map(\.user))
        var rows = Dictionary(grouping: dataset.ratings.filter { wanted.contains($0.userID) }, by: \.userID)
        var bytes: [UInt8] = []
        for (request, user) in people {
            let name = dataset.user(user)?.name ?? "\(user)"
            let person: JSONValue = ["kind": "person", "request": .string(request), "user": .string(name)]
            bytes += try person.canonicalBytes() + [0x0A]
            // Once, where two requests under two laws are one person's.
            for row in rows.removeValue(forKey: user) ?? [] {
                let interaction: JSONValue = [
                    "kind": "interaction", "user": .string(name),
                    "item": .string(dataset.item(row.itemID)?.name ?? "\(row.itemID)"),
                    "time": .string("\(row.timestamp)"),
                    "training": .bool(learned.contains(RecordKey(row.userID, row.itemID))),
                ]
                bytes += try interaction.canonicalBytes() + [0x0A]
            }
        }
        self.bytes = bytes
    }

    /// What the log says of the list.
    static func digest(_ bytes: [UInt8], under key: [UInt8]) -> Digest {
        hmacSHA256(key: key, message: Array(context.utf8) + [0x00] + bytes)
    }

    /// The key that seals it; another use of the same secret than the digest.
    static func sealingKey(_ key: [UInt8]) -> [UInt8] {
        hmacSHA256(key: key, message: Array("\(context)/sealing".utf8)).bytes
    }
}
