import LetheBytes
import LetheStatements

/// How often each recipient of a run was tried, beside the log: only final outcomes are entries.
///
/// Lost or changed, it costs nothing but the count that a later entry names.
struct NoticeAttempts: Equatable {
    /// The attempts at one recipient.
    struct Attempts: Equatable {
        /// How many.
        var count: UInt64 = 0
        /// When the last one was.
        var last: Timestamp?
        /// The status that the last one was answered with; nil where there was no answer.
        var status: UInt64?
        /// Why it did not succeed, in printable ASCII.
        var problem = ""
    }

    /// By the recipient's name.
    var byRecipient: [String: Attempts] = [:]

    private static func path(in folder: String) -> String { Files.join(folder, "notices.json") }

    /// What a run's folder has; nothing where the file is missing or no longer what was written.
    init(in folder: String) {
        guard let bytes = try? Files.read(Self.path(in: folder), limit: 1 << 20),
            let members = (try? StrictJSON.parse(bytes))?.objectValue
        else { return }
        for (name, value) in members {
            let fields = JSONFields(value)
            guard let count = try? fields.member("attempts").wholeNumber(), count < 1 << 32 else { continue }
            byRecipient[name] = Attempts(
                count: count, last: try? fields.member("at").timestamp(),
                status: try? fields.member("status").wholeNumber(),
                problem: ((try? fields.member("problem").string()) ?? "").asciiOnly)
        }
    }

    /// Writes the file, which is nobody else's business.
    func write(to folder: String) throws {
        let json = byRecipient.mapValues { attempts -> JSONValue in
            var members: [String: JSONValue] = [
                "attempts": .string("\(attempts.count)"), "problem": .string(attempts.problem),
            ]
            members["at"] = attempts.last.map { .string("\($0)") }
            members["status"] = attempts.status.map { .string("\($0)") }
            return .object(members)
        }
        try Files.write(
            try JSONValue.object(json).canonicalBytes() + [0x0A], to: Self.path(in: folder), permissions: 0o600)
    }
}
