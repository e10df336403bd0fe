import LetheBytes
import LetheCrypto
import Testing

@testable import LetheLog

struct WitnessTests {
    /// A witness with its memory, as a server would keep it.
    private struct Server {
        let witness: Witness
        var heads: [String: WitnessedHead] = [:]
        var clock: UInt64 = 1_767_225_600

        mutating func answer(_ bytes: [UInt8]) -> (status: Int, body: String, contentType: String) {
            do throws(WitnessRefusal) {
                let wanted = try witness.authenticate(bytes)
                let head = try witness.advance(
                    heads[wanted.checkpoint.origin] ?? .none, to: wanted, now: clock)
                heads[wanted.checkpoint.origin] = head
                return (200, witness.cosign(wanted, head: head).line, "text/plain")
            } catch {
                return (error.status, error.body, error.contentType)
            }
        }
    }

    private static func server(log: String, name: String, seed: [UInt8]) throws -> Server {
        let signer = try NoteSigner(name: name, key: SigningKey(seed: seed), kind: .cosignatureV1)
        return Server(witness: try Witness(signer: signer, logs: [NoteVerifier(vkey: log)]))
    }

    private static let seed = Digest(sha256: Array("LETHE-VECTOR witness 1".utf8)).bytes

    private func ownServer() throws -> (Server, [JSONValue]) {
        let vectors = try OwnVectors.json("witness.json")
        let server = try Self.server(log: vectors.string("log"), name: "w1.example/witness", seed: Self.seed)
        let vkey = try vectors.string("witness")
        #expect(server.witness.signer.verifier.vkey == vkey)
        return (server, try #require(vectors["steps"]?.arrayValue))
    }

    @Test func theConversationOfAnotherImplementationIsAnsweredAsStated() throws {
        var (server, steps) = try ownServer()
        for step in steps {
            let request = Array(try step.string("request").utf8)
            let answer = server.answer(request)
            let (name, status) = (try step.string("name"), try step.number("status"))
            #expect(answer.status == Int(status), "\(name): \(answer)")
            if let body = step["body"]?.stringValue { #expect(answer.body == body) }
            #expect((answer.contentType == "text/x.tlog.size") == (answer.status == 409))
            if answer.status == 200 { try requireCosigned(request, answer.body, server.witness) }
        }
        #expect(steps.count == 23)
    }

    private func requireCosigned(_ request: [UInt8], _ body: String, _ witness: Witness) throws {
        let note = try WitnessRequest(parsing: request).note
        let line = try #require(NoteSignature(line: Array(body.utf8.dropLast())))
        let verified = try note.adding([line]).verify(with: [witness.signer.verifier])
        #expect(verified.map(\.cosignedAt) == [1_767_225_600])
    }

    @Test(.enabled(if: SharedVectors.exist))
    func theSharedConversationIsAnsweredAsStated() throws {
        let vectors = try SharedVectors.json("tlog/witness-add-checkpoint-sequence.json")
        var server = try Self.server(log: vectors.string("log_vkey"), name: "example.com/witness", seed: Self.seed)
        let steps = try #require(vectors["steps"]?.arrayValue)
        for step in steps {
            let answer = server.answer(Array(try step.string("request_body").utf8))
            let (name, status) = (try step.string("name"), try step.number("status"))
            let content = try step.string("body_contains")
            #expect(answer.status == Int(status), "\(name): \(answer)")
            #expect(answer.body.contains(content), "\(name): \(answer)")
        }
        #expect(steps.count == 11)
    }

    @Test func everyBitOfARequestMatters() throws {
        var (server, steps) = try ownServer()
        for step in steps.prefix(9) { _ = server.answer(Array(try step.string("request").utf8)) }
        let request = Array(try steps[9].string("request").utf8)
        for offset in request.indices {
            for bit in 0..<8 as Range<UInt8> {
                var changed = request
                changed[offset] ^= 1 << bit
                var copy = server
                let answer = copy.answer(changed)
                #expect(answer.status >= 400, "byte \(offset), bit \(bit)")
                #expect(copy.heads == server.heads)
            }
        }
        #expect(server.answer(request).status == 200)
    }

    @Test func aRequestSurvivesARoundTrip() throws {
        for step in try ownServer().1 {
            let bytes = Array(try step.string("request").utf8)
            guard let request = try? WitnessRequest(parsing: bytes) else { continue }
            #expect(request.bytes == bytes)
        }
    }

    @Test func noCosignatureStatesAnEarlierTimeThanOneBefore() throws {
        var (server, steps) = try ownServer()
        for step in steps.prefix(5) { _ = server.answer(Array(try step.string("request").utf8)) }
        server.clock -= 5000
        for step in [steps[6], steps[9]] {
            let request = Array(try step.string("request").utf8)
            try requireCosigned(request, server.answer(request).body, server.witness)
        }
    }

    @Test func theEmptyTreeHasOneRoot() throws {
        let log = try NoteSigner(name: "log.example/a", key: SigningKey(seed: Self.seed))
        var server = try Self.server(log: log.verifier.vkey, name: "w.example/w", seed: Array(repeating: 9, count: 32))
        func request(_ root: Digest, _ proof: [Digest] = []) throws -> [UInt8] {
            let text = try Checkpoint(origin: "log.example/a", size: 0, rootHash: root).text
            return try WitnessRequest(oldSize: 0, proof: proof, note: SignedNote(text: text, signers: [log])).bytes
        }
        func expect(_ status: Int, _ request: [UInt8]) { #expect(server.answer(request).status == status) }
        try expect(422, request(Digest(sha256: [1])))
        try expect(422, request(MerkleTree.emptyRoot, [MerkleTree.emptyRoot]))
        try expect(200, request(MerkleTree.emptyRoot))
    }

    @Test func aLogKeyCosignsNothingAndAWitnessKeyIsNoLog() throws {
        let key = try SigningKey(seed: Self.seed)
        let log = try NoteSigner(name: "a.example/b", key: key)
        let witness = try NoteSigner(name: "a.example/b", key: key, kind: .cosignatureV1)
        #expect(throws: NoteKeyError.unknownKind(found: 1)) { try Witness(signer: log, logs: []) }
        #expect(throws: NoteKeyError.unknownKind(found: 4)) { try Witness(signer: witness, logs: [witness.verifier]) }
    }

    @Test(arguments: [
        "", "\n", "\n\n", "old 0\n\n", "old 0", "old\n\nx\n", "old  0\n\nx\n", "new 0\n\nx\n", "old 0 \n\nx\n",
        "old 18446744073709551616\n\nx\n", "OLD 0\n\nx\n", "old 0\r\n\r\nx\n",
    ])
    func otherTextsAreMalformed(text: String) {
        let error = #expect(throws: WitnessRefusal.self) { try WitnessRequest(parsing: Array(text.utf8)) }
        #expect(error?.status == 400)
    }

    @Test func aHugeRequestIsRefusedUnread() {
        #expect(throws: WitnessRefusal.self) {
            try WitnessRequest(parsing: [UInt8](repeating: 10, count: 64 * 1024 + 1))
        }
    }
}
