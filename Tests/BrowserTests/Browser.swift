import Foundation
import Testing

/// A real browser, driven by `Tests/Support/drive-browser` over the W3C WebDriver protocol.
struct Browser {
    /// Why there is no browser; nil where there is one.
    static let isInstalled = ["chromedriver", "chromium"].allSatisfy { name in
        ["/usr/bin", "/usr/local/bin"].contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(name)") }
    }
    static let missing: Comment =
        "chromium and chromedriver are not installed (Scripts/install --browser): the pages were NOT tried in a browser"

    /// Where pictures and files of a test stay, to be looked at.
    let output: URL

    init(_ test: String) throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        output = root.appending(path: ".build/browser/\(test)")
        try? FileManager.default.removeItem(at: output)
        try FileManager.default.createDirectory(at: output, withIntermediateDirectories: true)
    }

    /// What the browser itself complained about.
    struct Message: Decodable {
        let level: String
        let message: String
    }

    /// Takes the steps; fails the test with the one that did not work.
    /// - Parameter site: a folder to serve with a content policy.
    func take(_ steps: [[String]], site: URL, policy: String) async throws -> [Message] {
        try await take(JSONSerialization.data(withJSONObject: ["serve": site.path, "policy": policy, "steps": steps]))
    }

    /// The same with a server that runs.
    func take(_ steps: [[String]], base: String) async throws -> [Message] {
        try await take(JSONSerialization.data(withJSONObject: ["base": base, "steps": steps]))
    }

    /// The browser is waited for on a thread of its own: the server that it talks to needs those of the tests to answer it.
    private func take(_ plan: Data) async throws -> [Message] {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try drive(plan) }) }
        }
    }

    private func drive(_ steps: Data) throws -> [Message] {
        let plan = output.appending(path: "steps.json")
        try steps.write(to: plan)
        let process = Process()
        process.executableURL = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Support/drive-browser")
        process.arguments = [plan.path, output.path]
        let errors = Pipe()
        process.standardError = errors
        try process.run()
        let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(text)")
        return try JSONDecoder().decode([Message].self, from: Data(contentsOf: output.appending(path: "messages.json")))
    }
}
