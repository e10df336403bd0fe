import Foundation
import HTTPTypes
import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheRecommendation
import LetheRequests
import LetheStore
import Testing

@testable import LetheServer
@testable import LetheService

/// One story in a real browser with a real server and real workers: a person makes a key and files a request, an officer confirms who it
/// was, an engineer starts a run and watches it, the certificate is checked in the page, and its bundle without any page.
@Suite(.enabled(if: Browser.isInstalled, Browser.missing), .serialized)
struct StoryTests {
    @Test func aPersonIsForgottenAndCanProveIt() async throws {
        let browser = try Browser("story")
        let desk = try StoryDesk(in: browser.output.appending(path: "work"))
        let workspace = desk.workspace
        let trust = browser.output.appending(path: "trust.txt").path
        try Files.write(Array(workspace.trust().text.utf8), to: trust)
        let (ports, found) = AsyncStream.makeStream(of: Int.self)
        let (server, root) = (desk.server, workspace.paths.root)
        let running = Task { try await server.run(onRunning: { found.yield($0) }) }
        defer { running.cancel() }
        var iterator = ports.makeAsyncIterator()
        let base = "http://127.0.0.1:\(try #require(await iterator.next()))"

        let request = try await file(browser, base, desk, trust: trust)
        try await confirm(browser, base, token: desk.token(.officer, "Olga"))
        #expect(try workspace.request(request).state == .inProgress)
        let byAddress = try desk.fileByAddress().requestID.text
        try await turnAway(browser, base, byAddress, token: desk.token(.officer, "Olga"))
        #expect(try workspace.request(byAddress).state == .withdrawn)

        let engineer = try desk.token(.engineer, "Emil")
        async let worker = StoryDesk.workersOfWhomOneIsKilled(root, server.services.jobs)
        try await runAndCheck(browser, base, token: engineer, trust: trust)
        try await worker.terminate()
        try desk.writeBenchmark()
        try await lookAround(browser, base, request, token: desk.token(.auditor, "Aud"))
        try expectEveryPageLookedAt(browser, server)

        // One run, though its worker was killed, and the next method after it; every certificate holds without any page.
        let runs = try workspace.store.runs()
        #expect(runs.map(\.verdict?.rawValue) == ["INCONCLUSIVE", "PASS-EXACT"])
        #expect(try workspace.request(request).state == .fulfilled)
        let output = browser.output.path
        let certificate = Files.join(output, "0002.lethe-certificate.json")
        try await expectSuccess(StoryDesk.start("lethe", ["certificate", "verify", certificate, "--trust", trust]))
        try await expectSuccess(
            run("tar", ["-xf", Files.join(output, "lethe-certificate-2.tar"), "-C", output]))
        try await expectSuccess(run("sh", [Files.join(output, "certificate-2/verify.sh")]))
        // The one for whoever is to repeat the run is the same with some files more, and checked in the same way.
        let replay = Files.join(output, "replay")
        try Files.createFolders(replay)
        try await expectSuccess(
            run("tar", ["-xf", Files.join(output, "lethe-certificate-2-replay.tar"), "-C", replay]))
        try await expectSuccess(run("sh", [Files.join(replay, "certificate-2/verify.sh")]))
        let more = Set(try Files.names(in: Files.join(replay, "certificate-2"))).subtracting(
            try Files.names(in: Files.join(output, "certificate-2")))
        #expect(more.isSuperset(of: ["replay.json", "policy.yaml"]))
        #expect(more.allSatisfy { $0.hasSuffix(".json") || $0 == "policy.yaml" }, "\(more)")
        #expect(try workspace.audit().isEmpty)
        #expect(server.services.metrics.undocumented == 0)
    }

    /// The person's part; returns the request's id.
    private func file(_ browser: Browser, _ base: String, _ desk: StoryDesk, trust: String) async throws -> String {
        let workspace = desk.workspace
        let made = try await browser.take(
            [
                ["open", "/"], ["picture", "1-home"], ["open", "/request"], ["click", "#make-key"],
                ["wait", "#sign-key"], ["download", "#save-public", "lethe-request.pub"],
                ["download", "#save-private", "lethe-request.key"],
            ], base: base)
        #expect(made.map(\.message) == [])
        // The controller registers the public half, as that of a person whom nobody has identified yet.
        let pem = try String(contentsOf: browser.output.appending(path: "lethe-request.pub"), encoding: .utf8)
        _ = try workspace.registerKey(VerifyingKey(pem: pem), as: .subject)

        let user = try #require(try workspace.data().split.trainingUsers.first)
        let receipt = browser.output.appending(path: "lethe-receipt.json").path
        let messages = try await browser.take(
            [
                ["open", "/request"], ["file", "#key-file", browser.output.appending(path: "lethe-request.key").path],
                ["wait", "#sign-status", "The key was read"], ["type", "#subject-value", "\(user)"],
                ["click", "#sign-form button"], ["wait", "#sign-ready"], ["picture", "2-signed"],
                ["click", "#sign-ready button"], ["title", "Your request is in the log"], ["picture", "3-filed"],
                ["download", "#main form button", "lethe-receipt.json"], ["click", "#main form a.button"],
                ["wait", "h1", "asked to prove who you are"], ["picture", "4-status"],
                // The receipt holds, by the person's own copy of the keys.
                ["open", "/check"], ["file", "#check-trust", trust], ["file", "#check-file", receipt],
                ["click", "#check-form button"], ["wait", "#check-result.good", "signed by the controller"],
                ["picture", "5-checked"], ["open", "/nowhere"], ["title", "Nothing is here"],
            ], base: base)
        #expect(messages.filter { !$0.message.contains("/nowhere") }.map(\.message) == [])

        // The log has it, and the receipt holds without any page.
        let record = try #require(try workspace.requests().first)
        #expect(record.state == .identityPending)
        let kept = try RequestReceipt(parsing: [UInt8](Data(contentsOf: URL(filePath: receipt))))
        #expect(try kept.verify(trusting: workspace.trust()).event.requestID == record.requestID)
        #expect(kept.opening?.subject.value == "\(user)")
        return record.requestID.text
    }

    /// The officer's part.
    private func confirm(_ browser: Browser, _ base: String, token: String) async throws {
        let messages = try await browser.take(
            [
                ["open", "/desk"], ["title", "Sign in"], ["type", "#token", "wrong"], ["click", "#main form button"],
                ["wait", "#login-failure"], ["type", "#token", token], ["click", "#main form button"],
                ["title", "Desk"], ["picture", "6-desk"], ["click", ".queue a"],
                ["wait", ".marks", "proof of identity"], ["picture", "7-request"], ["click", "a[href$='/confirm']"],
                ["wait", "#identity"], ["choose", "#identity", "account-authenticated account-session"],
                ["picture", "8-confirm"], ["click", "#main form button"], ["wait", ".marks", "in progress"],
                ["picture", "9-confirmed"], ["open", "/explorer"], ["wait", "h1", "Log"], ["picture", "10-log"],
                ["click", "tbody a"], ["wait", "h1", "Entry"], ["picture", "11-entry"], ["open", "/statistics"],
                ["wait", "dd.value", "1"], ["click", ".reader button"], ["wait", ".reader", "Sign in"],
                ["open", "/desk"], ["title", "Sign in"],
            ], base: base)
        // What the browser itself says of the addresses that were meant to fail.
        let expected = ["/desk", "/login"]
        #expect(messages.filter { message in !expected.contains { message.message.contains($0) } }.map(\.message) == [])
    }

    /// The officer's part with a request that names its person by an address: asked whom it means, then taken back.
    private func turnAway(_ browser: Browser, _ base: String, _ request: String, token: String) async throws {
        let page = "/desk/\(request)"
        let messages = try await browser.take(
            [
                ["open", "/login"], ["type", "#token", token], ["click", "#main form button"], ["title", "Desk"],
                ["open", page], ["wait", "#address", "Nobody has said whom it means"], ["picture", "9a-by-address"],
                ["click", "a[href$='/confirm']"], ["wait", "#subject-hint", "--identity"],
                ["choose", "#identity", "email-verified email-link"], ["type", "#subject", "987654321"],
                ["picture", "9b-naming"], ["click", "#main form button"],
                ["wait", "#subject-failure", "No user of this number"], ["picture", "9c-nobody"],
                ["scheme", "dark"], ["window", "390", "800"], ["picture", "9d-nobody-dark-narrow"],
                ["open", page + "/duplicate"], ["wait", "#of-hint"], ["picture", "9e-duplicate"],
                ["open", page + "/withdraw"], ["click", "#sure"], ["click", "#main form button"],
                ["wait", ".marks", "withdrawn"],
            ], base: base)
        // The form that was answered with what is wrong with it.
        #expect(messages.filter { !$0.message.contains(page + "/confirm") }.map(\.message) == [])
    }

    /// The pages that the story has no other use for.
    private func lookAround(_ browser: Browser, _ base: String, _ request: String, token: String) async throws {
        let messages = try await browser.take(
            [
                ["open", "/follow"], ["wait", "h1"], ["open", "/follow/\(request)"], ["wait", "h1", "fulfilled"],
                ["picture", "19-fulfilled"], ["open", "/explorer/checkpoints"], ["wait", "h1"], ["click", "tbody a"],
                ["wait", "h1"], ["picture", "20-checkpoint"], ["open", "/login"], ["type", "#token", token],
                ["click", "#main form button"], ["title", "Desk"], ["open", "/desk/\(request)"],
                ["wait", ".marks", "fulfilled"], ["open", "/reports"], ["wait", "h1", "Reports"],
                ["picture", "21-reports"], ["open", "/reports/requests/\(request)"], ["wait", "h1"],
                ["picture", "22-report"], ["open", "/reports/period"], ["wait", "h1"], ["picture", "23-period"],
                ["open", "/reports/benchmarks/story"], ["wait", "h1", "The story"], ["picture", "24-benchmark"],
            ], base: base)
        #expect(messages.map(\.message) == [])
    }

    /// Where axe-core is there, it has looked at every page that the table of routes has.
    private func expectEveryPageLookedAt(_ browser: Browser, _ server: LetheServer) throws {
        guard Browser.axe != nil else { return }
        let table = API.table(server.services.configuration)
        let looked = try browser.lookedAt().compactMap { path -> String? in
            guard case .route(let number, _) = table.match(.get, path) else { return nil }
            return table.routes[number].operation
        }
        // What the API answers as HTML is a report, whose page is among these.
        let pages = table.routes.filter {
            $0.method == .get && $0.answers.first?.mediaType == Reply.html && !$0.path.hasPrefix("/api/")
        }.map(\.operation)
        // A form's address leads on to the report, and has no page of its own.
        #expect(Set(pages).subtracting(looked) == ["requestReportForm"])
    }

    /// The engineer's part, and anybody's who has the keys.
    private func runAndCheck(_ browser: Browser, _ base: String, token: String, trust: String) async throws {
        let messages = try await browser.take(
            [
                ["open", "/login"], ["type", "#token", token], ["click", "#main form button"],
                ["wait", ".reader", "Emil"],
                ["open", "/runs"], ["picture", "12-runs"], ["click", "a[href='/runs/start']"],
                ["wait", "h1", "Begin a run?"], ["picture", "13-begin"], ["click", "#main form button"],
                ["wait", "#run-stage"], ["picture", "14-run"], ["click", "a[href$='/stop']"],
                ["wait", "h1", "Stop this run?"], ["picture", "14a-stop"], ["click", "#main .actions a"],
                ["wait", "#run-stage"],
                ["wait", "a.button[href$='/result']", "See the result", "600"], ["picture", "15-ended"],
                ["click", "a.button[href$='/result']"], ["wait", "h2"], ["picture", "16-result"],
                ["open", "/certificates"], ["wait", "h1", "Certificates"], ["picture", "17-certificates"],
                ["click", "tbody a"], ["wait", "h1", "certificate-2"],
                ["file", "#check-trust", trust], ["click", "#check-form button"],
                ["wait", "#check-result.good", "certificate-2 signed by the controller"],
                ["picture", "18-certificate"],
                ["download", "a[href$='/certificates/2/file']", "0002.lethe-certificate.json"],
                ["download", "a[href$='/certificates/2/bundle']", "lethe-certificate-2.tar"],
                ["download", "a[href$='/certificates/2/replay-bundle']", "lethe-certificate-2-replay.tar"],
            ], base: base)
        #expect(messages.map(\.message) == [])
    }

    private func run(_ tool: String, _ arguments: [String]) throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [tool] + arguments
        (process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
        try process.run()
        return process
    }

    private func expectSuccess(_ process: Process) async throws {
        while process.isRunning { try await Task.sleep(for: .milliseconds(20)) }
        #expect(process.terminationStatus == 0, "\(process.arguments ?? [])")
    }
}
