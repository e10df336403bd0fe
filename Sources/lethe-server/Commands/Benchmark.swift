import ArgumentParser
import Foundation
import LetheBytes
import LetheMachine
import LetheRequests
import LetheServer
import LetheService

/// `lethe-server benchmark`
struct Benchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "benchmark",
        abstract: "Measure a server on this machine, over loopback: requests filed, log read.",
        discussion: """
            Starts a server of its own on a copy of the workspace, which must have requests to sign for: files signed requests at a fixed rate, \
            then reads checkpoints and proofs at another, and prints Markdown. Times count from when a call was due. Client and server share \
            the machine.
            """)

    @Option(name: .long, help: "Signed requests a second.")
    var requestRate = 500.0

    @Option(name: .long, help: "Reads a second.")
    var readRate = 2_000.0

    @Option(name: .long, help: "Seconds of each.")
    var seconds = 20.0

    @Option(name: .long, help: "Connections.")
    var connections = 64

    @Option(name: .long, help: ArgumentHelp("A workspace; it is copied.", valueName: "dir"))
    var workspace: String

    func validate() throws {
        guard (1...100_000).contains(requestRate), (1...100_000).contains(readRate), (1...3_600).contains(seconds),
            (1...1_024).contains(connections)
        else { throw ValidationError("expected rates from 1 to 100000, 1 to 3600 seconds, 1 to 1024 connections") }
    }

    func run() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "lethe-load-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let root = Files.join(folder, "workspace")
        try FileManager.default.copyItem(atPath: workspace, toPath: root)
        let requests = Int(requestRate * seconds)
        let bodies = try signed(requests, in: root)

        let (process, port) = try start(root)
        defer { process.terminate() }
        let memory = MemoryWatch(process.processIdentifier, interval: seconds / 5)
        let client = LoadClient(port: port, connections: connections)
        let filed = client.run(count: requests, rate: requestRate) { message("POST", "/api/v1/requests", bodies[$0]) }
        let entries = 2 * requests
        let read = client.run(count: Int(readRate * seconds), rate: readRate) { number in
            number % 2 == 0
                ? message("GET", "/log/checkpoint", [])
                : message("GET", "/log/proofs/inclusion?index=\(number * 7919 % entries)&size=\(entries)", [])
        }
        let megabytes = memory.end().map { "\($0)" }.joined(separator: ", ")
        process.terminate()
        process.waitUntilExit()
        let kept = try Workspace.open(root, environment: Clock.environment()).requests().count
        print(
            """
            | what | asked | answered a second | P50 ms | P99 ms | refused | failed |
            | --- | --- | --- | --- | --- | --- | --- |
            \(row("signed requests filed, durable", requestRate, filed))
            \(row("checkpoints and inclusion proofs read", readRate, read))

            \(kept) requests were in the log afterwards; \(requests - filed.refused - filed.failed) were acknowledged. \
            Server's memory every \(Int(seconds / 5)) s, from the first call to the last: \(megabytes) MiB. \
            \(connections) connections, \(Int(seconds)) s each.
            """)
        guard kept >= requests - filed.refused - filed.failed else {
            throw InputError("acknowledged requests are missing")
        }
    }

    private func row(_ name: String, _ rate: Double, _ outcome: LoadClient.Outcome) -> String {
        func short(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
        return "| \(name) | \(Int(rate))/s | \(short(Double(outcome.seconds.count) / outcome.elapsed)) "
            + "| \(short(outcome.milliseconds(0.5))) | \(short(outcome.milliseconds(0.99))) "
            + "| \(outcome.refused) | \(outcome.failed) |"
    }

    private func message(_ method: String, _ path: String, _ body: [UInt8]) -> [UInt8] {
        Array(
            "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\n\(body.isEmpty ? "" : "Content-Type: application/json\r\n")Content-Length: \(body.count)\r\n\r\n"
                .utf8) + body
    }

    /// Signed requests of as many people as the data has, again and again.
    private func signed(_ count: Int, in root: String) throws -> [[UInt8]] {
        let workspace = try Workspace.open(root, environment: Clock.environment())
        return try workspace.loadRequests(count)
    }

    private func start(_ root: String) throws -> (Process, Int) {
        let process = Process()
        let output = Pipe()
        process.executableURL = Bundle.main.executableURL
        process.arguments = ["serve", "--workspace", root, "--port", "0"]
        process.environment = ProcessInfo.processInfo.environment.merging([
            "LETHE_SERVER_LIMITS_PER_MINUTE_AND_ADDRESS": "0", "LETHE_SERVER_LOG_LEVEL": "error",
        ]) { $1 }
        process.standardOutput = output
        try process.run()
        var line: [UInt8] = []
        while let byte = try output.fileHandleForReading.read(upToCount: 1)?.first, byte != 0x0A { line.append(byte) }
        guard let port = String(decoding: line, as: UTF8.self).split(separator: ":").last.flatMap({ Int($0) }) else {
            throw InputError("the server did not start")
        }
        return (process, port)
    }
}
