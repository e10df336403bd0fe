import Foundation
import Glibc
import LetheBytes
import LetheRequests
import LetheStatements
import LetheStore
import Synchronization
import Testing

@testable import LetheServer
@testable import LetheService

/// The built server as a process: what it acknowledges it has, however it ends.
struct ProcessTests {
    /// A server that runs until its owner is gone.
    private final class Running: Sendable {
        let port: Int
        private let process: Process

        init(_ desk: ServerDesk, settings: [String: String] = [:]) throws {
            let process = Process()
            let output = Pipe()
            process.executableURL = Self.program()
            process.arguments = ["serve", "--workspace", desk.configuration.workspace, "--port", "0"]
            var environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("LETHE_SERVER_") }
            environment["LETHE_SERVER_LIMITS_PER_MINUTE_AND_ADDRESS"] = "0"
            environment["LETHE_SERVER_LOG_LEVEL"] = "error"
            environment.merge(settings) { $1 }
            process.environment = environment
            process.standardOutput = output
            try process.run()
            self.process = process
            var line: [UInt8] = []
            while let byte = try output.fileHandleForReading.read(upToCount: 1)?.first, byte != 0x0A {
                line.append(byte)
            }
            let text = String(decoding: line, as: UTF8.self)
            port = try #require(text.split(separator: ":").last.flatMap { Int($0) }, "\(text)")
        }

        deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

        func end(_ signal: Int32) -> Int32 {
            kill(process.processIdentifier, signal)
            process.waitUntilExit()
            return process.terminationStatus
        }

        /// The product that this test run was built with.
        static func program() -> URL {
            URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "lethe-server")
        }
    }

    private func post(_ body: [UInt8], _ port: Int) throws -> String? {
        let connection = try RawConnection(port: port)
        connection.send(
            "POST /api/v1/requests HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n"
                + "Content-Length: \(body.count)\r\n\r\n")
        connection.send(body)
        return connection.readToEnd()
    }

    private static func now() throws -> String {
        "\(try Timestamp(secondsSinceEpoch: Int64(Date().timeIntervalSince1970)))"
    }

    /// The ids that the server said it has, from several connections at once.
    private final class Acknowledged: Sendable {
        let ids = Mutex<Set<String>>([])
    }

    @Test func whatWasAcknowledgedSurvivesAKill() async throws {
        let desk = try ServerDesk()
        let now = try Self.now()
        let bodies = try desk.users().map { try desk.sign(user: $0, at: now) }
        let acknowledged = Acknowledged()
        let running = try Running(desk)
        let enough = bodies.count / 3
        try await withThrowingTaskGroup(of: Void.self) { group in
            for half in [bodies.prefix(bodies.count / 2), bodies.suffix(bodies.count - bodies.count / 2)] {
                group.addTask {
                    try await RawConnection.blocking {
                        for body in half {
                            guard let answer = try? post(body, running.port), answer.hasPrefix("HTTP/1.1 201"),
                                let start = answer.range(of: "\"requestId\":\"")
                            else { continue }
                            let count = acknowledged.ids.withLock { known in
                                known.insert(String(answer[start.upperBound...].prefix(36)))
                                return known.count
                            }
                            if count == enough { _ = running.end(SIGKILL) }
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        let known = acknowledged.ids.withLock { $0 }
        #expect(known.count >= enough && known.count < bodies.count)
        let workspace = try desk.workspace()
        for id in known { #expect(try workspace.request(id).requestID.text == id) }
        #expect(try workspace.audit().isEmpty)

        // The next server goes on, and answers what was sent before as what it is.
        let next = try Running(desk)
        let again = try await RawConnection.blocking { try bodies.map { try post($0, next.port) ?? "" } }
        #expect(again.allSatisfy { $0.hasPrefix("HTTP/1.1 201") || $0.hasPrefix("HTTP/1.1 200") })
        #expect(next.end(SIGTERM) == 0)
        #expect(try desk.workspace().requests().count == bodies.count)
    }

    @Test func askedToEndItAnswersWhatIsUnderWay() async throws {
        let desk = try ServerDesk()
        let body = try desk.sign(at: Self.now())
        let running = try Running(desk)
        let (answer, status) = try await RawConnection.blocking { () -> (String?, Int32) in
            let connection = try RawConnection(port: running.port)
            connection.send(
                "POST /api/v1/requests HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                    + "Content-Length: \(body.count)\r\n\r\n")
            usleep(200_000)
            let ending = Mutex<Int32>(-1)
            let thread = Thread { ending.withLock { $0 = running.end(SIGTERM) } }
            thread.start()
            usleep(200_000)
            connection.send(body)
            let answer = connection.readToEnd()
            while !thread.isFinished { usleep(10_000) }
            return (answer, ending.withLock { $0 })
        }
        #expect(answer?.hasPrefix("HTTP/1.1 201") == true)
        #expect(status == 0)
    }

    @Test func underTLSNothingIsSaidInTheClear() async throws {
        let desk = try ServerDesk()
        let (certificate, key) = (desk.folder.path("cert.pem"), desk.folder.path("key.pem"))
        _ = try await openssl([
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate,
        ])
        let running = try Running(
            desk, settings: ["LETHE_SERVER_TLS_CERTIFICATE": certificate, "LETHE_SERVER_TLS_KEY": key])
        let get = Array("GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8)
        let client = [
            "s_client", "-quiet", "-verify_return_error", "-CAfile", certificate, "-verify_hostname", "localhost",
            "-connect", "127.0.0.1:\(running.port)",
        ]
        let answer = try await openssl(client + ["-tls1_2"], input: get)
        #expect(answer.hasPrefix("HTTP/1.1 200") && answer.lowercased().contains("strict-transport-security"))
        #expect(try await openssl(client + ["-tls1_3"], input: get).hasPrefix("HTTP/1.1 200"))
        // Older versions and plain HTTP get no answer.
        #expect(try await openssl(client + ["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"], input: get).isEmpty)
        let plain = try await RawConnection.blocking { () -> String? in
            let connection = try RawConnection(port: running.port)
            connection.send(get)
            return connection.readToEnd()
        }
        #expect(plain?.contains("HTTP/") != true)
        let status = try await RawConnection.blocking { running.end(SIGTERM) }
        #expect(status == 0)
    }

    private func openssl(_ arguments: [String], input: [UInt8] = []) async throws -> String {
        try await RawConnection.blocking {
            let process = Process()
            let (standardInput, output) = (Pipe(), Pipe())
            process.executableURL = URL(filePath: "/usr/bin/env")
            process.arguments = ["openssl"] + arguments
            (process.standardInput, process.standardOutput) = (standardInput, output)
            process.standardError = FileHandle.nullDevice
            try process.run()
            try standardInput.fileHandleForWriting.write(contentsOf: input)
            // Open until the answer is there: who closes its side first is let go.
            let answer = output.fileHandleForReading.readDataToEndOfFile()
            try standardInput.fileHandleForWriting.close()
            process.waitUntilExit()
            return String(decoding: answer, as: UTF8.self)
        }
    }

    @Test func whatCannotBeServedIsSaidWithItsCode() throws {
        func run(_ arguments: [String]) throws -> (status: Int32, error: String) {
            let process = Process()
            let error = Pipe()
            process.executableURL = Running.program()
            process.arguments = arguments
            process.standardError = error
            process.standardOutput = FileHandle.nullDevice
            try process.run()
            let text = error.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            return (process.terminationStatus, String(decoding: text, as: UTF8.self))
        }
        let folder = try TestFolder()
        let missing = try run(["serve", "--workspace", folder.path("none"), "--port", "0"])
        #expect(missing.status == 2 && missing.error.contains("no workspace"))
        #expect(!Files.exists(folder.path("none")))
        try Files.write(Array("version: 1\nprot: 1\n".utf8), to: folder.path("bad.yaml"))
        let bad = try run(["serve", "--config", folder.path("bad.yaml")])
        #expect(bad.status == 2 && bad.error.contains("line 2, prot"))
        #expect(try run(["serve", "--port", "x"]).status == 2)
        #expect(try run(["openapi"]).status == 0)
        #expect(try run(["serve", "--print-config"]).status == 0)
        #expect(try run(["token", "create", "--role", "agent", "--name", "x"]).status == 2)
    }
}
