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

    /// Lends the requests that a certificate was issued for, in the order of their ids, to be read beside others.
    func readRequests(_ body: (inout RowStream) throws -> Void) throws {
        try queue.read { db in
            var rows = try RowStream(
                db, "SELECT CAST(request_id AS BLOB) FROM certificates GROUP BY request_id ORDER BY request_id")
            try body(&rows)
        }
    }
}
