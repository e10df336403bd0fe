import GRDB
import LetheCrypto

/// The certificates of a log so far, in a temporary database of their own that the system keeps on disk where they are many.
struct CertificateIndex {
    struct Link: Equatable {
        let sha256: Digest
        let index: UInt64
    }

    var last: Link?
    private(set) var count = 0
    private(set) var withoutRequest: [UInt64] = []
    private let queue: DatabaseQueue

    init() throws {
        // The empty path is SQLite's name for a temporary database on disk.
        queue = try DatabaseQueue(path: "")
        try queue.write { db in
            try db.execute(sql: "CREATE TABLE certificates (idx INTEGER PRIMARY KEY, request_id TEXT NOT NULL) STRICT")
            try db.execute(sql: "CREATE INDEX by_request ON certificates (request_id)")
        }
    }

    mutating func insert(_ link: Link, of requestID: String, isKnown: Bool) throws {
        last = link
        count += 1
        if !isKnown { withoutRequest.append(link.index) }
        try queue.write { db in
            try Cells.run(
                db, "INSERT INTO certificates (idx, request_id) VALUES (?, CAST(? AS TEXT))",
                [.position(link.index), .text(requestID)])
        }
    }

    /// Whose certificate the entry at `index` is; nil where it is none.
    func request(at index: UInt64) throws -> String? {
        try queue.read { db in
            try Cells.first(
                db, "SELECT CAST(request_id AS BLOB) FROM certificates WHERE idx = ?", [.position(index)])?.first?
                .string
        }
    }

    /// Whether a certificate was issued for the request.
    func contains(_ requestID: Cell) throws -> Bool {
        guard count > 0 else { return false }
        return try queue.read { db in
            try Cells.first(
                db, "SELECT 1 FROM certificates WHERE request_id = CAST(? AS TEXT) LIMIT 1", [requestID]) != nil
        }
    }
}
