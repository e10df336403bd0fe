import GRDB
import LetheCrypto

/// Compares the stored tree with the one that grows from the entries, each level read once from left to right.
struct NodeComparison {
    private let db: Database
    private var levels: [Level] = []
    /// Leaf hashes and inner nodes that the entries imply: how many.
    private(set) var count = 0

    private struct Level {
        var rows: RowStream
        var next: [Cell]?
    }

    init(db: Database) { self.db = db }

    /// The stored hash at a place; places are asked for from left to right within a level. Nil where none is stored.
    mutating func stored(level: Int, position: UInt64) throws -> Digest? {
        count += 1
        while levels.count <= level {
            var rows = try RowStream(
                db, "SELECT position, hash FROM nodes WHERE level = ? ORDER BY position",
                [.integer(Int64(levels.count))])
            levels.append(Level(rows: rows, next: try rows.next()))
        }
        while let row = levels[level].next, let found = row[0].unsigned, found <= position {
            levels[level].next = try levels[level].rows.next()
            if found == position { return row[1].digest }
        }
        return nil
    }
}
