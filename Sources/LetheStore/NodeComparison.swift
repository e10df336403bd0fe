import GRDB
import LetheCrypto

/// Compares the stored tree with the one that grows from the entries, each level read once from left to right.
struct NodeComparison {
    private let db: Database
    private var levels: [Level] = []
    /// Leaf hashes and inner nodes that the entries imply: how many.
    private(set) var count = 0

    private struct Level {
        private var rows: RowStream
        /// The row that was read and not yet asked for.
        private(set) var next: (position: UInt64?, hash: Digest?)?

        init(_ rows: RowStream) throws {
            self.rows = rows
            try advance()
        }

        mutating func advance() throws {
            next = try rows.next { (Cells.cell($0, 0).unsigned, Cells.digest($0, 1)) }
        }
    }

    init(db: Database) { self.db = db }

    /// The stored hash at a place; places are asked for from left to right within a level. Nil where none is stored.
    mutating func stored(level: Int, position: UInt64) throws -> Digest? {
        count += 1
        while levels.count <= level {
            levels.append(
                try Level(
                    RowStream(
                        db, "SELECT position, hash FROM nodes WHERE level = ? ORDER BY position",
                        [.integer(Int64(levels.count))])))
        }
        while let row = levels[level].next, let found = row.position, found <= position {
            try levels[level].advance()
            if found == position { return row.hash }
        }
        return nil
    }
}
