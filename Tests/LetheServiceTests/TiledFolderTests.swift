import Foundation
import LetheBytes
import LetheCrypto
import LetheLog
import LetheRequests
import LetheStatements
import LetheStore
import Testing

@testable import LetheService

struct TiledFolderTests {
    private static let origin = "tiles.example/log"

    private let folder: TestFolder
    private let store: LedgerStore
    private let signer: NoteSigner
    private let controller: SigningKey
    private let policy: Policy
    private var target: TiledFolder { TiledFolder(path: folder.path("log")) }

    init() throws {
        folder = try TestFolder()
        store = try LedgerStore.create(folder.path("ledger.sqlite"), origin: Self.origin)
        signer = try NoteSigner(name: Self.origin, key: SigningKey(seed: Array(repeating: 1, count: 32)))
        controller = try SigningKey(seed: Array(repeating: 2, count: 32))
        policy = try Policy(yaml: DeskPolicy().yaml)
    }

    private func grow(to size: Int) throws {
        let now = try Timestamp(Desk.noon)
        let count = size - Int(try store.size())
        let entries = try (0..<count).map { number in
            try LedgerEvent.policy(
                PolicyEvent(adopting: policy, at: now, extra: ["number": .string("\(number)")])
            ).sign(with: [controller])
        }
        try store.append(entries: entries, signer: signer)
    }

    @discardableResult
    private func export() throws -> Int {
        try target.update(to: store.checkpoint(signer: signer), of: store, logs: [signer.verifier])
    }

    /// A reader that shares nothing with the writer: bundles in the order of their numbers, hashed entry by entry; tiles compared
    /// with what the definition says of them.
    private func independentlyReadRoot() throws -> (size: Int, root: String) {
        let root = URL(filePath: folder.path("log"))
        let text = String(decoding: try Data(contentsOf: root.appending(path: "checkpoint")), as: UTF8.self)
        let lines = text.components(separatedBy: "\n")
        let size = try #require(Int(lines[1]))
        var leaves: [Digest] = []
        for bundle in 0..<(size + 255) / 256 {
            let width = min(256, size - 256 * bundle)
            let name = String(format: "%03d", bundle) + (width == 256 ? "" : ".p/\(width)")
            var bytes = [UInt8](try Data(contentsOf: root.appending(path: "tile/entries/\(name)")))[...]
            for _ in 0..<width {
                let count = Int(bytes.removeFirst()) * 256 + Int(bytes.removeFirst())
                leaves.append(Digest(sha256: [0] + Array(bytes.prefix(count))))
                bytes = bytes.dropFirst(count)
            }
            #expect(bytes.isEmpty)
            let tile = [UInt8](try Data(contentsOf: root.appending(path: "tile/0/\(name)")))
            #expect(tile == leaves.suffix(width).flatMap(\.bytes))
        }
        if size >= 256 {
            let width = size / 256
            let tile = [UInt8](try Data(contentsOf: root.appending(path: "tile/1/000.p/\(width)")))
            let expected = (0..<width).flatMap { naiveRoot(Array(leaves[$0 * 256..<($0 + 1) * 256])).bytes }
            #expect(tile == expected)
        }
        let computed = naiveRoot(leaves)
        #expect(Base64.encode(computed.bytes) == lines[2])
        return (size, computed.hex)
    }

    private func naiveRoot(_ leaves: [Digest]) -> Digest {
        if leaves.count < 2 { return leaves.first ?? Digest(sha256: []) }
        var half = 1
        while half * 2 < leaves.count { half *= 2 }
        return Digest(sha256: [1] + naiveRoot(Array(leaves[..<half])).bytes + naiveRoot(Array(leaves[half...])).bytes)
    }

    private func snapshot() throws -> [String: Data] {
        var files: [String: Data] = [:]
        let root = folder.path("log")
        for name in try FileManager.default.subpathsOfDirectory(atPath: root)
        where Files.kind(root + "/" + name) == .file {
            files[name] = try Data(contentsOf: URL(filePath: root + "/" + name))
        }
        return files
    }

    @Test func anIndependentReaderFindsTheSameRootAtEverySize() throws {
        for size in [1, 2, 7, 255, 256, 257, 512, 600] {
            try grow(to: size)
            let before = (try? snapshot()) ?? [:]
            let added = try export()
            let after = try snapshot()
            let read = try independentlyReadRoot()
            let root = try store.rootHash(size: UInt64(size)).hex
            #expect(read.size == size && read.root == root)
            #expect(after.count == before.count + added + (before.isEmpty ? 1 : 0))
            for (name, bytes) in before where name != "checkpoint" { #expect(after[name] == bytes, "\(name)") }
            #expect(try export() == 0)
            #expect(try snapshot() == after)
        }
    }

    @Test func whatBrokeOffBeforeItsCheckpointIsWrittenAgain() throws {
        try grow(to: 300)
        try export()
        let whole = try snapshot()
        try Files.remove(folder.path("log/checkpoint"))
        try Files.write([1, 2, 3], to: folder.path("log/tile/0/000"))
        try export()
        #expect(try snapshot() == whole)
        // And after it: tiles beyond the checkpoint that stands there.
        try grow(to: 700)
        try Files.createFolders(folder.path("log/tile/0/001.p"))
        try Files.write([], to: folder.path("log/tile/0/001"))
        try export()
        #expect(try independentlyReadRoot().size == 700)
    }

    @Test func foldersThatAreNotAPrefixOfThisLogAreRefusedAndLeftAlone() throws {
        try grow(to: 300)
        try export()
        let log = folder.path("log")
        let good = try snapshot()
        let other = try NoteSigner(name: "other.example/log", key: SigningKey(seed: Array(repeating: 9, count: 32)))
        let sameName = try NoteSigner(name: Self.origin, key: SigningKey(seed: Array(repeating: 9, count: 32)))
        func note(_ signer: NoteSigner, _ size: UInt64, _ root: Digest) throws -> [UInt8] {
            let text = try Checkpoint(origin: signer.verifier.name, size: size, rootHash: root).text
            return try SignedNote(text: text, signers: [signer]).bytes
        }
        let root = try store.rootHash(size: 300)
        let damages: [(name: String, bytes: [UInt8]?, says: String)] = [
            ("checkpoint", try note(other, 300, root), "is the log"),
            ("checkpoint", try note(sameName, 300, root), "signature"),
            ("checkpoint", try note(signer, 311, root), "ahead"),
            ("checkpoint", try note(signer, 300, Digest(sha256: [1])), "another history"),
            ("checkpoint", Array("x".utf8), "checkpoint"), ("checkpoint", nil, "other files"),
            ("tile/0/001.p/44", nil, "missing"),
            ("tile/0/001.p/44", [UInt8](repeating: 0, count: 44 * 32), "its tiles give"),
            ("tile/0/001.p/44", [1], "expected 1408 bytes"), ("tile/1/000.p/1", nil, "missing"),
            ("tile/1/000.p/1", [UInt8](repeating: 7, count: 32), "its tiles give"),
        ]
        try grow(to: 310)
        for (name, bytes, says) in damages {
            let path = log + "/" + name
            if name == "checkpoint", bytes == nil { try Files.write([], to: log + "/index.html") }
            if let bytes { try Files.write(bytes, to: path) } else { try Files.remove(path) }
            let damaged = try snapshot()
            let error = #expect(throws: ServiceError.self, "\(name) \(says)") { try export() }
            #expect(error.map { "\($0)".contains(says) } == true, "\(says): \(String(describing: error))")
            #expect(try snapshot() == damaged, "nothing was written")
            try Files.remove(log + "/index.html")
            for (name, bytes) in good { try Files.write([UInt8](bytes), to: log + "/" + name) }
        }
        try export()
        #expect(try independentlyReadRoot().size == 310)
    }

    @Test func anOldBackupDoesNotOverwriteWhatWasPublished() throws {
        try grow(to: 20)
        let older = try store.checkpoint(signer: signer)
        try grow(to: 30)
        try export()
        #expect(throws: ServiceError.self) { try target.update(to: older, of: store, logs: [signer.verifier]) }
    }
}
