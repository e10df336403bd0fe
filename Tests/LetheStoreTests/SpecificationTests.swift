import Foundation
import LetheBytes
import LetheCrypto
import LetheLog
import LetheRequests
import LetheStatements
import Testing

@testable import LetheStore

/// The examples of `Documentation/spec` are real, and stay so.
struct SpecificationTests {
    /// One page with its examples and its shell recipes.
    private struct Page {
        let text: String

        init(_ name: String) throws {
            let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent()
            text = try String(contentsOf: root.appending(path: "Documentation/spec/\(name)"), encoding: .utf8)
        }

        /// What stands in the block after `<!-- example: name -->`.
        func example(_ name: String) throws -> String {
            let parts = text.components(separatedBy: "<!-- example: \(name) -->\n```")
            try #require(parts.count == 2, "\(name)")
            let body = parts[1].drop { $0 != "\n" }.dropFirst()
            let end = try #require(body.range(of: "```"))
            return String(body[..<end.lowerBound])
        }

        /// The first shell recipe.
        func recipe() throws -> String {
            let part = try #require(text.components(separatedBy: "```sh\n").dropFirst().first)
            return String(part[..<(try #require(part.range(of: "```")).lowerBound)])
        }
    }

    /// Runs a recipe in a folder with these files; its standard output, or nil where it fails.
    private func run(_ recipe: String, setting: String = "", files: [String: String]) throws -> String? {
        let folder = try TemporaryFolder()
        for (name, content) in files { try Files.write(Array(content.utf8), to: folder.path + "/" + name) }
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-euc", setting + "\n" + recipe]
        process.currentDirectoryURL = URL(filePath: folder.path)
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return process.terminationStatus == 0 ? String(decoding: bytes, as: UTF8.self) : nil
    }

    private static let hasOpenSSL = FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl")

    @Test func theEntryVerifies() throws {
        let page = try Page("log-entry.md")
        let bytes = Array(try page.example("entry").utf8.dropLast())
        let leafHash = try page.example("leaf-hash")
        #expect(MerkleTree.leafHash(bytes).hex + "\n" == leafHash)
        let envelope = try DSSEEnvelope(parsing: bytes)
        #expect(envelope.canonicalBytes == bytes)
        let payload = try page.example("payload")
        #expect(String(decoding: envelope.payload, as: UTF8.self) + "\n" == payload)
        let key = try VerifyingKey(pem: page.example("controller"))
        #expect(try envelope.verify(trusting: [key]).signers == [key])
        #expect(try EntryContent(bytes).event?.predicateType == PredicateType.policyEvent)
        let types = PredicateType.all.compactMap { $0.split(separator: ":").dropFirst(2).first }
        #expect(types.allSatisfy { page.text.contains($0) })
    }

    @Test(.enabled(if: hasOpenSSL)) func theRecipeForAnEntryWorks() throws {
        let page = try Page("log-entry.md")
        let entry = String(try page.example("entry").dropLast())
        let files = ["controller.pem": try page.example("controller")]
        let leafHash = try page.example("leaf-hash").dropLast()
        let output = try run(page.recipe(), setting: "entry='\(entry)'", files: files)
        #expect(output?.contains(leafHash) == true && output?.contains("Verified Successfully") == true)
        let forged = entry.replacing("\"payload\":\"eyJ", with: "\"payload\":\"eyK")
        #expect(forged != entry)
        #expect(try run(page.recipe(), setting: "entry='\(forged)'", files: files) == nil)
    }

    @Test func theCheckpointVerifies() throws {
        let page = try Page("checkpoint.md")
        let note = try SignedNote(parsing: Array(page.example("checkpoint").utf8))
        let log = try NoteVerifier(vkey: String(page.example("log-vkey").dropLast()))
        #expect(try note.verify(with: [log]).count == 1)
        let checkpoint = try Checkpoint(parsing: note.text)
        #expect(checkpoint.origin == log.name && checkpoint.size == 7)
    }

    @Test(.enabled(if: hasOpenSSL)) func theRecipeForACheckpointWorks() throws {
        let page = try Page("checkpoint.md")
        let note = try page.example("checkpoint")
        let vkey = "vkey='\(try page.example("log-vkey").dropLast())'"
        #expect(try run(page.recipe(), setting: vkey, files: ["checkpoint": note]) != nil)
        let forged = note.replacing("\n7\n", with: "\n8\n")
        #expect(try run(page.recipe(), setting: vkey, files: ["checkpoint": forged]) == nil)
    }

    @Test func theCosignatureMeetsThePolicy() throws {
        let page = try Page("cosignature.md")
        let policy = try WitnessPolicy(parsing: Array(page.example("policy").utf8))
        let note = try SignedNote(parsing: Array(page.example("cosigned").utf8))
        let log = try #require(policy.logs.first?.verifier)
        let verified = try note.verify(with: [log] + policy.witnessKeys)
        #expect(policy.isMet(by: verified.map(\.verifier)))
        let cosigned = try #require(verified.last)
        #expect(cosigned.cosignedAt == 1_767_225_600)
        // The message as the page spells it, under the witness' key.
        let message = try page.example("cosigned-message")
        let signature = try #require(note.signatures.last?.bytes.suffix(64))
        #expect(cosigned.verifier.key.isValid(signature: Array(signature), for: Array(message.utf8)))
    }

    @Test func theProofVerifies() throws {
        let page = try Page("tlog-proof.md")
        let keys = try page.example("proof-keys").split(separator: "\n").map { try NoteVerifier(vkey: String($0)) }
        let inclusion = try TransparencyProof(parsing: page.example("proof")).verify(
            leafHash: MerkleTree.leafHash(Array("entry 6".utf8)), log: keys[0], witnesses: [keys[1]], quorum: 1)
        #expect(inclusion.index == 6 && inclusion.checkpoint.size == 8)
    }

    @Test func theTilesAreThose() throws {
        let entries = (0..<300).map { Array("entry \($0)".utf8) }
        let hashes = entries.map(MerkleTree.leafHash)
        var lines: Set<Substring> = []
        try LogTile.forEach(to: 300) { tile in
            let bytes =
                tile.content == .entries
                ? try EntryBundle.encode(tile.entryIndexes.map { entries[Int($0)] })
                : tile.nodes.flatMap { node in
                    let start = Int(node.position) << node.level
                    return MerkleTree.rootHash(of: hashes[start..<(start + 1 << node.level)]).bytes
                }
            lines.insert("\(Digest(sha256: bytes))  \(tile.path)"[...])
        }
        let page = try Page("tiles.md")
        let stated = try page.example("tiles").split(separator: "\n")
        #expect(Set(stated) == lines && stated.count == lines.count)
    }

    @Test func theTimestampVerifies() throws {
        let page = try Page("timestamp.md")
        let response = try Base64.decode(page.example("response").filter { $0 != "\n" })
        let pem = Array(try page.example("authority").utf8)
        let authority = try TimestampAuthority(pem: pem)
        let stamp = try authority.verify(response, imprint: Digest(sha256: Array("stamped\n".utf8)))
        #expect(stamp.seconds > 1_700_000_000)
        // The policy's section is one that the reader takes, with the digest of this very certificate.
        let yaml = try #require(page.text.components(separatedBy: "```yaml\n").dropFirst().first)
        let section = yaml[..<(try #require(yaml.range(of: "```")).lowerBound)]
        let policy = try Policy(yaml: TestLedger.policyText + "\n" + section)
        #expect(policy.timestamping?.authorities.map(\.certificate) == [Digest(sha256: pem)])
    }

    @Test(.enabled(if: hasOpenSSL)) func theRecipeForATimestampWorks() throws {
        let page = try Page("timestamp.md")
        let response = try page.example("response")
        func verify(_ text: String) throws -> String? {
            try run(
                page.recipe(), setting: "base64 -d < response.b64 > response.tsr",
                files: [
                    "response.b64": response, "ca.pem": page.example("authority"),
                    "checkpoint": text + "\n\u{2014} log AAAA\n",
                ])
        }
        #expect(try verify("stamped\n") != nil)
        #expect(try verify("stamped later\n") == nil)
    }

    @Test func theWitnessAnswersAsThePageSays() throws {
        let page = try Page("witness.md")
        let keys = try page.example("witness-keys").split(separator: "\n").map { try NoteVerifier(vkey: String($0)) }
        let seed = Digest(sha256: Array("LETHE-VECTOR witness 1".utf8)).bytes
        let signer = try NoteSigner(name: keys[0].name, key: SigningKey(seed: seed), kind: .cosignatureV1)
        #expect(signer.verifier == keys[0])
        let witness = try Witness(signer: signer, logs: [keys[1]])
        var head = WitnessedHead.none
        func ask(_ text: String) throws -> String {
            do throws(WitnessRefusal) {
                let wanted = try witness.authenticate(Array(text.utf8))
                head = try witness.advance(head, to: wanted, now: 1_767_225_600)
                return witness.cosign(wanted, head: head).line
            } catch { return error.body }
        }
        let (first, grown) = (try page.example("first-request"), try page.example("grown-request"))
        #expect(try ask(first).hasPrefix("\u{2014} w1.example/witness "))
        #expect(try ask(first) == page.example("conflict"))
        let answer = try ask(grown)
        let stated = try page.example("answer")
        #expect(answer == stated)
    }
}
