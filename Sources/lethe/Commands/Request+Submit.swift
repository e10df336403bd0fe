import ArgumentParser
import Foundation
import LetheBytes
import LetheMachine
import LetheRequests
import LetheService

extension Request {
    /// `lethe request submit`
    struct Submit: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "submit", abstract: "Check signed requests and record them in the log.",
            discussion: """
                Refused requests (forged, replayed, expired, for another controller) change nothing and harm no other: each gets \
                its own answer, and the exit code is 2 where one was refused. A request is reported as received only when it is \
                on the disk. Many at once are much faster than one by one: they are checked on all cores and become durable in \
                groups. --lines reads one request a line, as `request sign` writes them, from a file or, with -, from standard \
                input.

                One file in another format: --format drp with --business, --agent and --agents, a JSON array of the service directory's \
                entries, whose key must be a registered requester's; --format opendsr, which nobody signs. Whom its claims mean, the \
                controller says with --subject. Where the identity is not proved as the policy asks, the request waits for a proof.
                """)

        @Argument(help: ArgumentHelp("Signed requests.", valueName: "file"))
        var files: [String] = []

        @Option(
            name: .long, help: ArgumentHelp("Submit every file of a folder, in the order of names.", valueName: "dir"))
        var from: String?

        @Option(
            name: .long, help: ArgumentHelp("Submit one request a line; - reads standard input.", valueName: "file"))
        var lines: String?

        @Option(name: .long, help: "How many become durable together at most.")
        var group = Workspace.groupSize

        @Option(name: .long, help: "native, drp or opendsr.")
        var format = FormatName.native

        @OptionGroup var doorOptions: DoorOptions

        @OptionGroup var workspaceOptions: WorkspaceOptions
        @OptionGroup var outputOptions: OutputOptions

        func validate() throws {
            guard [!files.isEmpty, from != nil, lines != nil].count(where: { $0 }) == 1 else {
                throw ValidationError("expected files, or --from, or --lines")
            }
            guard (1...65_536).contains(group) else { throw ValidationError("--group: expected 1 to 65536") }
            guard format == .native || files.count == 1 else {
                throw ValidationError("--format \(format.rawValue): expected one file")
            }
            try doorOptions.validate(for: format)
        }

        func run() throws {
            if format != .native { return try submitForeign(files[0]) }
            if files.count == 1 { return try submitOne(files[0]) }
            let workspace = try openWorkspace(workspaceOptions)
            let source: SubmissionSource
            if let lines {
                source = try .lines(lines)
            } else {
                source = .files(
                    try from.map { folder in try Files.names(in: folder).map { Files.join(folder, $0) } } ?? files)
            }
            var tally = Tally()
            try workspace.submit(source, groupSize: group) { outcomes in
                for outcome in outcomes { tally.add(outcome, of: source.name(tally.count), json: outputOptions.json) }
            }
            if let failure = source.failure { throw failure }
            if outputOptions.json {
                try outputOptions.show(
                    [
                        "received": .string("\(tally.received)"), "refused": .string("\(tally.refused)"),
                        "results": .array(tally.results),
                    ], "")
            }
            guard tally.refused == 0 else {
                throw InputError("\(tally.refused) of \(tally.count) requests were refused, \(tally.received) received")
            }
        }

        private func submitOne(_ file: String) throws {
            let bytes = try Files.read(file, limit: DeletionRequest.maximumByteCount + 1)
            let record = try openWorkspace(workspaceOptions).submit(bytes)
            try outputOptions.show(
                record.json,
                "request \(record.requestID.text) received as entry \(record.receivedIndex); answer due \(record.due)")
        }

        private func submitForeign(_ file: String) throws {
            let bytes = try Files.read(file, limit: DeletionRequest.maximumByteCount + 1)
            let door = try doorOptions.door(for: format)
            let workspace = try openWorkspace(workspaceOptions)
            let received = try workspace.submit(bytes, through: door, subject: doorOptions.subject)
            let record = received.record
            try outputOptions.show(
                record.json.adding([
                    "repetition": .bool(received.isRepetition),
                    "answer": format.format.answer(to: received, from: workspace),
                ]),
                "request \(record.requestID.text) "
                    + (received.isRepetition ? "was received before, nothing changed," : "received")
                    + " as entry \(record.receivedIndex): \(record.state.name); answer due \(record.due)")
        }

        /// What became of the requests so far.
        private struct Tally {
            var received = 0
            var refused = 0
            var results: [JSONValue] = []

            var count: Int { received + refused }

            /// Counts an outcome and, for people, tells it at once: a receipt is worth something as soon as it is durable.
            mutating func add(_ outcome: SubmissionOutcome, of name: String, json: Bool) {
                switch outcome {
                case .received(let record):
                    received += 1
                    if json {
                        results.append(["source": .string(name), "received": record.json])
                    } else {
                        StandardOutput.line(
                            "\(name): request \(record.requestID.text) received as entry \(record.receivedIndex); "
                                + "answer due \(record.due)")
                    }
                case .refused(let error):
                    refused += 1
                    if json {
                        results.append(["source": .string(name), "refused": .string("\(error)")])
                    } else {
                        StandardOutput.line("\(name): refused: \(error)")
                    }
                }
            }
        }
    }
}

/// Where requests come from, read one after the other as they are needed.
final class SubmissionSource: Sequence, IteratorProtocol {
    private let read: () throws -> [UInt8]?
    private let names: [String]?
    private let prefix: String
    /// What ended the reading early.
    private(set) var failure: (any Error)?

    private init(names: [String]?, prefix: String, read: @escaping () throws -> [UInt8]?) {
        self.names = names
        self.prefix = prefix
        self.read = read
    }

    /// The requests in these files.
    static func files(_ paths: [String]) -> SubmissionSource {
        var rest = paths[...]
        return SubmissionSource(names: paths, prefix: "") {
            try rest.popFirst().map { try Files.read($0, limit: DeletionRequest.maximumByteCount + 1) }
        }
    }

    /// The requests in the lines of a file, or of standard input for "-".
    static func lines(_ path: String) throws -> SubmissionSource {
        let handle: FileHandle
        if path == "-" {
            handle = .standardInput
        } else {
            guard Files.kind(path) == .file, let opened = FileHandle(forReadingAtPath: path) else {
                throw InputError("\(path): expected a file that can be read")
            }
            handle = opened
        }
        var pending: [UInt8] = []
        var start = 0
        var isAtEnd = false
        return SubmissionSource(names: nil, prefix: path == "-" ? "line" : "\(path):") {
            while true {
                if let end = pending[start...].firstIndex(of: 0x0A) {
                    defer { start = end + 1 }
                    return Array(pending[start..<end])
                }
                if isAtEnd {
                    defer { start = pending.count }
                    return start < pending.count ? Array(pending[start...]) : nil
                }
                // A line that is too long is refused like any other; there is no need to hold all of it.
                guard pending.count - start <= 1 << 20 else {
                    throw InputError("\(path): a line has more than 1048576 bytes; expected one request a line")
                }
                pending.removeFirst(start)
                start = 0
                let data = try handle.read(upToCount: 1 << 16) ?? Data()
                isAtEnd = data.isEmpty
                pending += data
            }
        }
    }

    func next() -> [UInt8]? {
        guard failure == nil else { return nil }
        do { return try read() } catch {
            failure = error
            return nil
        }
    }

    /// What to call the request at `index`, counted from zero.
    func name(_ index: Int) -> String {
        names.map { $0[index] } ?? (prefix.hasSuffix(":") ? "\(prefix)\(index + 1)" : "\(prefix) \(index + 1)")
    }
}
