import Foundation
import GRDB
import LetheBytes
import LetheCrypto
import LetheRequests
import Testing

@testable import LetheStore

/// How a person's requests are found, and what shredding leaves of that.
@Suite struct SubjectTagTests {
    private static let open: [RequestState] = [.inProgress, .blockedPartial, .verifying]

    /// Three requests of Ana and one of Ben, all accepted but for the last.
    private static func ledger() throws -> TestLedger {
        let ledger = try TestLedger()
        try ledger.start()
        for (number, value) in [
            (1, "ana@example.org"), (2, "ben@example.org"), (3, "ana@example.org"), (4, "ana@example.org"),
        ] {
            let (checked, key) = try ledger.request(number, value: value)
            try ledger.append(
                .request(
                    RequestEvent(receiving: checked, at: ledger.now, under: key, policy: PolicyInForce(ledger.policy))),
                vault: [VaultItem(checked, key: key)])
        }
        for number in 1...3 { try ledger.append(ledger.change(number, .identityConfirmed)) }
        return ledger
    }

    private static func tag(_ value: String, of ledger: TestLedger) throws -> Digest {
        ledger.masterKey.tag(of: try #require(SubjectIdentity(type: "email", value: value)))
    }

    private static func found(
        _ value: String, in ledger: TestLedger, _ states: [RequestState] = open, law: Regulation = .gdpr
    ) throws -> RequestID? {
        try ledger.store.requests(of: [(tag(value, of: ledger), law)], in: states)[0]?.requestID
    }

    /// Makes the ledger what version 2 wrote.
    private static func makeOld(_ ledger: TestLedger) throws {
        try ledger.tamper { db in
            try db.execute(sql: "DROP TABLE subject_tags")
            try db.execute(sql: "UPDATE meta SET value = '2' WHERE key = 'schema_version'")
        }
    }

    @Test func theEarliestOpenRequestOfAPersonIsFound() throws {
        let ledger = try Self.ledger()
        #expect(try Self.found("ana@example.org", in: ledger) == makeRequestID(1))
        #expect(try Self.found("ben@example.org", in: ledger) == makeRequestID(2))
        #expect(try Self.found("ana@example.org", in: ledger, [.received]) == makeRequestID(4))
        #expect(try Self.found("ana@example.org", in: ledger, law: .ccpa) == nil)
        #expect(try Self.found("cleo@example.org", in: ledger) == nil)
        // Exactly the name, as the data call people.
        #expect(try Self.found("Ana@example.org", in: ledger) == nil)
        #expect(try Self.found("ana@example.org", in: ledger, []) == nil)
        try ledger.append(ledger.change(1, .withdrawn))
        #expect(try Self.found("ana@example.org", in: ledger) == makeRequestID(3))
        #expect(try ledger.audit().isEmpty)
    }

    @Test func findingReadsNoMoreThanThePersonsRows() throws {
        let ledger = try Self.ledger()
        let plan = try ledger.store.read { tables in
            try Cells.fetch(
                tables.db, "EXPLAIN QUERY PLAN SELECT state FROM requests" + LedgerTables.ofPerson(inStates: 3),
                Array(repeating: .text("x"), count: 5)
            ).compactMap { $0[3].string }
        }
        #expect(plan.contains { $0.contains("SEARCH requests USING PRIMARY KEY") }, "\(plan)")
        #expect(plan.contains { $0.contains("subject_tags_by_tag") }, "\(plan)")
    }

    /// Another master key makes other tags; no tag is a hash that a stranger could make of a name.
    @Test func aTagNeedsTheMasterKey() throws {
        let ana = try #require(SubjectIdentity(type: "email", value: "ana@example.org"))
        let (one, other) = (MasterKey.generate(), MasterKey.generate())
        #expect(one.tag(of: ana) == one.tag(of: ana))
        #expect(one.tag(of: ana) != other.tag(of: ana))
        let spliced = try #require(SubjectIdentity(type: "e", value: "mail"))
        let joined = try #require(SubjectIdentity(type: "em", value: "ail"))
        #expect(one.tag(of: spliced) != one.tag(of: joined))
    }

    @Test func afterShreddingNothingInTheFilesLinksTheRequestToThePerson() throws {
        let ledger = try Self.ledger()
        let tag = Array(try Self.tag("ben@example.org", of: ledger).hex.utf8)
        func occurrences() throws -> Int {
            try ["", "-wal", "-shm"].map { ledger.path + $0 }.filter { Files.exists($0) }.reduce(0) { sum, path in
                sum + Data(try Files.read(path, limit: 1 << 26)).ranges(of: Data(tag)).count
            }
        }
        try ledger.store.truncateLog()
        #expect(try occurrences() == 2, "the search finds table and index")
        try ledger.append(ledger.change(2, .withdrawn))
        try ledger.shred(2)
        #expect(try occurrences() == 0)
        #expect(try Self.found("ben@example.org", in: ledger, [.withdrawn]) == nil)
        #expect(try ledger.audit().isEmpty)
    }

    @Test func aLedgerOfTheVersionBeforeGoesOnAndIsIndexedOnce() throws {
        let ledger = try Self.ledger()
        try Self.makeOld(ledger)
        let old = try LedgerStore.open(ledger.path)
        #expect(try LedgerAudit.run(old, trust: ledger.trust, masterKey: ledger.masterKey).isEmpty)
        #expect(try LedgerStore.openToRead(ledger.path).requests().count == 4)
        // It is written to as it is, shredding included, by who has no master key too.
        try ledger.append(ledger.change(2, .withdrawn))
        try ledger.shred(2)
        try ledger.receive(5)
        #expect(try ledger.audit().isEmpty)
        #expect(throws: StoreError.self) { try Self.found("ana@example.org", in: ledger) }
        #expect(throws: StoreError.self) { try ledger.store.indexSubjects(masterKey: .generate()) }
        #expect(try ledger.audit().isEmpty, "a failed migration leaves nothing")
        for _ in 0..<2 { try old.indexSubjects(masterKey: ledger.masterKey) }
        #expect(try Self.found("ana@example.org", in: ledger) == makeRequestID(1))
        #expect(try Self.found("ben@example.org", in: ledger, [.withdrawn]) == nil)
        #expect(try Self.found("ana.5@example.org", in: ledger, [.received]) == makeRequestID(5))
        let version = try ledger.store.read {
            try Cells.fetch($0.db, "SELECT CAST(value AS BLOB) FROM meta WHERE key = 'schema_version'")[0][0].string
        }
        #expect(version == Schema.version)
        try ledger.receive(6)
        #expect(try ledger.audit().isEmpty)
        #expect(throws: (any Error).self) {
            try ledger.store.write { try $0.db.execute(sql: "UPDATE meta SET value = '2'") }
        }
    }

    @Test(arguments: [
        (
            "UPDATE subject_tags SET tag = replace(tag, substr(tag, 1, 1), 'x') WHERE request_id LIKE '%1'",
            "subject_tag"
        ),
        ("DELETE FROM subject_tags WHERE request_id LIKE '%3'", "subject_tag"),
        ("INSERT INTO subject_tags VALUES ('00000000-0000-4000-8000-000000000009', printf('%064d', 0))", "subject_tag"),
        ("DROP INDEX subject_tags_by_tag", "subject_tags_by_tag"),
        ("DROP TABLE subject_tags", "subject_tags"),
        ("UPDATE meta SET value = '2' WHERE key = 'schema_version'", "subject_tags"),
    ])
    func theAuditNamesATagThatIsNotItsPersons(change: String, named: String) throws {
        let ledger = try Self.ledger()
        try ledger.tamper { try $0.execute(sql: change) }
        let findings = try ledger.audit()
        #expect(findings.contains { $0.description.contains(named) }, "\(findings.map(\.description))")
        #expect(findings.allSatisfy { !$0.description.contains("ana@") })
    }
}
