import LetheCrypto
public import LetheLog

extension LedgerStore {
    /// The bytes of a tile or entry bundle, checked against the stored tree before they leave it.
    ///
    /// - Throws: `.noSuchEntry` beyond the log; `.corrupt` where entries and tree disagree.
    public func bytes(of tile: LogTile) throws(StoreError) -> [UInt8] {
        try read { tables in
            let hashes = try tile.nodes.map { try tables.node(level: $0.level, position: $0.position) }
            if tile.isFull {
                let parent = try tables.node(level: 8 * (tile.level + 1), position: tile.index)
                let computed = MerkleTree.rootHash(of: hashes)
                guard parent == computed else {
                    throw StoreError.corrupt(detail: "\(tile.path): expected root \(parent), found \(computed)")
                }
            }
            guard case .entries = tile.content else { return hashes.flatMap(\.bytes) }
            let entries = try tile.entryIndexes.map(tables.entry)
            for (index, (entry, hash)) in zip(tile.entryIndexes, zip(entries, hashes)) {
                let computed = MerkleTree.leafHash(entry)
                guard computed == hash else {
                    throw StoreError.corrupt(detail: "entry \(index): expected leaf hash \(hash), found \(computed)")
                }
            }
            do { return try EntryBundle.encode(entries) } catch { throw StoreError.corrupt(detail: "\(error)") }
        }
    }
}
