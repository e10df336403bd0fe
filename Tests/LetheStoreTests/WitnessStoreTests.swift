import Foundation
import GRDB
import LetheCrypto
import LetheLog
import Testing

@testable import LetheStore

struct WitnessStoreTests {
    private let folder: TemporaryFolder
    private let path: String
    private let witness: Witness
    private let log: NoteSigner
    private let hashes = (0..<40).map { MerkleTree.leafHash([UInt8($0)]) }

    init() throws {
        folder = try TemporaryFolder()
        path = folder.path + "/witness.sqlite"
        log = try NoteSigner(name: "log.example/a", key: SigningKey(seed: Array(repeating: 1, count: 32)))
        witness = try Witness(
            signer: NoteSigner(
                name: "w.example/w", key: SigningKey(seed: Array(repeating: 2, count: 32)), kind: .cosignatureV1),
            logs: [log.verifier])
        try WitnessStore.create(path, for: witness.signer.verifier)
    }

    private func open() throws(StoreError) -> WitnessStore {
        try WitnessStore.open(path, for: witness.signer.verifier)
    }

    private func request(_ old: UInt64, _ size: UInt64) throws -> [UInt8] {
        let root = MerkleTree.rootHash(of: hashes[..<Int(size)])
        let text = try Checkpoint(origin: "log.example/a", size: size, rootHash: root).text
        let proof = old == 0 ? [] : try MerkleTree.consistencyProof(from: old, in: hashes, to: size)
        return try WitnessRequest(oldSize: old, proof: proof, note: SignedNote(text: text, signers: [log])).bytes
    }

    /// One request, as a server would handle it.
    private func ask(
        _ store: WitnessStore, _ old: UInt64, _ size: UInt64, now: UInt64 = 1000
    ) throws -> Result<WitnessedHead, WitnessRefusal> {
        let wanted = try witness.authenticate(request(old, size))
        return try store.replaceHead(of: "log.example/a", note: wanted.request.note) {
            (head) throws(WitnessRefusal) in try witness.advance(head, to: wanted, now: now)
        }
    }

    @Test func aHeadOutlivesTheProcess() throws {
        let head = try ask(open(), 0, 3).get()
        #expect(head.size == 3 && head.seconds == 1000)
        #expect(try open().head(of: "log.example/a") == head)
        #expect(try open().head(of: "log.example/b") == .none)
        #expect(try ask(open(), 3, 7).get().size == 7)
    }

    @Test func aRefusalLeavesEverythingAsItWas() throws {
        let store = try open()
        let head = try ask(store, 0, 7).get()
        #expect(try ask(store, 0, 9) == .failure(.staleSize(size: 7)))
        #expect(try ask(store, 3, 9) == .failure(.staleSize(size: 7)))
        #expect(try store.head(of: "log.example/a") == head)
    }

    @Test func theTimeNeverGoesBack() throws {
        let store = try open()
        _ = try ask(store, 0, 3, now: 2000)
        #expect(try ask(store, 3, 4, now: 10).get().seconds == 2000)
        #expect(try ask(store, 4, 4, now: 3000).get().seconds == 3000)
    }

    /// The race that the specification prints: both requests were proved against the same head.
    @Test func ofManyRequestsAgainstOneHeadExactlyOneIsCosigned() throws {
        _ = try ask(open(), 0, 2)
        let stores = try (0..<8).map { _ in try open() }
        let results = Outcomes()
        DispatchQueue.concurrentPerform(iterations: 8) { number in
            let result = try? ask(stores[number], 2, UInt64(10 + number))
            results.add((try? result?.get())?.size)
        }
        let won = results.sizes.compactMap(\.self)
        #expect(won.count == 1 && results.sizes.count == 8)
        #expect(try open().head(of: "log.example/a").size == won.first)
    }

    private final class Outcomes: @unchecked Sendable {
        /// Protects `sizes`.
        private let lock = NSLock()
        private(set) var sizes: [UInt64?] = []
        func add(_ size: UInt64?) { lock.withLock { sizes.append(size) } }
    }

    @Test func theDatabaseItselfRefusesToGoBack() throws {
        _ = try ask(open(), 0, 7)
        let queue = try DatabaseQueue(path: path)
        for sql in [
            "UPDATE heads SET size = 6", "UPDATE heads SET seconds = 5", "UPDATE heads SET origin = 'x'",
            "UPDATE heads SET root = zeroblob(32)", "DELETE FROM heads", "UPDATE witness SET vkey = 'x'",
            "DELETE FROM witness",
        ] {
            #expect(throws: DatabaseError.self, "\(sql)") { try queue.write { try $0.execute(sql: sql) } }
        }
        try queue.close()
    }

    @Test func aMemoryBelongsToOneKeyAndIsNeverMadeTwice() throws {
        let other = try NoteVerifier(
            name: "w.example/w", key: SigningKey(seed: Array(repeating: 3, count: 32)).publicKey, kind: .cosignatureV1)
        #expect(throws: StoreError.wrongSigner(expected: witness.signer.verifier.vkey, found: other.vkey)) {
            try WitnessStore.open(path, for: other)
        }
        #expect(throws: StoreError.alreadyExists(path: path)) { try WitnessStore.create(path, for: other) }
        #expect(throws: StoreError.notFound(path: path + "x")) { try WitnessStore.open(path + "x", for: other) }
    }

    @Test func aDamagedMemoryIsNotBelieved() throws {
        _ = try ask(open(), 0, 7)
        let ledger = try TestLedger()
        #expect(throws: StoreError.notALedger(path: ledger.path)) {
            try WitnessStore.open(ledger.path, for: witness.signer.verifier)
        }
        try Data(repeating: 0x41, count: 8192).write(to: URL(filePath: path))
        for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
        #expect(throws: StoreError.self) { try open() }
    }
}
