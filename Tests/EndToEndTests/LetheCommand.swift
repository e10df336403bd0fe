import Foundation
import LetheBytes
import Testing

/// Runs the built `lethe` as a process of its own.
struct LetheCommand {
    /// What a run left behind.
    struct Result {
        let status: Int32
        let output: String
        let errors: String

        /// Standard output as one JSON document.
        func json() throws -> JSONValue { try StrictJSON.parse(Array(output.utf8)) }

        /// The last line of standard error, where a failing command says what went wrong.
        var complaint: String {
            errors.split(separator: "\n").last.map(String.init) ?? ""
        }
    }

    /// The executable beside this test bundle.
    static let executable = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "lethe")

    /// Runs `lethe` with these arguments in `folder`.
    ///
    /// - Parameter fileSizeLimit: the largest file the process may write, in blocks of 1024 bytes, as a stand-in for a full disk.
    static func run(
        _ arguments: String..., in folder: TemporaryFolder, fileSizeLimit: Int? = nil
    ) throws -> Result {
        try run(arguments, in: folder, fileSizeLimit: fileSizeLimit)
    }

    /// Runs `lethe` with these arguments in `folder`.
    static func run(
        _ arguments: [String], in folder: TemporaryFolder, fileSizeLimit: Int? = nil
    ) throws -> Result {
        let process = Process()
        if let fileSizeLimit {
            process.executableURL = URL(filePath: "/bin/bash")
            // The limit holds for files, not for pipes: what the command says still arrives.
            let script =
                "{ (ulimit -f \(fileSizeLimit); exec \"$@\") 2>&1 1>&3 3>&- | cat >&2; exit ${PIPESTATUS[0]}; } 3>&1"
            process.arguments = ["-c", script, "lethe", executable.path] + arguments
        } else {
            process.executableURL = executable
            process.arguments = arguments
        }
        process.currentDirectoryURL = folder.url
        // Through files, not pipes: a full pipe would block a talkative child.
        let output = folder.url.appending(path: ".output-\(UUID().uuidString)")
        let errors = folder.url.appending(path: ".errors-\(UUID().uuidString)")
        defer {
            try? FileManager.default.removeItem(at: output)
            try? FileManager.default.removeItem(at: errors)
        }
        try Data().write(to: output)
        try Data().write(to: errors)
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.run()
        process.waitUntilExit()
        return Result(
            status: process.terminationStatus,
            output: String(decoding: try Data(contentsOf: output), as: UTF8.self),
            errors: String(decoding: try Data(contentsOf: errors), as: UTF8.self))
    }
}

/// A folder that is gone when its last owner is.
final class TemporaryFolder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "lethe-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    /// The path of a file in the folder.
    func path(_ name: String) -> String { url.appending(path: name).path }

    /// The bytes of a file in the folder.
    func bytes(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: url.appending(path: name))) }

    /// Writes a file in the folder.
    func write(_ bytes: [UInt8], to name: String) throws { try Data(bytes).write(to: url.appending(path: name)) }

    /// Every file and folder below, but for what a command is writing to just now and SQLite's own files beside a database.
    func names() throws -> Set<String> {
        Set(
            try FileManager.default.subpathsOfDirectory(atPath: url.path).filter {
                !$0.hasPrefix(".output-") && !$0.hasPrefix(".errors-") && !$0.hasSuffix("-wal") && !$0.hasSuffix("-shm")
            })
    }

    /// Whether a file is there.
    func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: url.appending(path: name).path) }
}
