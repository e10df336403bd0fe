import Foundation
import GRDB
import LetheBytes
import Testing

extension DeskTests {
    /// What Lethe wrote, judged by another implementation: Tests/Support/independent-verifier.
    @Suite(.enabled(if: IndependentVerifier.exists, "needs python3 and openssl"))
    struct Independent {
        @Test func anotherImplementationAgreesWithEveryByte() throws {
            let folder = try Tour.current.copy()
            // Keys that changed, and a checkpoint with two signatures, are part of it.
            for role in ["controller", "log", "requester"] {
                #expect(try LetheCommand.run("key", "rotate", role, "--workspace", "desk", in: folder).status == 0)
            }
            let (status, verdict) = try IndependentVerifier.run("desk", in: folder)
            #expect(status == 0, "\(verdict)")
            let counts = verdict["counts"]
            func count(_ what: String) -> Double { counts?[what]?.doubleValue ?? 0 }
            #expect(count("entries") > 35 && count("nodes") > 70 && count("checkpoints") > 10)
            #expect(count("certificates") == Double(Tour.people) && count("urn:lethe:key-event:v1") == 8)
            #expect(count("openssl verdicts") > count("entries") + count("checkpoints"))
        }

        @Test func anotherImplementationSeesWhatWasChanged() throws {
            for (what, statement) in [
                (
                    "an entry",
                    "UPDATE entries SET bytes = CAST(replace(CAST(bytes AS TEXT), 'sig\":\"', 'sig\":\"A') AS BLOB) WHERE idx = 9"
                ),
                ("a node", "UPDATE nodes SET hash = zeroblob(32) WHERE level = 2 AND position = 1"),
                ("a checkpoint", "UPDATE checkpoints SET note = replace(note, 'A', 'B') WHERE size > 10"),
                ("the order", "UPDATE entries SET idx = CASE idx WHEN 9 THEN -10 ELSE -9 END WHERE idx IN (9, 10)"),
            ] {
                let folder = try Tour.current.copy()
                let queue = try DatabaseQueue(path: folder.path("desk/ledger.sqlite"))
                try queue.write { db in
                    for name in try String.fetchAll(db, sql: "SELECT name FROM sqlite_schema WHERE type = 'trigger'") {
                        try db.execute(sql: "DROP TRIGGER \(name)")
                    }
                    try db.execute(sql: "PRAGMA ignore_check_constraints = ON")
                    try db.execute(sql: statement)
                    try db.execute(sql: "UPDATE entries SET idx = -idx WHERE idx < 0")
                }
                try queue.close()
                #expect(try IndependentVerifier.run("desk", in: folder).status == 1, "\(what)")
            }
            let folder = try Tour.current.copy()
            let path = try #require(try Tour.current.certificates().first)
            var file = try folder.bytes(path)
            file[file.count / 3] ^= 0x01
            try folder.write(file, to: path)
            #expect(try IndependentVerifier.run("desk", in: folder).status == 1)
        }
    }
}

/// The script in Tests/Support.
enum IndependentVerifier {
    private static let python = ["/usr/bin/python3", "/usr/local/bin/python3"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    static var exists: Bool {
        python != nil && FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl")
    }

    static func run(_ workspace: String, in folder: TemporaryFolder) throws -> (status: Int32, verdict: JSONValue) {
        let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Support/independent-verifier")
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: try #require(python))
        process.arguments = [script.path, workspace]
        process.currentDirectoryURL = folder.url
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, try StrictJSON.parse([UInt8](data)))
    }
}
