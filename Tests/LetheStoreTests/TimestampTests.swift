import GRDB
import LetheCrypto
import LetheLog
import Testing

@testable import LetheStore

struct TimestampTests {
    private let ledger: TestLedger
    private let authority: ThrowawayTSA

    init() throws {
        ledger = try TestLedger()
        try ledger.start()
        authority = try ThrowawayTSA.shared.get()
    }

    private func query(_ size: UInt64) throws -> TimestampQuery {
        let text = try #require(try ledger.store.checkpoint(size: size)).text
        return TimestampQuery(imprint: LedgerStore.timestampImprint(ofCheckpoint: text))
    }

    @Test func aStoredTimestampIsReadBackByteForByte() throws {
        let query = try query(4)
        let response = try authority.reply(to: query.der)
        let stamp = try ledger.store.addTimestamp(
            response, size: 4, nonce: query.nonce, authorities: [authority.trusted])
        #expect(try ledger.store.timestamps(size: 4) == [.init(authority: stamp.authority, response: response)])
        #expect(try ledger.store.timestamps(size: 2) == [])
        #expect(stamp.imprint == query.imprint && stamp.seconds > 1_700_000_000)
        #expect(try ledger.audit() == [])
        try ledger.stamp(4)
        #expect(try ledger.store.timestamps(size: 4).map(\.response) == [response], "the first is kept")
    }

    @Test func whatDoesNotVerifyIsRefusedAndNothingIsStored() throws {
        let (query, other) = (try query(4), try query(2))
        let response = try authority.reply(to: query.der)
        let stranger = try ThrowawayTSA()
        func add(_ response: [UInt8], nonce: [UInt8]? = nil, _ authorities: [TimestampAuthority]) throws(StoreError) {
            try ledger.store.addTimestamp(response, size: 4, nonce: nonce, authorities: authorities)
        }
        let trusted = [authority.trusted]
        var cut = response
        cut[cut.count - 1] ^= 1
        for (bad, nonce, authorities) in [
            (response, other.nonce, trusted), (try authority.reply(to: other.der), nil, trusted),
            (response, nil, [stranger.trusted]), (response, nil, []), (cut, nil, trusted), ([], nil, trusted),
            (response + [0], nil, trusted), (Array(response.dropLast()), nil, trusted),
        ] as [([UInt8], [UInt8]?, [TimestampAuthority])] {
            let error = #expect(throws: StoreError.self) { try add(bad, nonce: nonce, authorities) }
            guard case .timestampRefused(4, _)? = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
        #expect(try ledger.store.timestamps(size: 4) == [])
        #expect(throws: StoreError.noSuchCheckpoint(size: 3)) {
            try ledger.store.addTimestamp(response, size: 3, nonce: nil, authorities: trusted)
        }
    }

    @Test func unknownAuthoritiesAreCountedNotBelieved() throws {
        let stamp = try ledger.stamp(4)
        for (authorities, good, unknown) in [
            ([authority.trusted], [4: [stamp.seconds]], 0), ([], [:], 1), ([try ThrowawayTSA().trusted], [:], 1),
        ] as [([TimestampAuthority], [UInt64: [Int64]], Int)] {
            try ledger.store.read { tables in
                let trust = AuditTrust(
                    roots: ledger.trust.roots, noteVerifiers: ledger.trust.noteVerifiers,
                    timestampAuthorities: authorities)
                var pass = try AuditPass(tables: tables, trust: trust)
                try pass.checkTimestamps()
                #expect(pass.findings == [])
                #expect(pass.stamped.good == good && pass.stamped.unknownCount == unknown)
            }
        }
    }

    @Test func timestampsAreAppendOnly() throws {
        try ledger.stamp(4)
        let queue = try DatabaseQueue(path: ledger.path)
        for sql in ["UPDATE timestamps SET size = 2", "DELETE FROM timestamps"] {
            #expect(throws: DatabaseError.self) { try queue.write { try $0.execute(sql: sql) } }
        }
        try queue.close()
    }
}
