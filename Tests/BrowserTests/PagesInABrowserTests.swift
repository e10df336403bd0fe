import Foundation
import LetheBytes
import LetheCrypto
import LethePages
import LetheRequests
import LetheStatements
import Testing

/// The pages in a real browser, under their own content policy: what they do with scripts, and that they are whole without.
@Suite(.enabled(if: Browser.isInstalled, Browser.missing), .serialized)
struct PagesInABrowserTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    private static let golden = root.appending(path: "Tests/Golden/v1")
    private static let frame = Frame(origin: "a.example/log", formToken: "00aa11bb")

    /// A site of some pages with their assets, and one certificate.
    private func site(in browser: Browser) throws -> URL {
        let site = browser.output.appending(path: "site")
        let files = FileManager.default
        try files.createDirectory(at: site.appending(path: "assets"), withIntermediateDirectories: true)
        for asset in Asset.all { try Data(asset.bytes).write(to: site.appending(path: "assets/\(asset.name)")) }
        let renderer = try PageRenderer()
        let request = RequestPage(
            audience: "a.example/log", agent: "browser", validSeconds: 3600,
            regulations: [Choice("gdpr", "GDPR", isChosen: true), Choice("ccpa", "CCPA")],
            subjectTypes: [Choice("user-id", "User number"), Choice("email", "E-mail address")])
        let empty = TableView(caption: "None", columns: [], rows: [])
        let certificate = CertificatePage(
            certificateID: "certificate-1", verdict: .verdict("PASS-STATISTICAL"), claim: "A claim.", facts: [],
            tests: empty,
            notAssessed: [], recipients: empty,
            proof: ProofView(index: 0, size: 1, leafHash: "", root: "", path: [], checkpoint: ""),
            servedPath: "/served/1",
            bundlePath: "/served/bundle", trustPath: "/served/trust", commands: [])
        for (name, html) in [
            ("request", renderer.html(request, in: Self.frame)),
            ("certificate", renderer.html(certificate, in: Self.frame)),
            ("check", renderer.html(CheckPage(trustPath: "/served/trust"), in: Self.frame)),
        ] { try Data(html.utf8).write(to: site.appending(path: "\(name).html")) }
        try files.createDirectory(at: site.appending(path: "served"), withIntermediateDirectories: true)
        try Data(contentsOf: Self.golden.appending(path: "certificates/0001.lethe-certificate.json"))
            .write(to: site.appending(path: "served/1"))
        return site
    }

    @Test func aRequestSignedInTheBrowserIsOneThatTheDoorTakes() async throws {
        let browser = try Browser("request")
        let messages = try await browser.take(
            [
                ["open", "/request"], ["type", "#subject-value", "117"], ["click", "#sign-form button"],
                ["wait", "#sign-status", "Make a key"],
                ["click", "#make-key"], ["wait", "#sign-key"], ["download", "#save-public", "lethe-request.pub"],
                ["download", "#save-private", "lethe-request.key"], ["type", "#subject-value", "117 \u{00E9}\"<b>"],
                ["choose", "#regulation", "ccpa"], ["picture", "filled"], ["click", "#sign-form button"],
                ["wait", "#sign-ready"],
                ["save", "#signed-text", "value", "request.json"], ["picture", "signed"],
                // The same again with the key as a file.
                ["open", "/request"], ["file", "#key-file", browser.output.appending(path: "lethe-request.key").path],
                ["wait", "#sign-status", "The key was read"], ["type", "#subject-value", "118"],
                ["click", "#sign-form button"],
                ["wait", "#sign-ready"], ["save", "#signed-text", "value", "second.json"],
                ["file", "#key-file", browser.output.appending(path: "request.json").path],
                ["wait", "#sign-status", "expected one PEM block"],
            ], site: site(in: browser), policy: Asset.contentPolicy)
        #expect(messages.map(\.message) == [])

        func file(_ name: String) throws -> [UInt8] {
            [UInt8](try Data(contentsOf: browser.output.appending(path: name)))
        }
        let key = try VerifyingKey(pem: String(decoding: file("lethe-request.pub"), as: UTF8.self))
        let checker = RequestChecker(audience: "a.example/log", requesterKeys: [key])
        let now = try Timestamp(secondsSinceEpoch: Int64(Date().timeIntervalSince1970))
        let first = try checker.check(try file("request.json"), now: now).request
        #expect(first.subject == SubjectIdentity(type: "user-id", value: "117 \u{00E9}\"<b>"))
        #expect(first.regulation == .ccpa)
        #expect(first.identity == IdentityProof(level: .unverified, method: .selfDeclared))
        let second = try checker.check(try file("second.json"), now: now).request
        #expect(second.subject.value == "118" && second.requestID != first.requestID && second.nonce != first.nonce)
        // And with one byte changed it is refused.
        var altered = try file("request.json")
        altered[40] ^= 1
        #expect(throws: RequestRefusal.self) { try checker.check(altered, now: now) }
    }

    @Test func aCertificateIsVerifiedInThePageAndATamperedOneIsNot() async throws {
        let browser = try Browser("check")
        let certificate = try Data(contentsOf: Self.golden.appending(path: "certificates/0002.lethe-certificate.json"))
        var altered = certificate
        altered[altered.count / 2] ^= 1
        let (good, bad) = (browser.output.appending(path: "good.json"), browser.output.appending(path: "bad.json"))
        try certificate.write(to: good)
        try altered.write(to: bad)
        let trust = Self.golden.appending(path: "trust.txt").path
        let foreign = Self.root.appending(path: "Tests/Golden/v2/trust.txt").path
        let messages = try await browser.take(
            [
                // The served certificate, with the reader's own keys.
                ["open", "/certificate"], ["file", "#check-trust", trust], ["click", "#check-form button"],
                ["wait", "#check-result.good", "certificate-1 signed by the controller"],
                ["wait", "#check-result", "no known witness cosigned"], ["picture", "holds"],
                ["file", "#check-trust", foreign], ["click", "#check-form button"],
                ["wait", "#check-result.bad", "It does not hold"],
                // Files of the reader's.
                ["open", "/check"], ["file", "#check-trust", trust], ["file", "#check-file", good.path],
                ["click", "#check-form button"],
                ["wait", "#check-result.good", "certificate-2 signed by the controller"],
                // Opened again: a field for several files keeps the ones before.
                ["open", "/check"], ["file", "#check-trust", trust], ["file", "#check-file", bad.path],
                ["click", "#check-form button"], ["wait", "#check-result.bad", "It does not hold"],
                ["save", "#check-result li", "text", "reason.txt"],
                ["picture", "tampered"], ["scheme", "dark"], ["window", "390", "800"],
                ["picture", "tampered-dark-narrow"],
            ], site: site(in: browser), policy: Asset.contentPolicy)
        #expect(messages.map(\.message) == [])
        let reason = String(decoding: try Data(contentsOf: browser.output.appending(path: "reason.txt")), as: UTF8.self)
        // The byte in the middle belongs to the certificate's envelope.
        #expect(reason.hasPrefix("certificate"), "\(reason)")
    }

    /// What every test of a page relies on: that axe-core sees what is wrong, and that a test fails by it.
    @Test(.enabled(if: Browser.axe != nil, Browser.missingAxe))
    func aPageThatNotEverybodyCanUseIsFound() async throws {
        let browser = try Browser("axe")
        let site = try site(in: browser)
        let page = try String(contentsOf: site.appending(path: "request.html"), encoding: .utf8)
        try page.replacing("<label for=\"subject-value\">", with: "<label>").write(
            to: site.appending(path: "unlabelled.html"), atomically: true, encoding: .utf8)
        _ = try await browser.take([["open", "/request"]], site: site, policy: Asset.contentPolicy)
        #expect(try browser.lookedAt() == ["/request"])
        do {
            _ = try await browser.take(
                [["open", "/unlabelled"], ["click", "#make-key"], ["wait", "#sign-key"]], site: site,
                policy: Asset.contentPolicy)
            Issue.record("expected axe-core to find a field without a label")
        } catch let failure as Browser.Failure {
            #expect(failure.description.contains("axe, /unlabelled"), "\(failure)")
            #expect(failure.description.contains("subject-value"), "\(failure)")
        }
    }

    @Test func withoutScriptsThePagesAreWhole() async throws {
        let browser = try Browser("without-scripts")
        let messages = try await browser.take(
            [
                ["scripts", "off"], ["open", "/request"], ["hidden", "#with-script"], ["shown", "#request-file"],
                ["picture", "request"],
                ["open", "/certificate"], ["hidden", "#check-form"], ["shown", "noscript p"],
                ["picture", "certificate"],
            ], site: site(in: browser), policy: Asset.contentPolicy)
        #expect(messages.map(\.message) == [])
    }
}
