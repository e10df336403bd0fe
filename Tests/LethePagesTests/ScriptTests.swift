import Foundation
import Testing

/// The pages' scripts, run by node where it is installed: the verifier against the golden certificates, the vectors and every changed
/// byte; requests against openssl.
struct ScriptTests {
    private static let node = ["/usr/bin/node", "/usr/local/bin/node", "/opt/node/bin/node"]
        .first { FileManager.default.isExecutableFile(atPath: $0) }

    @Test(
        .enabled(if: ScriptTests.node != nil, "node is not installed: the browser's verifier was NOT tested"),
        arguments: ["verify.test.mjs", "request.test.mjs"])
    func nodeAgrees(name: String) throws {
        let process = Process()
        process.executableURL = URL(filePath: try #require(Self.node))
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Browser/\(name)")
        process.arguments = ["--test", "--test-reporter=tap", file.path]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(text.suffix(4000))")
        // A file that runs nothing passes too, for node.
        let passed = text.firstMatch(of: /# pass (\d+)/).flatMap { Int($0.1) } ?? 0
        #expect(passed >= 2, "\(text.suffix(1000))")
        #expect(text.contains("# fail 0"))
    }
}
