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

    /// axe-core, which looks at every page that a test opens, for what keeps somebody from using it: the script that LETHE_AXE names, or that
    /// of the Python package axe_core_python; nil where there is neither.
    static let axe: String? = {
        if let script = ProcessInfo.processInfo.environment["LETHE_AXE"], !script.isEmpty { return script }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            "python3", "-c",
            "import axe_core_python, os; print(os.path.join(os.path.dirname(axe_core_python.__file__), 'axe.min.js'))",
        ]
        let output = Pipe()
        (process.standardOutput, process.standardError) = (output, FileHandle.nullDevice)
        guard (try? process.run()) != nil else { return nil }
        let line = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return process.terminationStatus == 0 ? line.trimmingCharacters(in: .newlines) : nil
    }()
    static let missingAxe: Comment =
        "axe-core is not there (LETHE_AXE=.../axe.min.js, or the Python package axe_core_python): the pages were NOT checked for accessibility"

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

    /// A step that did not work, or what axe-core found wrong with pages.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// The paths of the pages that axe-core has looked at.
    func lookedAt() throws -> Set<String> {
        let text = try String(contentsOf: output.appending(path: "looked-at.txt"), encoding: .utf8)
        return Set(text.split(separator: "\n").map(String.init))
    }

    /// Takes the steps; fails the test with the one that did not work.
    /// - Parameter site: a folder to serve with a content policy.
    func take(_ steps: [[String]], site: URL, policy: String) async throws -> [Message] {
        try await take(["serve": site.path, "policy": policy], steps)
    }

    /// The same with a server that runs.
    func take(_ steps: [[String]], base: String) async throws -> [Message] {
        try await take(["base": base], steps)
    }

    /// The browser is waited for on a thread of its own: the server that it talks to needs those of the tests to answer it.
    private func take(_ settings: [String: String], _ steps: [[String]]) async throws -> [Message] {
        var members: [String: Any] = settings
        members["steps"] = steps
        if let axe = Self.axe { members["axe"] = axe }
        let plan = try JSONSerialization.data(withJSONObject: members)
        return try await withCheckedThrowingContinuation { continuation in
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
        guard process.terminationStatus == 0 else { throw Failure(description: text) }
        return try JSONDecoder().decode([Message].self, from: Data(contentsOf: output.appending(path: "messages.json")))
    }
}
