import Foundation
import LetheBytes
import LetheCrypto
import LetheListener
import LetheLog
import Synchronization
import Testing

@Suite(.serialized, .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl")))
struct TimestampTests {
    private let desk: YoungDesk
    private let authority: String
    static let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Support/throwaway-tsa")

    init() throws {
        desk = try YoungDesk()
        authority = desk.folder.path("tsa")
        try #require(Self.call(Self.script.path, "create", authority) == 0)
    }

    @discardableResult
    static func call(_ program: String, _ arguments: String...) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// The authority behind a web server of this process.
    private func server() throws -> PlayedServer {
        let (authority, folder) = (authority, desk.folder)
        return try PlayedServer { request in
            let query = folder.path("asked.tsq")
            guard (try? folder.write(request.body, to: "asked.tsq")) != nil,
                (try? Self.call(Self.script.path, "reply", authority, query, folder.path("answer.tsr"))) == 0,
                let answer = try? folder.bytes("answer.tsr")
            else { return HTTPResponse(500, "no") }
            return HTTPResponse(200, contentType: "application/timestamp-reply", body: answer)
        }
    }

    @Test func anAuthorityIsAskedAndOpensslVerifiesWhatIsStored() throws {
        let server = try server()
        let result = try desk.run(
            "log", "checkpoint", "--timestamp", server.url, "--timestamp-ca", "tsa/ca.pem", "--json")
        #expect(result.status == 0, "\(result.errors)")
        #expect(try result.json()["timestamps"]?.arrayValue?.count == 1)
        #expect(try desk.run("log", "audit").status == 0)

        // What `openssl` needs: the response as stored, and the text that it stamps.
        let export = try desk.run("log", "export", "--output", "public")
        #expect(export.status == 0, "\(export.errors)")
        let note = try SignedNote(parsing: desk.folder.bytes("public/checkpoint"))
        try desk.folder.write(Array(note.text.utf8), to: "text")
        let stamps = try Files.names(in: desk.folder.path("public/timestamp/6"))
        #expect(stamps.count == 1)
        let stamp = desk.folder.path("public/timestamp/6/\(stamps[0])")
        func verify(_ ca: String) throws -> Int32 {
            try Self.call(
                "/usr/bin/openssl", "ts", "-verify", "-data", desk.folder.path("text"), "-in", stamp, "-CAfile",
                desk.folder.path(ca))
        }
        #expect(try verify("tsa/ca.pem") == 0)
        try Self.call(Self.script.path, "create", desk.folder.path("other"))
        #expect(try verify("other/ca.pem") != 0)
    }

    @Test func aQueryGoesOutAndItsAnswerComesInByFile() throws {
        let query = try desk.run("log", "checkpoint", "--timestamp-query", "q.tsq")
        #expect(query.status == 0, "\(query.errors)")
        try Self.call(Self.script.path, "reply", authority, desk.folder.path("q.tsq"), desk.folder.path("a.tsr"))
        let back = [
            "log", "checkpoint", "--timestamp-query", "q.tsq", "--timestamp-response", "a.tsr", "--timestamp-ca",
            "tsa/ca.pem", "--json", "--workspace", "desk",
        ]
        #expect(try LetheCommand.run(back, in: desk.folder).status == 0)
        #expect(try desk.run("log", "audit").status == 0)
        // The query is not overwritten, another answer is not taken for this one's, and strangers are not believed.
        try expectRefusal(
            ["log", "checkpoint", "--timestamp-query", "q.tsq", "--workspace", "desk"], in: desk.folder,
            naming: "q.tsq", "exists already")
        _ = try desk.run("log", "checkpoint", "--timestamp-query", "q2.tsq")
        for (changed, value, says) in [
            ("q.tsq", "q2.tsq", "nonce"), ("a.tsr", "q.tsq", "timestamp response"),
            ("tsa/ca.pem", "tsa/tsa.cnf", "tsa.cnf"),
            ("a.tsr", "none.tsr", "none.tsr"),
        ] {
            try expectRefusal(back.map { $0 == changed ? value : $0 }, in: desk.folder, naming: says)
        }
        try Self.call(Self.script.path, "create", desk.folder.path("other"))
        try expectRefusal(back.map { $0 == "tsa/ca.pem" ? "other/ca.pem" : $0 }, in: desk.folder, naming: "refused")
    }

    @Test func aPolicysAuthoritiesMustStamp() throws {
        let folder = desk.folder
        let server = try server()
        try Files.remove(folder.path("desk"))
        let certificate = try folder.bytes("tsa/ca.pem")
        try folder.write(certificate, to: "first.pem")
        let section = """
            timestamping:
              minimum: 1
              authorities:
                - {name: first, url: "\(server.url)", certificate: \(Digest(sha256: certificate).hex)}
                - {name: second, url: "http://127.0.0.1:9/", certificate: \(Digest(sha256: certificate).hex)}

            """
        try folder.write(Array((Tour.policy + section).utf8), to: "policy.yaml")
        let made = try LetheCommand.run(
            "init", "--workspace", "desk", "--policy", "policy.yaml", "--data", "data", "--origin", Tour.origin,
            in: folder)
        #expect(made.status == 0, "\(made.errors)")
        try expectRefusal(["log", "checkpoint", "--workspace", "desk"], in: folder, naming: "first.pem")
        try Files.createFolder(folder.path("desk/timestamping"))
        for name in ["first", "second"] { try folder.write(certificate, to: "desk/timestamping/\(name).pem") }
        let result = try desk.run("log", "checkpoint")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.contains("second: http://127.0.0.1:9/"))
        try folder.write(folder.bytes("tsa/tsa.pem"), to: "desk/timestamping/first.pem")
        try expectRefusal(
            ["log", "checkpoint", "--workspace", "desk"], in: folder, naming: "first.pem", "as in the policy")
    }

    /// A policy's minimum of timestamps holds for certificates, exports and checkpoints alike.
    @Test func noCertificateIsHandedOutWithoutTheTimestampsOfThePolicy() throws {
        let folder = desk.folder
        let isUp = Mutex(false)
        let server = try PlayedServer { [script = Self.script.path, authority] request in
            let query = folder.path("asked.tsq")
            guard isUp.withLock({ $0 }), (try? folder.write(request.body, to: "asked.tsq")) != nil,
                (try? Self.call(script, "reply", authority, query, folder.path("answer.tsr"))) == 0,
                let answer = try? folder.bytes("answer.tsr")
            else { return HTTPResponse(500, "down") }
            return HTTPResponse(200, contentType: "application/timestamp-reply", body: answer)
        }
        try Files.remove(folder.path("desk"))
        let certificate = try folder.bytes("tsa/ca.pem")
        let section = """
            timestamping:
              minimum: 1
              authorities:
                - {name: first, url: "\(server.url)", certificate: \(Digest(sha256: certificate).hex)}

            """
        try folder.write(Array((Tour.policy + section).utf8), to: "policy.yaml")
        let user = try #require(try Tour.trainingUsers(in: folder.path("data")).first)
        func done(_ arguments: String...) throws -> LetheCommand.Result {
            let result = try LetheCommand.run(arguments, in: folder)
            try #require(result.status == 0, "\(arguments): \(result.errors)")
            return result
        }
        let at = ["--workspace", "desk"]
        _ = try done(
            "init", "--workspace", "desk", "--policy", "policy.yaml", "--data", "data", "--origin", Tour.origin)
        try Files.createFolder(folder.path("desk/timestamping"))
        try folder.write(certificate, to: "desk/timestamping/first.pem")
        _ = try done("model", "pretrain", "--workspace", "desk")
        _ = try done("model", "train", "--workspace", "desk")
        _ = try done(
            "request", "sign", "--workspace", "desk", "--subject", "\(user)", "--key", "desk/keys/portal.pem",
            "--output",
            "request.json")
        _ = try done("request", "submit", "request.json", "--workspace", "desk")
        let unlearned = try done("unlearn", "--workspace", "desk", "--json")
        let run = try #require(try unlearned.json()["run"]?.stringValue)
        _ = try LetheCommand.run(["verify", run] + at, in: folder)

        for command in [["certify", run], ["log", "export", "--output", "public"]] {
            let missed = try LetheCommand.run(command + at, in: folder)
            #expect(missed.status == 3 && missed.errors.contains("timestamps by 1 of first"), "\(missed.errors)")
        }
        #expect(try Files.names(in: folder.path("desk/certificates")) == [] && !folder.has("public"))
        isUp.withLock { $0 = true }
        _ = try done("certify", run, "--workspace", "desk")
        #expect(try Files.names(in: folder.path("desk/certificates")).count == 1)
        #expect(try LetheCommand.run(["log", "audit"] + at, in: folder).status == 0)
    }

    @Test func authoritiesThatFailAreTheMachinesFaultAndFalseOnesAreNot() throws {
        var server = try PlayedServer { _ in HTTPResponse(500, "down") }
        func ask() throws -> LetheCommand.Result {
            try desk.run("log", "checkpoint", "--timestamp", server.url, "--timestamp-ca", "tsa/ca.pem")
        }
        #expect(try ask().status == 3)
        server = try PlayedServer { _ in HTTPResponse(200, "not a timestamp") }
        #expect(try ask().status == 2)
        #expect(try desk.run("log", "audit").status == 0)
    }
}
