import LetheBytes
import LetheCrypto

/// Which references a sampled repetition trains again: a function of a seed, so that whoever states or draws it can show that nobody
/// chose them.
struct ReplaySample: Equatable {
    /// 32 bytes.
    let seed: [UInt8]
    /// The numbers of the references to train, from one, in their order.
    let references: [Int]

    /// The `count` references of `total` for which HMAC-SHA-256(seed, "reference/N") is smallest.
    ///
    /// - Parameter seed: 64 hexadecimal digits; nil to draw them here.
    /// - Throws: `EngineError` for a count or a seed that is none.
    init(of total: Int, count: Int, seed: String?) throws {
        try ModelFolders.checkRange("--sample", count, 1...total)
        self.seed =
            try seed.map { text in
                guard let bytes = try? Hex.decode(text), bytes.count == 32 else {
                    throw EngineError.invalidSetting(
                        name: "--sample-seed", found: Printable.quoted(text),
                        expected: "64 lowercase hexadecimal digits")
                }
                return bytes
            } ?? secureRandomBytes(32)
        let key = self.seed
        let ranks = (1...total).map { number in
            (rank: hmacSHA256(key: key, message: Array("reference/\(number)".utf8)).bytes, number: number)
        }
        references = ranks.sorted { $0.rank.lexicographicallyPrecedes($1.rank) }.prefix(count).map(\.number).sorted()
    }

    /// The seed and what it draws, for people.
    var text: String {
        "references beside \(references.map { "\($0)" }.joined(separator: ", ")), which the seed \(Hex.encode(seed)) draws"
    }
}
