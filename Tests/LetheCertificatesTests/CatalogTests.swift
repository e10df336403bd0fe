import Foundation
import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheLog
import LetheStatements
import Testing

/// The landing pages of the library's rooms (`Sources/ROOM/ROOM.docc`): each example is compiled and run here, word for word, and each
/// public type has a place on its page.
struct CatalogTests {
    static let rooms = ["LetheBytes", "LetheCrypto", "LetheStatements", "LetheLog", "LetheCertificates"]

    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func page(of room: String) throws -> [Substring] {
        let file = root.appending(path: "Sources/\(room)/\(room).docc/\(room).md")
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)
    }

    /// The lines after `first`, up to `last`.
    private static func lines(of text: [Substring], after first: String, upTo last: String) throws -> [Substring] {
        let start = try #require(text.firstIndex(of: first[...]))
        return Array(text[(start + 1)...].prefix { $0 != last })
    }

    @Test(arguments: rooms)
    func theExampleIsTheOneThatIsRunHere(room: String) throws {
        let shown = try Self.lines(of: Self.page(of: room), after: "```swift", upTo: "```")
        let source = try String(contentsOf: URL(filePath: #filePath), encoding: .utf8)
            .split(separator: "\n", omittingEmptySubsequences: false)
        let margin = "        "
        let run = try Self.lines(
            of: source, after: "\(margin)// \(room):", upTo: "\(margin)// end")
        #expect(!shown.isEmpty && shown == run.map { $0.hasPrefix(margin) ? $0.dropFirst(margin.count) : $0 })
    }

    @Test(arguments: rooms)
    func everyPublicTypeHasAPlaceOnThePage(room: String) throws {
        let page = try Self.page(of: room)
        let folder = Self.root.appending(path: "Sources/\(room)")
        let walker = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
        var types: Set<String> = []
        for case let file as URL in walker where file.pathExtension == "swift" {
            for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
                guard line.hasPrefix("public ") else { continue }
                var words = line.split(separator: " ").dropFirst()
                if ["final", "indirect"].contains(words.first) { words.removeFirst() }
                guard let kind = words.popFirst(), ["struct", "class", "enum", "protocol"].contains(kind),
                    let name = words.first
                else { continue }
                types.insert(String(name.prefix { $0.isLetter || $0.isNumber }))
            }
        }
        #expect(types.count > 5)
        for type in types.sorted() { #expect(page.contains("- ``\(type)``"), "\(type)") }
    }

    @Test func jsonIsReadStrictlyAndWrittenInOneForm() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "lethe-catalog-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "value.json").path
        // LetheBytes:
        let value = try StrictJSON.parse(Array(#"{"name": "gdpr", "days": [30, 60]}"#.utf8))
        let canonical = try value.canonicalBytes()  // {"days":[30,60],"name":"gdpr"}
        try Files.write(canonical, to: path)
        // end
        #expect(try Files.read(path, limit: 100) == Array(#"{"days":[30,60],"name":"gdpr"}"#.utf8))
    }

    @Test func aSignatureHoldsForItsMessage() {
        // LetheCrypto:
        let key = SigningKey.generate()
        let message = Array("a checkpoint".utf8)
        let signature = key.sign(message)
        let holds = key.publicKey.isValid(signature: signature, for: message)
        // end
        #expect(holds && !key.publicKey.isValid(signature: signature, for: message + [0]))
    }

    @Test func aStatementIsWhatItsSignerSigned() throws {
        let (weights, key) = (Array("weights".utf8), Fixture.controller)
        // LetheStatements:
        let statement = try Statement(
            subjects: [.init(name: "model", sha256: Digest(sha256: weights))],
            predicateType: "https://example.com/audited/v1", predicate: ["auditor": "Example & Sons"])
        let envelope = try DSSEEnvelope(signing: statement.canonicalBytes(), with: [key])

        let payload = try envelope.verify(trusting: [key.publicKey])
        let read = try Statement(verified: payload)
        // end
        #expect(read == statement && payload.signers == [key.publicKey])
    }

    @Test func anEntryIsProvedToBeInTheTree() throws {
        let entries = (0..<5).map { Array("entry \($0)".utf8) }
        // LetheLog:
        let leaves = entries.map { MerkleTree.leafHash($0) }
        let root = MerkleTree.rootHash(of: leaves)
        let proof = try MerkleTree.inclusionProof(of: 2, in: leaves)
        try MerkleTree.verifyInclusion(of: leaves[2], at: 2, size: UInt64(leaves.count), proof: proof, root: root)
        // end
        #expect(proof.count == 3)
    }

    @Test func aCertificateSaysWhatWasAndWasNotChecked() throws {
        let (bytes, trustText) = (try Fixture.file().bytes(), try Fixture.trust().text)
        // LetheCertificates:
        let trust = try TrustFile(parsing: trustText)
        let verified = try CertificateVerifier.verify(bytes, trusting: trust)
        let verdict = verified.certificate.verification.verdict
        let report =
            ["verdict: \(verdict.rawValue)"] + verified.checked + verified.notChecked.map { "not checked: \($0)" }
        // end
        #expect(verdict == .passStatistical)
        #expect(report.count == 1 + verified.checked.count + verified.notChecked.count)
    }
}
