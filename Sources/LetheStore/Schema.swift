import GRDB

/// The tables of a ledger, and what guards them.
///
/// `entries` is the truth; `nodes`, `registrations` (which entries register keys, policies and models), `requests` and `runs` are
/// derived from it and an audit derives them again. `checkpoints` holds what was signed, `cosignatures` and `timestamps` what
/// others said of it, `vault` what must be erasable, and `subject_tags` by which of it a person's requests are found. The triggers stop
/// mistakes, not attackers: those are found by the audit.
enum Schema {
    static let version = "3"
    /// Version 2 has no `subject_tags`. It is read and written as it is, until somebody with the master key can fill them.
    static let versionWithoutSubjectTags = "2"
    static let readableVersions: Set = [version, versionWithoutSubjectTags]
    /// "LETH"
    static let applicationID: Int32 = 0x4C45_5448

    /// For each row of the vault a tag of its person that only the master key makes, so that a second request is found without opening
    /// them all. Shredding takes both.
    static let subjectTags = [
        """
        CREATE TABLE subject_tags (
            request_id TEXT NOT NULL PRIMARY KEY,
            tag TEXT NOT NULL CHECK (length(tag) = 64)
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX subject_tags_by_tag ON subject_tags (tag)",
    ]

    private static func statements(of version: String) -> [String] {
        statements + (version == versionWithoutSubjectTags ? [] : subjectTags)
    }

    private static let statements: [String] =
        [
            """
            CREATE TABLE meta (
                key TEXT NOT NULL PRIMARY KEY,
                value TEXT NOT NULL
            ) STRICT, WITHOUT ROWID
            """,
            """
            CREATE TABLE entries (
                idx INTEGER NOT NULL PRIMARY KEY CHECK (idx >= 0),
                bytes BLOB NOT NULL
            ) STRICT
            """,
            """
            CREATE TABLE nodes (
                level INTEGER NOT NULL CHECK (level >= 0),
                position INTEGER NOT NULL CHECK (position >= 0),
                hash BLOB NOT NULL CHECK (length(hash) = 32),
                PRIMARY KEY (level, position)
            ) STRICT, WITHOUT ROWID
            """,
            """
            CREATE TABLE registrations (
                type TEXT NOT NULL,
                idx INTEGER NOT NULL CHECK (idx >= 0),
                PRIMARY KEY (type, idx)
            ) STRICT, WITHOUT ROWID
            """,
            """
            CREATE TABLE checkpoints (
                size INTEGER NOT NULL PRIMARY KEY CHECK (size >= 0),
                previous INTEGER UNIQUE CHECK (previous < size),
                note TEXT NOT NULL
            ) STRICT
            """,
            """
            CREATE TABLE cosignatures (
                size INTEGER NOT NULL,
                key_name TEXT NOT NULL,
                key_id INTEGER NOT NULL CHECK (key_id BETWEEN 0 AND 4294967295),
                line TEXT NOT NULL,
                PRIMARY KEY (size, key_name, key_id)
            ) STRICT, WITHOUT ROWID
            """,
            """
            CREATE TABLE timestamps (
                size INTEGER NOT NULL,
                authority TEXT NOT NULL CHECK (length(authority) = 64),
                response BLOB NOT NULL,
                PRIMARY KEY (size, authority)
            ) STRICT, WITHOUT ROWID
            """,
            """
            CREATE TABLE requests (
                request_id TEXT NOT NULL PRIMARY KEY,
                regulation TEXT NOT NULL,
                state TEXT NOT NULL,
                extended INTEGER NOT NULL,
                ground TEXT,
                duplicate_of TEXT,
                confirm_by TEXT,
                due TEXT NOT NULL,
                extended_due TEXT NOT NULL,
                subject_commitment TEXT NOT NULL,
                request_commitment TEXT NOT NULL,
                nonce_tag TEXT NOT NULL,
                replay_tag TEXT NOT NULL,
                policy_digest TEXT NOT NULL,
                received_at TEXT NOT NULL,
                updated_at TEXT NOT NULL,
                received_index INTEGER NOT NULL,
                last_index INTEGER NOT NULL,
                run_id TEXT,
                certificate_index INTEGER,
                shredded_index INTEGER
            ) STRICT, WITHOUT ROWID
            """,
            // Not UNIQUE in the table: of an index with a name SQLite knows that it has all that the audit asks it for.
            "CREATE UNIQUE INDEX requests_by_nonce ON requests (nonce_tag)",
            "CREATE INDEX requests_by_state ON requests (state, received_index)",
            """
            CREATE TABLE runs (
                run_id TEXT NOT NULL PRIMARY KEY,
                stage TEXT NOT NULL,
                started_at TEXT NOT NULL,
                updated_at TEXT NOT NULL,
                indexes TEXT NOT NULL,
                last_index INTEGER NOT NULL,
                artifacts TEXT NOT NULL,
                verdict TEXT
            ) STRICT, WITHOUT ROWID
            """,
            """
            CREATE TABLE vault (
                request_id TEXT NOT NULL PRIMARY KEY,
                wrapped_key BLOB NOT NULL,
                sealed BLOB NOT NULL
            ) STRICT, WITHOUT ROWID
            """,
        ]
        + ["meta", "entries", "nodes", "registrations", "checkpoints", "cosignatures", "timestamps"].flatMap { table in
            ["UPDATE", "DELETE"].map { trigger(against: $0, on: table) }
        }

    private static func trigger(against action: String, on table: String) -> String {
        """
        CREATE TRIGGER \(table)_no_\(action.lowercased()) BEFORE \(action) ON \(table)
        BEGIN SELECT RAISE(ABORT, '\(table) is append-only'); END
        """
    }

    static func create(_ db: Database, origin: String) throws {
        for statement in statements(of: version) { try db.execute(sql: statement) }
        try db.execute(
            sql: "INSERT INTO meta (key, value) VALUES ('origin', ?), ('schema_version', ?)",
            arguments: [origin, version])
        try db.execute(sql: "PRAGMA application_id = \(applicationID)")
    }

    /// Makes the tables of this version of those of version 2; the caller fills them in the same transaction.
    static func addSubjectTags(_ db: Database) throws {
        for statement in subjectTags { try db.execute(sql: statement) }
        try db.execute(sql: "DROP TRIGGER meta_no_update")
        try db.execute(sql: "UPDATE meta SET value = ? WHERE key = 'schema_version'", arguments: [version])
        try db.execute(sql: trigger(against: "UPDATE", on: "meta"))
    }

    /// What `sqlite_schema` must hold in a ledger of `version`, as SQLite itself writes it.
    static func expectedObjects(of version: String) throws -> [String: String] {
        try DatabaseQueue().write { db in
            for statement in statements(of: version) { try db.execute(sql: statement) }
            return try objects(db)
        }
    }

    /// The objects of a database: "table meta" and the like, with their SQL (empty for SQLite's own indexes).
    static func objects(_ db: Database) throws -> [String: String] {
        let rows = try Cells.fetch(
            db, "SELECT CAST(type AS BLOB), CAST(name AS BLOB), CAST(coalesce(sql, '') AS BLOB) FROM sqlite_schema")
        var objects: [String: String] = [:]
        for row in rows { objects["\(row[0].text) \(row[1].text)"] = row[2].text }
        return objects
    }
}
