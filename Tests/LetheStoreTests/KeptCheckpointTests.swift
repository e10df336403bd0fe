import LetheCrypto
import LetheLog
import Testing

@testable import LetheStore

/// The checkpoints that a ledger keeps: one for each commit, with all that others said of them.
struct KeptCheckpointTests {
    private let ledger: TestLedger

    init() throws {
        ledger = try TestLedger()
        try ledger.start()
    }

    @Test func everyCommitsCheckpointIsKeptWithWhatItStandsOn() throws {
        let kept = try ledger.store.checkpoints(limit: 1_000)
        #expect(try kept.count == ledger.store.checkpointCount() && kept.count >= 2)
        #expect(kept.map(\.checkpoint.size) == kept.map(\.checkpoint.size).sorted(by: >))
        // Each names the one before, and the first none.
        #expect(kept.map(\.previous) == kept.dropFirst().map { $0.checkpoint.size } + [nil])
        for one in kept {
            #expect(try one.checkpoint.rootHash == ledger.store.rootHash(size: one.checkpoint.size))
            #expect(try one.note == ledger.store.checkpoint(size: one.checkpoint.size))
            #expect(try one.note.verify(with: [ledger.signer.verifier]).count == 1)
            #expect(try ledger.store.keptCheckpoint(size: one.checkpoint.size) == one)
        }
    }

    @Test func pagesAreCutBySizeAndCount() throws {
        let kept = try ledger.store.checkpoints(limit: 1_000)
        let first = try ledger.store.checkpoints(limit: 1)
        #expect(first == Array(kept.prefix(1)))
        let size = try #require(first.last?.checkpoint.size)
        #expect(try ledger.store.checkpoints(below: size, limit: 1_000) == Array(kept.dropFirst()))
        #expect(try ledger.store.checkpoints(below: 0, limit: 5) == [])
        #expect(try ledger.store.checkpoints(limit: 0) == [])
        #expect(try ledger.store.checkpoints(limit: -1) == [])
        #expect(try ledger.store.checkpoints(below: .max, limit: .max) == kept)
    }

    @Test func whatWasNeverSignedIsNoCheckpoint() throws {
        let sizes = Set(try ledger.store.checkpoints(limit: 1_000).map(\.checkpoint.size))
        for size in 0...(try ledger.store.size() + 2) where !sizes.contains(size) {
            #expect(try ledger.store.keptCheckpoint(size: size) == nil)
        }
        #expect(try ledger.store.keptCheckpoint(size: .max) == nil)
    }

    @Test func cosignaturesAndTimestampsComeWithIt() throws {
        let cosigned = try ledger.cosign(4)
        let stamp = try ledger.stamp(4)
        let kept = try #require(try ledger.store.keptCheckpoint(size: 4))
        #expect(kept.note == cosigned && kept.note.signatures.count == 2)
        #expect(kept.timestamps.map(\.authority) == [stamp.authority])
        #expect(try ledger.store.keptCheckpoint(size: 2)?.timestamps == [])
    }
}
