import GRDB
import LetheCrypto

/// The stored checkpoints in the order of their sizes, beside the tree that grows.
struct CheckpointComparison {
    private var rows: RowStream
    private var next: [Cell]?
    /// Recomputed roots at the sizes of the newest stored checkpoints: seeds are drawn from these.
    private var roots: [UInt64: Digest] = [:]
    private var rootOrder: [UInt64] = []
    /// The size of the row before, as stored.
    var previous: Cell = .null
    /// The size of the largest stored checkpoint so far.
    var covered: UInt64 = 0
    /// Whether there is one at all.
    var isEmpty = true
    /// Checkpoints that did not hold when they were reached: a key that the log registers later may still sign them.
    var deferred: [Stored] = []

    struct Stored: Sendable {
        let size: Cell
        let previous: Cell
        let expectedPrevious: Cell
        let note: [UInt8]
        /// The root from the entries; nil where there are not so many.
        let root: Digest?

        func with(root: Digest?) -> Stored {
            Stored(size: size, previous: previous, expectedPrevious: expectedPrevious, note: note, root: root)
        }
    }

    init(db: Database) throws {
        rows = try RowStream(db, "SELECT size, previous, CAST(note AS BLOB) FROM checkpoints ORDER BY size")
        next = try rows.next()
    }

    /// The stored checkpoints up to size `size`, whose root from the entries is `root`.
    mutating func reached(_ size: UInt64, root: @autoclosure () -> Digest) throws -> Stored? {
        guard let row = next, row[0].unsigned == size else { return nil }
        let root = root()
        roots[size] = root
        rootOrder.append(size)
        if rootOrder.count > 4_096 { roots[rootOrder.removeFirst()] = nil }
        return try take(row, root: root)
    }

    /// A stored checkpoint that no size of the tree has led to.
    mutating func left() throws -> Stored? {
        guard let row = next else { return nil }
        return try take(row, root: nil)
    }

    private mutating func take(_ row: [Cell], root: Digest?) throws -> Stored {
        defer { previous = row[0] }
        covered = row[0].unsigned ?? covered
        isEmpty = false
        next = try rows.next()
        return Stored(
            size: row[0], previous: row[1], expectedPrevious: previous, note: row[2].blob ?? [], root: root)
    }

    /// The root at the size of a stored checkpoint, where it is among the newest ones.
    func root(_ size: UInt64) -> Digest? { roots[size] }
}
