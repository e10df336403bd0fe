import GRDB
import LetheBytes
import Testing

@testable import LetheStore

@Suite struct RequestIndexesTests {
    @Test func theIndexesOfALedgerAgree() throws {
        let ledger = try TestLedger.full()
        #expect(try ledger.store.read { try RequestIndexes.agree($0.db) })
        #expect(try ledger.store.read { try IntegrityCheck.findings($0.db) }.isEmpty)
    }

    /// Every place of the file where a nonce tag or the state of a request stands, in the table or an index, is changed by itself.
    @Test func everyCopyOfAnIndexedValueIsCompared() throws {
        let ledger = try TestLedger.full()
        let (nonce, id) = try ledger.store.read { tables in
            let row = try Cells.fetch(tables.db, "SELECT nonce_tag, request_id FROM requests LIMIT 1")[0]
            return (row[0].blob ?? [], row[1].blob ?? [])
        }
        try ledger.store.truncateLog()
        let bytes = try Files.read(ledger.path, limit: 1 << 24)
        var refusedByQuickCheck = 0
        var indexDamage = 0
        for (name, value) in [("nonce", nonce), ("id", id)] {
            let places = bytes.indices.filter { bytes[$0...].starts(with: value) }
            #expect(places.count >= 2, "in the table and in an index")
            for place in places {
                var damaged = bytes
                // The last character: nearly every order of the rows survives that.
                damaged[place + value.count - 1] ^= 1
                let path = "\(ledger.folder.path)/\(name)\(place).sqlite"
                try Files.write(damaged, to: path)
                let queue = try DatabaseQueue(path: path)
                try queue.read { db in
                    let quick = try Cells.fetch(db, "PRAGMA quick_check(1)").first?.first?.string
                    let full = try Cells.fetch(db, "PRAGMA integrity_check(1)").first?.first?.string
                    refusedByQuickCheck += quick == "ok" ? 0 : 1
                    #expect(try (full == "ok") == RequestIndexes.agree(db), "\(name) at \(place): \(full ?? "")")
                    #expect(try (full == "ok") == IntegrityCheck.findings(db).isEmpty)
                    indexDamage += full == "ok" ? 0 : 1
                }
            }
        }
        #expect(indexDamage >= 4)
        #expect(refusedByQuickCheck == 0, "else the comparison of the indexes shows nothing")
    }

    @Test func aDamagedIndexIsNamed() throws {
        let ledger = try TestLedger.full()
        try ledger.store.truncateLog()
        var bytes = try Files.read(ledger.path, limit: 1 << 24)
        let nonce = try ledger.store.read { try Cells.fetch($0.db, "SELECT nonce_tag FROM requests")[0][0].blob ?? [] }
        let isInIndex: (Int) -> Bool = { place in
            // An index entry has the request's id right behind the tag; in the table it stands far before.
            bytes[(place + nonce.count)...].prefix(9).last == UInt8(ascii: "-")
        }
        let place = try #require(bytes.indices.first { bytes[$0...].starts(with: nonce) && isInIndex($0) })
        bytes[place + nonce.count - 1] ^= 1
        let path = "\(ledger.folder.path)/index.sqlite"
        try Files.write(bytes, to: path)
        let findings = try LedgerAudit.run(LedgerStore.open(path), trust: ledger.trust)
        #expect(
            findings.contains { $0.description.contains("requests_by_nonce") },
            "\(findings.map(\.description))")
    }

    /// A plan that sorts, or that looks the table up, would compare the table with itself.
    @Test func theIndexesThemselvesAreRead() throws {
        let ledger = try TestLedger.full()
        let plans = try ledger.store.read { tables in
            try [RequestIndexes.byNonceTag, RequestIndexes.byState, RequestIndexes.byTag].map {
                try Cells.fetch(tables.db, "EXPLAIN QUERY PLAN " + $0).compactMap { $0[3].string }
            }
        }
        #expect(plans.allSatisfy { $0.count == 1 && $0[0].contains("USING COVERING INDEX") }, "\(plans)")
    }
}
