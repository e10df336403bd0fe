import Foundation
import LetheBytes
import LetheCertificates
import LetheCrypto
import LethePages
import LetheRecommendation
import LetheRequests
import LetheStatements
import Logging
import Testing

@testable import LetheServer
@testable import LetheService

/// One story in a real browser with a real server: a person makes a key, the controller registers it, the person files a request and keeps
/// the receipt, an officer signs in and confirms who it was, and the receipt is checked in the page and without it.
@Suite(.enabled(if: Browser.isInstalled, Browser.missing), .serialized)
struct StoryTests {
    private static let origin = "test.lethe.example/story"

    /// A fresh workspace over small synthetic data.
    private func makeWorkspace(in folder: URL, _ environment: ServiceEnvironment) throws -> Workspace {
        var synthesis = SynthesisConfiguration()
        synthesis.windowUsers = 48
        synthesis.lateUsers = 4
        synthesis.ratingsPerWindowUser = 16...22
        synthesis.ratingsPerEarlyUser = 20...30
        synthesis.popularFilms = 80
        let data = folder.appending(path: "data").path
        try DataSynthesizer(configuration: synthesis, seed: 3).write(to: data)
        return try Workspace.create(
            at: folder.appending(path: "workspace").path, policy: BuiltInPolicy.demo,
            profile: DatasetProfile(kind: .synthetic, folder: data), origin: Self.origin, environment: environment)
    }

    @Test func aRequestIsFiledConfirmedAndChecked() async throws {
        let browser = try Browser("story")
        let environment = ServiceEnvironment(
            now: { (try? Timestamp(secondsSinceEpoch: Int64(Date().timeIntervalSince1970))) ?? .epoch },
            seconds: { Date().timeIntervalSince1970 },
            program: { Digest(sha256: Array("the program under test".utf8)) },
            description: ["lethe": "test"])
        let folder = browser.output.appending(path: "work")
        let workspace = try makeWorkspace(in: folder, environment)
        let user = try #require(try workspace.data().split.trainingUsers.first)
        let trust = browser.output.appending(path: "trust.txt")
        try Data(workspace.trust().text.utf8).write(to: trust)

        var configuration = ServerConfiguration()
        configuration.workspace = workspace.paths.root
        configuration.port = 0
        let server = try LetheServer(
            configuration, environment: environment, logger: Logger(label: "story") { _ in SwiftLogNoOpLogHandler() })
        let officer = try server.services.tokens.create(name: "Olga", role: .officer, days: 1, now: environment.now())
            .text

        let (ports, found) = AsyncStream.makeStream(of: Int.self)
        let running = Task {
            try await server.run(onRunning: { found.yield($0) })
        }
        defer { running.cancel() }
        var iterator = ports.makeAsyncIterator()
        let base = "http://127.0.0.1:\(try #require(await iterator.next()))"

        // The person's key; the controller registers its public half.
        #expect(
            try browser.take(
                [
                    ["open", "/"], ["picture", "1-home"], ["open", "/request"], ["click", "#make-key"],
                    ["wait", "#sign-key"],
                    ["download", "#save-public", "lethe-request.pub"],
                    ["download", "#save-private", "lethe-request.key"],
                ], base: base
            ).map(\.message) == [])
        let pem = try String(contentsOf: browser.output.appending(path: "lethe-request.pub"), encoding: .utf8)
        _ = try workspace.registerKey(VerifyingKey(pem: pem), as: .requester)

        let key = browser.output.appending(path: "lethe-request.key").path
        let receipt = browser.output.appending(path: "lethe-receipt.json").path
        let messages = try browser.take(
            [
                // The person files it and keeps the receipt.
                ["open", "/request"], ["file", "#key-file", key], ["wait", "#sign-status", "The key was read"],
                ["type", "#subject-value", "\(user)"], ["click", "#sign-form button"], ["wait", "#sign-ready"],
                ["picture", "2-signed"], ["click", "#sign-ready button"], ["title", "Your request is in the log"],
                ["picture", "3-filed"], ["download", "#main form button", "lethe-receipt.json"],
                ["click", "#main form a.button"], ["wait", "h1", "being worked on"], ["picture", "4-status"],
                // The receipt holds, by the person's own copy of the keys.
                ["open", "/check"], ["file", "#check-trust", trust.path], ["file", "#check-file", receipt],
                ["click", "#check-form button"], ["wait", "#check-result.good", "signed by the controller"],
                ["picture", "5-checked"],
                // The officer asks for a better proof of identity, and confirms when it has come.
                ["open", "/desk"], ["title", "Sign in"], ["type", "#token", "wrong"], ["click", "#main form button"],
                ["wait", "#login-failure"], ["type", "#token", officer], ["click", "#main form button"],
                ["title", "Desk"],
                ["picture", "6-desk"], ["click", ".queue a"], ["picture", "7-request"],
                ["click", "a[href$='/doubt']"],
                ["click", "#main form button"], ["wait", ".marks", "proof of identity"],
                ["click", "a[href$='/confirm']"],
                ["choose", "#identity", "account-authenticated account-session"], ["picture", "8-confirm"],
                ["click", "#main form button"], ["wait", ".marks", "in progress"], ["picture", "9-confirmed"],
                ["open", "/explorer"], ["wait", "h1", "Log"], ["picture", "10-log"], ["click", "tbody a"],
                ["wait", "h1", "Entry"], ["picture", "11-entry"], ["open", "/nowhere"], ["title", "Nothing is here"],
                ["open", "/statistics"], ["wait", "dd.value", "1"], ["click", ".reader button"],
                ["wait", ".reader", "Sign in"],
                ["open", "/desk"], ["title", "Sign in"],
            ], base: base)
        // What the browser itself says of the addresses that were meant to fail.
        let expected = ["/desk", "/nowhere", "/login"]
        #expect(messages.filter { message in !expected.contains { message.message.contains($0) } }.map(\.message) == [])

        // The log has it, and the receipt holds without any page.
        let record = try #require(try workspace.requests().first)
        #expect(record.state == .inProgress)
        let kept = try RequestReceipt(parsing: [UInt8](Data(contentsOf: URL(filePath: receipt))))
        #expect(try kept.verify(trusting: workspace.trust()).event.requestID == record.requestID)
        #expect(kept.opening?.subject.value == "\(user)")
        #expect(try workspace.audit().isEmpty)
        #expect(server.services.metrics.undocumented == 0)
    }
}
