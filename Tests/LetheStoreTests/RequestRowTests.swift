import GRDB
import LetheRequests
import Testing

@testable import LetheStore

/// Rows of table `requests` as a list reads them, against the reader that names what is wrong.
struct RequestRowTests {
    @Test func bothReadersGiveTheSameRecordsInTheOrderOfReceipt() throws {
        let ledger = try TestLedger.full()
        try ledger.append(ledger.change(4, .identityConfirmed))
        try ledger.append(ledger.change(4, .foundDuplicate(of: makeRequestID(2))))
        try ledger.receive(5)
        try ledger.append(ledger.change(5, .extended(.complexity)))
        let cells = try ledger.store.read { tables in
            try Cells.fetch(tables.db, TableShape.requests.select + " ORDER BY received_index")
        }
        let records = try ledger.store.requests()
        #expect(records == (try cells.map { try RequestRecord(cells: $0) }))
        #expect(Set(records.map(\.state.name)) == ["fulfilled", "refused", "duplicate", "received"])
        #expect(records.map(\.cells) == cells)
        #expect(try ledger.store.requests(limit: 2) == Array(records.prefix(2)))
        #expect(try ledger.store.requests(in: "fulfilled") == Array(records.prefix(2)))
    }

    @Test(arguments: [
        "request_id = 'a'", "regulation = 'none'", "state = 'open'", "state = 'refused'", "extended = -1",
        "confirm_by = '2026-02-30'", "due = '2026-1-01'", "extended_due = ''", "subject_commitment = 'ff'",
        "replay_tag = upper(replay_tag)", "received_at = '2026-03-02T09:00:00'", "updated_at = ''", "last_index = -1",
        "last_index = received_index - 1",
        "run_id = 'run'", "duplicate_of = 'b', state = 'duplicate'",
    ])
    func aValueWithoutMeaningIsNamed(_ damage: String) throws {
        let ledger = try TestLedger.full()
        try ledger.tamper {
            try $0.execute(sql: "UPDATE requests SET \(damage) WHERE state = 'identity_pending'")
        }
        let error = #expect(throws: StoreError.self) { try ledger.store.requests() }
        #expect("\(error.map { "\($0)" } ?? "")".contains("requests row"), "\(damage)")
    }

    /// Few of many are looked up through the index, many are read from left to right: with the same answer.
    @Test func theEarliestDayIsFoundOfFewAndOfMany() throws {
        let ledger = try TestLedger()
        try ledger.start()
        #expect(try ledger.store.earliestDue(in: "received") == nil)
        for number in 1...20 { try ledger.receive(number) }
        try ledger.append(ledger.change(7, .identityConfirmed))
        let records = try ledger.store.requests()
        let due = try #require(records.first?.due)
        #expect(try ledger.store.count(in: "in_progress") == 1)
        try ledger.tamper {
            try $0.execute(
                sql: "UPDATE requests SET due = '2026-02-03' WHERE state = 'in_progress' OR received_index = 4")
        }
        #expect(try ledger.store.earliestDue(in: "in_progress")?.description == "2026-02-03")
        try ledger.tamper {
            try $0.execute(sql: "UPDATE requests SET due = '2026-02-01', extended = 1 WHERE state = 'received'")
        }
        #expect(try ledger.store.earliestDue(in: "received") == records[0].clock.extended)
        #expect(due < records[0].clock.extended)
    }
}
