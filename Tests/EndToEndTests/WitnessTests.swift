import Foundation
import FoundationNetworking
import LetheBytes
import LetheCrypto
import LetheListener
import LetheLog
import Synchronization
import Testing

/// A new workspace; its log has a few entries and nothing was trained.
struct YoungDesk {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try Tour.writeData(to: folder.path("data"))
        try folder.write(Array(Tour.policy.utf8), to: "policy.yaml")
        let result = try LetheCommand.run(
            "init", "--workspace", "desk", "--policy", "policy.yaml", "--data", "data", "--origin", Tour.origin,
            in: folder)
        try #require(result.status == 0, "\(result.errors)")
    }

    /// The log's verifier key, from the trust file.
    func logKey() throws -> String {
        let lines = String(decoding: try folder.bytes("desk/trust.txt"), as: UTF8.self).split(separator: "\n")
        return String(try #require(lines.first { $0.hasPrefix("log ") }).dropFirst(4))
    }

    func run(_ arguments: String...) throws -> LetheCommand.Result {
        try LetheCommand.run(arguments + ["--workspace", "desk"], in: folder)
    }

    /// A witness of this log, on a free port.
    func witness(_ name: String, port: Int = 0, log: String? = nil) throws -> (
        process: ServedProcess, url: String, vkey: String
    ) {
        if !folder.has("\(name).pem") {
            _ = try LetheCommand.run("key", "generate", "--output", "\(name).pem", in: folder)
        }
        let process = try ServedProcess(
            [
                "witness", "serve", "--key", "\(name).pem", "--name", "\(name).example/w", "--state", "\(name).state",
                "--listen", "127.0.0.1:\(port)", "--log", log ?? logKey(),
            ], in: folder, lines: 2)
        let words = try process.said().map { $0.split(separator: " ").map(String.init) }
        return (process, "http://" + words[0][1], words[1][1])
    }
}

@Suite(.serialized)
struct WitnessTests {
    @Test func aCheckpointIsCosignedStoredAndCarriedOn() throws {
        let desk = try YoungDesk()
        let witness = try desk.witness("w1")
        let result = try desk.run("log", "checkpoint", "--witness", witness.url, "--witness-key", witness.vkey)
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.contains("cosigned by w1.example/w"))
        let keys = [try NoteVerifier(vkey: desk.logKey()), try NoteVerifier(vkey: witness.vkey)]
        let note = try SignedNote(parsing: Array(result.output.utf8))
        #expect(try note.verify(with: keys).count == 2)
        #expect(try desk.run("log", "checkpoint").output == result.output)
        let proof = try desk.run("log", "prove", "2")
        #expect(try TransparencyProof(parsing: proof.output).checkpoint == note)
        #expect(try desk.run("log", "audit").status == 0)
        #expect(witness.process.end(SIGTERM) == 0)
    }

    @Test func whatAWitnessCosignedItRemembersAfterAKill() throws {
        let desk = try YoungDesk()
        var witness = try desk.witness("w1")
        #expect(
            try desk.run("log", "checkpoint", "--witness", witness.url, "--witness-key", witness.vkey).status == 0)
        #expect(witness.process.end(SIGKILL) == SIGKILL)
        witness = try desk.witness("w1")
        // The same log, but an older state of it: as a restored backup would show it.
        let log = try desk.logKey()
        let signer = try NoteSigner(
            name: Tour.origin,
            key: SigningKey(pem: String(decoding: desk.folder.bytes("desk/keys/log.pem"), as: UTF8.self)))
        #expect(signer.verifier.vkey == log)
        for (old, size, status) in [(0, 2, "409"), (6, 6, "409"), (7, 8, "409"), (6, 2, "400")]
            as [(UInt64, UInt64, String)]
        {
            let text = try Checkpoint(origin: Tour.origin, size: size, rootHash: Digest(sha256: [1])).text
            let request = WitnessRequest(oldSize: old, proof: [], note: try SignedNote(text: text, signers: [signer]))
            let answer = try post(witness.url + "/add-checkpoint", request.bytes)
            #expect(answer.hasSuffix(status), "\(old) \(size): \(answer)")
            if status == "409" { #expect(answer.hasPrefix("6\n")) }
        }
        #expect(witness.process.end(SIGINT) == 0)
    }

    /// Posts a body; the body of the answer with its status behind it.
    private func post(_ url: String, _ body: [UInt8]) throws -> String {
        var request = URLRequest(url: try #require(URL(string: url)))
        request.httpMethod = "POST"
        request.httpBody = Data(body)
        let answer = Mutex("")
        let done = DispatchSemaphore(value: 0)
        URLSession.shared.dataTask(with: request) { data, response, _ in
            let status = (response as? HTTPURLResponse)?.statusCode ?? 0
            answer.withLock { $0 = String(decoding: data ?? Data(), as: UTF8.self) + "\(status)" }
            done.signal()
        }.resume()
        done.wait()
        return answer.withLock { $0 }
    }

    @Test func unreachableAndRefusingWitnessesHaveTheirExitCodes() throws {
        let desk = try YoungDesk()
        let witness = try desk.witness("w1")
        // Status 404: it witnesses another log.
        let stranger = try desk.witness(
            "w2", log: NoteVerifier(name: "other.example/log", key: SigningKey.generate().publicKey).vkey)
        var result = try desk.run("log", "checkpoint", "--witness", stranger.url, "--witness-key", stranger.vkey)
        #expect(result.status == 1 && result.errors.contains("404"), "\(result.errors)")
        // It cosigns, but not with the key that is expected of it.
        result = try desk.run("log", "checkpoint", "--witness", witness.url, "--witness-key", stranger.vkey)
        #expect(result.status == 1 && result.errors.contains("no cosignature by a key"), "\(result.errors)")
        #expect(witness.process.end(SIGTERM) == 0)
        result = try desk.run("log", "checkpoint", "--witness", witness.url, "--witness-key", witness.vkey)
        #expect(result.status == 3, "\(result.errors)")
        // The checkpoint itself is printed all the same: it is signed and stored.
        #expect(result.output.hasPrefix(Tour.origin))

        let lines = "witness one \(witness.vkey) \(witness.url)\nwitness two \(stranger.vkey) \(stranger.url)\n"
        for (quorum, status) in [("one", 3), ("two", 1), ("none", 0)] as [(String, Int32)] {
            try desk.folder.write(Array((lines + "quorum \(quorum)\n").utf8), to: "policy.txt")
            let result = try desk.run("log", "checkpoint", "--policy", "policy.txt")
            #expect(result.status == status, "\(quorum): \(result.errors)")
        }
    }

    @Test func aServerThatIsNoWitnessIsARefusal() throws {
        let desk = try YoungDesk()
        _ = try LetheCommand.run("key", "generate", "--output", "w.pem", in: desk.folder)
        let key = try NoteVerifier(name: "w.example/w", key: SigningKey.generate().publicKey, kind: .cosignatureV1).vkey
        for (answer, status) in [
            (HTTPResponse(200, "hello"), 1), (HTTPResponse(500, "no"), 1), (HTTPResponse(404, "elsewhere"), 1),
            (HTTPResponse(200, body: [UInt8](repeating: 65, count: 100_000)), 3),
            (HTTPResponse(409, contentType: "text/x.tlog.size", body: Array("99\n".utf8)), 1),
            (HTTPResponse(409, contentType: "text/x.tlog.size", body: Array("1\n".utf8)), 1),
        ] as [(HTTPResponse, Int32)] {
            let server = try PlayedServer { _ in answer }
            let result = try desk.run("log", "checkpoint", "--witness", server.url, "--witness-key", key)
            #expect(result.status == status, "\(answer.status): \(result.errors)")
        }
    }

    @Test func aPolicyIsJudged() throws {
        let desk = try YoungDesk()
        let (one, two) = (try desk.witness("w1"), try desk.witness("w2"))
        func policy(_ quorum: String) throws {
            let lines = "witness one \(one.vkey) \(one.url)\nwitness two \(two.vkey) \(two.url)\n" + quorum
            try desk.folder.write(Array(lines.utf8), to: "policy.txt")
        }
        try policy("group both all one two\nquorum both\n")
        let met = try desk.run("log", "checkpoint", "--policy", "policy.txt", "--json")
        #expect(met.status == 0, "\(met.errors)")
        #expect(try met.json()["quorum"]?["met"]?.boolValue == true)
        #expect(two.process.end(SIGTERM) == 0)
        // What was cosigned stays cosigned.
        #expect(try desk.run("log", "checkpoint", "--policy", "policy.txt").status == 0)
    }

    @Test func badOptionsAreNamed() throws {
        let desk = try YoungDesk()
        let folder = desk.folder
        let key = try desk.logKey()
        _ = try LetheCommand.run("key", "generate", "--output", "w.pem", in: folder)
        let serve = ["witness", "serve", "--key", "w.pem", "--state", "state", "--listen", "127.0.0.1:0", "--log"]
        try expectRefusal(serve + ["nonsense"], in: folder, naming: "nonsense")
        func with(_ option: String, _ value: String) -> [String] {
            var arguments = serve + [key]
            if let index = arguments.firstIndex(of: option) { arguments[index + 1] = value }
            return arguments
        }
        try expectRefusal(with("--listen", "localhost"), in: folder, naming: "--listen")
        try expectRefusal(with("--key", "none.pem"), in: folder, naming: "none.pem")
        try expectRefusal(with("--key", "w.pem.pub"), in: folder, naming: "w.pem.pub")
        try expectRefusal(with("--state", "no/such/state"), in: folder, naming: "no/such")
        try expectRefusal(serve + [key, "--name", "two words"], in: folder, naming: "two words")
        let checkpoint = ["log", "checkpoint", "--workspace", "desk"]
        try expectRefusal(checkpoint + ["--witness", "http://127.0.0.1:9"], in: folder, naming: "--witness-key")
        try expectRefusal(checkpoint + ["--policy", "none.txt"], in: folder, naming: "none.txt")
        try expectRefusal(checkpoint + ["--policy", "policy.yaml"], in: folder, naming: "policy.yaml", "line 1")
    }

    @Test func aStateOfAnotherKeyIsRefused() throws {
        let desk = try YoungDesk()
        _ = try desk.witness("w1").process.end(SIGTERM)
        _ = try LetheCommand.run("key", "generate", "--output", "w9.pem", in: desk.folder)
        try expectRefusal(
            [
                "witness", "serve", "--key", "w9.pem", "--name", "w1.example/w", "--state", "w1.state", "--listen",
                "127.0.0.1:0", "--log", desk.logKey(),
            ], in: desk.folder, naming: "w1.example/w")
    }

    @Test func anExportIsServedAsItIs() throws {
        let desk = try YoungDesk()
        let first = try desk.run("log", "export", "--output", "public", "--json")
        #expect(first.status == 0, "\(first.errors)")
        #expect(try first.json()["entries"]?.stringValue == "6")
        let files = try desk.folder.names().filter { $0.hasPrefix("public/") && $0.hasSuffix("/6") }
        #expect(files == ["public/tile/0/000.p/6", "public/tile/entries/000.p/6"])
        #expect(try desk.run("log", "export", "--output", "public", "--json").json()["filesAdded"]?.stringValue == "0")
        #expect(try desk.folder.bytes("public/checkpoint") == Array(desk.run("log", "checkpoint").output.utf8))
        try expectRefusal(
            ["log", "export", "--output", "data", "--workspace", "desk"], in: desk.folder, naming: "data")
    }
}
