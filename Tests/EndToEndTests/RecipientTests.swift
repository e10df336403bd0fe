import Foundation
import LetheBytes
import LetheRecommendation
import Synchronization
import Testing

/// A recipient of the data, from the policy to the certificate, by the real command: hostile, dead, and at last told.
struct RecipientTests {
    private let folder: TemporaryFolder
    private let server: RawServer

    init() throws {
        folder = try TemporaryFolder()
        server = try RawServer()
        try DataSynthesizer(configuration: .small, seed: 3).write(to: folder.path("data"))
        try folder.write(Array(Self.policy(server.url).utf8), to: "policy.yaml")
    }

    /// Margins that retraining always meets, and enough epochs to remember: what is tried here is what follows a pass.
    private static func policy(_ url: String) -> String {
        var policy = Tour.policy
        for (old, new) in [
            ("rrmMargin: 0.20", "rrmMargin: 1"), ("jgMargin: 0.25", "jgMargin: 1"),
            ("aucMargin: 0.01", "aucMargin: 0.5"),
            ("logLossMargin: 0.01", "logLossMargin: 1"), ("references: 2", "references: 3"),
            ("shredAfterFulfilment: true", "shredAfterFulfilment: true\n  tombstoneDays: 30"),
        ] { policy = policy.replacing(old, with: new) }
        let hasty = "epochs: 1\n  batchSize: 32\n  learningRate: 0.0005"
        policy = policy.replacing(hasty, with: "epochs: 16\n  batchSize: 64\n  learningRate: 0.001")
        return policy + """
            recipients:
              attempts: 1
              backoffSeconds: 0
              list:
                - {name: crm, url: "\(url)"}
                - {name: press, outcome: disproportionate-effort, reason: "printed catalogues"}
            backups:
              - {system: nightly, purgeDays: 35}

            """
    }

    private func lethe(_ arguments: String...) throws -> LetheCommand.Result {
        try LetheCommand.run(arguments + ["--workspace", "desk"], in: folder)
    }

    /// A desk after a run that passed, with the recipient answering as it does; the run's result.
    private func passedRun() throws -> (id: String, result: LetheCommand.Result) {
        for _ in 0..<4 {
            if folder.has("desk") { try Files.remove(folder.path("desk")) }
            for arguments in [
                ["init", "--policy", "policy.yaml", "--data", "data", "--origin", Tour.origin], ["model", "pretrain"],
                ["model", "train"],
            ] {
                let result = try LetheCommand.run(arguments + ["--workspace", "desk"], in: folder)
                try #require(result.status == 0, "\(arguments): \(result.errors)")
            }
            for user in try Tour.trainingUsers(in: folder.path("data")).prefix(20) {
                let file = "request-\(UUID().uuidString).json"
                let signed = try lethe(
                    "request", "sign", "--subject", "\(user)", "--key", "desk/keys/portal.pem", "--output", file)
                try #require(signed.status == 0, "\(signed.errors)")
                let submitted = try lethe("request", "submit", file)
                try #require(submitted.status == 0, "\(submitted.errors)")
            }
            let result = try lethe("run", "--method", "retrain", "--json")
            if let json = try? result.json(), json["verdict"]?.stringValue?.hasPrefix("PASS") == true {
                return (try #require(json["run"]?.stringValue), result)
            }
        }
        throw CocoaError(.featureUnsupported)
    }

    private func state() throws -> Set<String> {
        let list = try lethe("request", "list", "--json").json().arrayValue ?? []
        #expect(list.count == 20)
        return Set(list.compactMap { $0["state"]?.stringValue })
    }

    private func expectPending(_ result: LetheCommand.Result, _ what: String) throws {
        #expect(result.status == 1, "\(what): \(result.errors)")
        #expect(result.complaint.contains("crm: not told yet"), "\(what): \(result.errors)")
        #expect(!(result.errors + result.output).contains("\u{1b}"), "\(what)")
        #expect(!(result.errors + result.output).contains("EVIL"), "\(what)")
        #expect(try state() == ["blocked_partial"], "\(what)")
        #expect(try Files.names(in: folder.path("desk/certificates")).isEmpty, "\(what)")
    }

    @Test func aHostileRecipientBlocksNothingButItsOwnPartAndIsToldInTheEnd() throws {
        let elsewhere = try RawServer()
        elsewhere.become(.http("200 OK"))
        server.become(.http("302 Found", "Location: \(elsewhere.url)\r\n", body: Array("EVIL\u{1b}[2J".utf8)))
        let (run, first) = try passedRun()
        try expectPending(first, "a redirection")
        #expect(elsewhere.requests.isEmpty, "no redirection is followed: personal data go where the policy says")
        let body = try #require(server.requests.last?.body)

        let shown = try lethe("request", "list")
        #expect(shown.output.contains("blocked_partial (1 not told)"))
        let id = try #require(
            try lethe("request", "list", "--json").json().arrayValue?.first?["requestId"]?.stringValue)
        #expect(try lethe("request", "show", id).output.contains("crm: not told yet after 1 attempt"))
        #expect(try lethe("request", "show", id, "--json").json()["recipientsNotTold"]?.arrayValue == ["crm"])

        for (behaviour, what) in [
            (RawServer.Behaviour.http("200 OK", body: [UInt8](repeating: 0x45, count: 1 << 20)), "a huge answer"),
            (.answer(Array("EVIL\u{1b}[2J\r\n\r\n".utf8)), "no HTTP"), (.close, "a closed connection"),
            (.http("500 EVIL\u{1b}[2J"), "a failure"), (.hang(17), "a silence"),
        ] {
            server.become(behaviour)
            try expectPending(try lethe("run", "notify"), what)
        }

        // Killed once the recipient has the notice, before the log has its outcome.
        let killed = Process()
        killed.executableURL = LetheCommand.executable
        killed.arguments = ["run", "notify", run, "--workspace", "desk"]
        killed.currentDirectoryURL = folder.url
        killed.standardOutput = FileHandle.nullDevice
        killed.standardError = FileHandle.nullDevice
        let pid = PidBox()
        server.become(
            .act({ kill(pid.wait(), SIGKILL) }, then: Array("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".utf8)))
        try killed.run()
        pid.set(killed.processIdentifier)
        killed.waitUntilExit()
        #expect(killed.terminationReason == .uncaughtSignal && killed.terminationStatus == SIGKILL)
        #expect(try state() == ["blocked_partial"])

        server.become(.http("200 OK"))
        let told = try lethe("run", "notify", "--json")
        #expect(told.status == 0, "\(told.errors)")
        #expect(
            try told.json().arrayValue?.first?["recipients"]?.arrayValue?.map { $0["outcome"] } == [
                "disproportionate-effort", "delivered",
            ])
        #expect(server.requests.allSatisfy { $0.body == body }, "every time the same notice, by whose id it is known")
        #expect(
            server.requests.allSatisfy {
                $0.head.lowercased().contains("content-type: application/vnd.dsse.envelope.v1+json")
            })
        #expect(try state() == ["fulfilled"])

        let certificate = try lethe("certificate", "show", "1", "--json")
        #expect(
            try certificate.json()["notifications"]?.arrayValue?.compactMap { $0["outcome"]?.stringValue } == [
                "disproportionate-effort", "sent",
            ])
        #expect(try certificate.json()["backups"]?.arrayValue?.count == 1)
        #expect(try lethe("log", "audit").status == 0)
        let idle = try lethe("run", "notify")
        #expect(idle.status == 0 && idle.output.contains("no run waits"))

        // What the data pipeline gets.
        let list = try lethe("data", "tombstones", run, "--output", "rows.jsonl")
        #expect(list.status == 0, "\(list.errors)")
        #expect(try Files.permissions(folder.path("rows.jsonl")) == 0o600)
        let gone = try Set(
            String(decoding: folder.bytes("rows.jsonl"), as: UTF8.self).split(separator: "\n").compactMap {
                let row = try StrictJSON.parse(Array($0.utf8))
                return row["kind"] == "person" ? row["user"]?.stringValue : nil
            })
        #expect(gone.count == 20)
        #expect(try lethe("data", "check", run, "--data", "data").status == 1)
        try FileManager.default.copyItem(atPath: folder.path("data"), toPath: folder.path("clean"))
        let lines = String(decoding: try folder.bytes("data/ratings.dat"), as: UTF8.self).split(separator: "\n")
            .filter { !gone.contains(String($0.prefix { $0 != ":" })) }
        try folder.write(Array((lines.joined(separator: "\n") + "\n").utf8), to: "clean/ratings.dat")
        let check = try lethe("data", "check", run, "--data", "clean", "--json")
        #expect(try check.status == 0 && check.json()["holds"]?.boolValue == true, "\(check.errors)")
        #expect(try lethe("data", "tombstones", run, "--destroy").status == 0)

        for (arguments, needle) in [
            (["data", "tombstones", run, "--output", "again.jsonl"], "no list of rows"),
            (["data", "tombstones", run], "expected --output"),
            (["data", "check", run, "--data", "nowhere"], "nowhere"),
            (["run", "notify", "nobody"], "nobody"),
        ] {
            let result = try LetheCommand.run(arguments + ["--workspace", "desk"], in: folder)
            #expect(result.status == 2 && result.errors.contains(needle), "\(arguments): \(result.errors)")
            #expect(!folder.has("again.jsonl"))
        }
    }
}

/// A process id that is known a moment after somebody needs it.
private final class PidBox: Sendable {
    private let pid = Mutex<Int32>(0)

    func set(_ pid: Int32) { self.pid.withLock { $0 = pid } }

    func wait() -> Int32 {
        while true {
            let known = pid.withLock { $0 }
            if known != 0 { return known }
            usleep(1_000)
        }
    }
}
