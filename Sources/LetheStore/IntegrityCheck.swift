import GRDB
import LetheBytes

/// Whether SQLite finds the file whole: `quick_check`, and in place of what that leaves out a look at the indexes (`RequestIndexes`).
/// Only where one of them cannot say that there is no damage does the slow `integrity_check` run, to name it.
final class IntegrityCheck {
    private let path: String
    private let structure: Ahead<Bool>
    private var indexes: Ahead<Bool>?

    /// Begins with the structure of the file, on a core of its own.
    init(path: String) {
        self.path = path
        structure = Ahead { (try? Self.connection(path).read(Self.isStructureSound)) ?? false }
    }

    /// Looks at the indexes, on a core of its own.
    func beginIndexes() {
        indexes = Ahead { [path] in (try? Self.connection(path).read(RequestIndexes.agree)) ?? false }
    }

    /// What is wrong with the file; nothing where all holds.
    /// - Throws: where the file cannot be read at all.
    func findings() throws -> [AuditFinding] {
        let isSound = structure.take()
        if let indexes, indexes.take(), isSound { return [] }
        return try Self.connection(path).read(Self.damage)
    }

    /// The same inside a transaction that somebody else has begun.
    static func findings(_ db: Database) throws -> [AuditFinding] {
        if let isSound = try? isStructureSound(db), isSound, let agree = try? RequestIndexes.agree(db), agree {
            return []
        }
        return try damage(db)
    }

    /// What reads every page once needs to keep few of them.
    private static func connection(_ path: String) throws -> DatabaseQueue {
        let queue = try LedgerStore.connect(path, busySeconds: LedgerStore.defaultBusySeconds)
        try queue.inDatabase { try $0.execute(sql: "PRAGMA cache_size = -1024") }
        return queue
    }

    private static func isStructureSound(_ db: Database) throws -> Bool {
        try Cells.first(db, "PRAGMA quick_check(1)")?.first?.string == "ok"
    }

    private static func damage(_ db: Database) throws -> [AuditFinding] {
        try Cells.fetch(db, "PRAGMA integrity_check(20)").filter { $0.first?.string != "ok" }.map { row in
            AuditFinding(
                .schema("database"), field: "integrity", expected: "ok", found: row.first?.excerpt ?? "nothing")
        }
    }
}
