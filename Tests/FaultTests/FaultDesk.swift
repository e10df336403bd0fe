import Foundation
import LetheBytes
import LetheCrypto
import LetheRecommendation
import LetheRequests
import LetheStatements
import Testing

/// A folder that is gone when its last owner is.
final class ScratchFolder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "lethe-fault-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// A call that is struck, and how.
struct Fault: Sendable, CustomStringConvertible {
    enum Mode: String, Sendable, CaseIterable {
        case lost, kept, torn, before, after
    }

    var at: Int
    var mode = Mode.lost
    var repeats = false
    var code: Int32 = EIO

    var description: String { "\(mode.rawValue) at call \(at)\(repeats ? " and later" : ""), error \(code)" }
}

/// What a run of the program left behind.
struct Outcome: Sendable {
    let status: Int32
    /// Whether it was killed.
    let wasKilled: Bool
    let output: String
    let errors: String
    /// How many calls were counted; nil where the process could not say.
    let calls: Int?

    /// The ids that it reported as received.
    var acknowledged: [String] {
        output.split(separator: "\n").compactMap { line in
            line.contains("received as entry")
                ? line.split(separator: " ").first { $0.count == 36 && $0.split(separator: "-").count == 5 }.map(
                    String.init)
                : nil
        }
    }
}

/// A workspace with nothing but a log, made once and copied for each try; and the program that works on it.
struct FaultDesk: Sendable {
    static let origin = "fault.lethe.example/ledger"
    static let executable = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "lethe")

    /// Data, policy and the workspace to copy.
    let template: ScratchFolder
    let shim: String
    let portal: SigningKey
    let users: [Int]

    @TaskLocal private static var shared: FaultDesk?

    static var current: FaultDesk { get throws { try #require(shared) } }

    static func withShared(_ body: @Sendable () async throws -> Void) async throws {
        try await $shared.withValue(try FaultDesk()) { try await body() }
    }

    private init() throws {
        template = try ScratchFolder()
        var configuration = SynthesisConfiguration()
        configuration.windowUsers = 60
        configuration.lateUsers = 3
        configuration.ratingsPerWindowUser = 10...12
        configuration.ratingsPerEarlyUser = 12...14
        configuration.popularFilms = 40
        configuration.seriesPerUser = 3
        try DataSynthesizer(configuration: configuration, seed: 5).write(to: template.path + "/data")
        var splitting = PaperProtocol()
        splitting.historyLimit = 10
        users = try splitting.split(MovieLens.load(template.path + "/data")).trainingUsers
        shim = template.path + "/faults.so"
        try Self.compileShim(to: shim)
        let made = try Self.run(
            ["init", "--workspace", "desk", "--data", template.path + "/data", "--origin", Self.origin],
            in: template.path, shim: shim)
        guard made.status == 0 else { throw Problem("init: \(made.errors)") }
        portal = try SigningKey(
            pem: String(decoding: Files.read(template.path + "/desk/keys/portal.pem", limit: 4_096), as: UTF8.self))
    }

    struct Problem: Error, CustomStringConvertible {
        let description: String

        init(_ description: String) { self.description = description }
    }

    /// Builds the library that strikes calls, with whatever C compiler there is.
    private static func compileShim(to path: String) throws {
        let source = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Shim/faults.c").path
        var failure = ""
        for compiler in ["cc", "clang", "gcc"] {
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/env")
            process.arguments = [compiler, "-shared", "-fPIC", "-O1", "-o", path, source, "-ldl"]
            let errors = Pipe()
            process.standardError = errors
            try process.run()
            failure = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            if process.terminationStatus == 0 { return }
        }
        throw Problem("no C compiler builds the fault shim: \(failure)")
    }

    /// A fresh copy of the workspace as `disk/desk` in a folder of its own.
    func copy() throws -> ScratchFolder {
        let folder = try ScratchFolder()
        try FileManager.default.createDirectory(atPath: folder.path + "/disk", withIntermediateDirectories: false)
        try FileManager.default.copyItem(atPath: template.path + "/desk", toPath: folder.path + "/disk/desk")
        return folder
    }

    /// Signed requests of `count` people, as files of the folder; returns their names.
    func sign(_ count: Int, from first: Int = 0, in folder: ScratchFolder) throws -> [String] {
        let now = try Timestamp(secondsSinceEpoch: Int64(Date().timeIntervalSince1970) - 5)
        return try (first..<(first + count)).map { number in
            // A request is unique by its id and nonce, not by its person.
            var generator = SystemRandomNumberGenerator()
            let subject = try #require(SubjectIdentity(type: "user-id", value: "\(users[number % users.count])"))
            let request = try DeletionRequest(
                regulation: .gdpr, subject: subject, audience: Self.origin, issuedAt: now, validSeconds: 80_000,
                agent: "privacy-portal",
                identity: IdentityProof(level: .accountAuthenticated, method: .accountSession), using: &generator)
            let name = "request-\(number).json"
            try Files.write(request.sign(with: portal), to: folder.path + "/" + name)
            return name
        }
    }

    func run(_ arguments: [String], in folder: ScratchFolder, fault: Fault? = nil) throws -> Outcome {
        try Self.run(arguments, in: folder.path, shim: shim, fault: fault)
    }

    /// Runs the program in `folder`, its calls below `folder/disk` counted.
    static func run(_ arguments: [String], in folder: String, shim: String, fault: Fault? = nil) throws -> Outcome {
        let process = Process()
        process.executableURL = executable
        process.arguments = arguments
        process.currentDirectoryURL = URL(filePath: folder)
        let count = folder + "/.calls"
        try? FileManager.default.removeItem(atPath: count)
        var environment = ProcessInfo.processInfo.environment
        environment["LD_PRELOAD"] = shim
        environment["LETHE_FAULT_ROOT"] = folder + "/disk"
        environment["LETHE_FAULT_COUNT"] = count
        environment["LETHE_FAULT_AT"] = "\(fault?.at ?? 0)"
        environment["LETHE_FAULT_MODE"] = fault?.mode.rawValue ?? "lost"
        environment["LETHE_FAULT_REPEAT"] = fault?.repeats == true ? "1" : "0"
        environment["LETHE_FAULT_ERRNO"] = "\(fault?.code ?? EIO)"
        process.environment = environment
        let (output, errors) = (folder + "/.output", folder + "/.errors")
        for path in [output, errors] { _ = FileManager.default.createFile(atPath: path, contents: nil) }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle(forWritingAtPath: output)
        process.standardError = FileHandle(forWritingAtPath: errors)
        try process.run()
        process.waitUntilExit()
        func text(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
        return Outcome(
            status: process.terminationStatus, wasKilled: process.terminationReason == .uncaughtSignal,
            output: text(output), errors: text(errors),
            calls: Int(text(count).trimmingCharacters(in: .whitespacesAndNewlines)))
    }

    /// Checks what must hold after whatever happened: the audit finds nothing, and what was acknowledged is there.
    func expectWhole(
        _ folder: ScratchFolder, acknowledged: Set<String>, _ story: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let audit = try run(["log", "audit", "--workspace", "disk/desk"], in: folder)
        #expect(audit.status == 0, "\(story): \(audit.output)\(audit.errors)", sourceLocation: sourceLocation)
        guard !acknowledged.isEmpty else { return }
        let list = try run(["request", "list", "--json", "--workspace", "disk/desk"], in: folder)
        let known = try StrictJSON.parse(Array(list.output.utf8)).arrayValue?.compactMap {
            $0["requestId"]?.stringValue
        }
        #expect(
            acknowledged.isSubset(of: known ?? []), "\(story): an acknowledged request is lost",
            sourceLocation: sourceLocation)
    }
}

/// Makes the desk before the first test of the suite and takes it away after the last.
struct SharedFaultDesk: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await FaultDesk.withShared(function)
    }
}

/// Faults of the real program on the real file system: one after the other, the machine has few cores.
@Suite(SharedFaultDesk(), .serialized) struct FaultTests {}
