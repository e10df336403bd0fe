import LetheBytes
import LetheCrypto
import LetheRequests
import LetheStatements

/// Whom a change of a request's status is told, and how far that has come: one file beside the workspace for each request that asked for it.
///
/// No personal data: the URLs are sealed, and gone once the last status was told. What stays are hosts that the configuration names, words of
/// the protocols, and counts.
struct Callback: Sendable, Equatable {
    /// One place that is told.
    struct Target: Sendable, Equatable {
        /// The host of its URL.
        let host: CallbackHost
        /// The last status that it has, or that was given up.
        var settled: String
        /// The status that the attempts are about.
        var about: String
        /// Attempts to tell that status.
        var attempts = 0
        /// When the next one is due.
        var dueAt: Timestamp
        /// When the last one was.
        var lastAt: Timestamp?
        /// What the last one was answered with; nil where there was no answer.
        var answer: Int?
        /// How telling it stands.
        var outcome = Outcome.none
    }

    /// How telling a status stands.
    enum Outcome: String, Sendable, CaseIterable {
        /// Nothing was to be told yet.
        case none
        /// The host took it.
        case delivered
        /// The last attempt failed, and there will be another.
        case failed
        /// It was tried as often as the configuration says.
        case givenUp = "given-up"
    }

    /// The request.
    let request: RequestID
    /// The format whose words its sender is told.
    let format: RequestFormat
    /// The URLs, in the order of the targets; nil once nothing will be told any more.
    var sealed: [UInt8]?
    /// Each place.
    var targets: [Target]

    /// Takes a new status: attempts start from the beginning, since another one is told now.
    mutating func look(at status: String, now: Timestamp) {
        for place in targets.indices where targets[place].about != status {
            (targets[place].about, targets[place].attempts, targets[place].dueAt) = (status, 0, now)
        }
    }

    /// The places that are to be told now.
    func due(_ now: Timestamp) -> [Int] {
        targets.indices.filter { targets[$0].about != targets[$0].settled && targets[$0].dueAt <= now }
    }

    /// Whether each place has the status, or was given up.
    var isSettled: Bool { targets.allSatisfy { $0.about == $0.settled } }
}

extension Callback {
    /// As its file has it.
    var json: JSONValue {
        var members: [String: JSONValue] = [
            "version": "1", "request": .string(request.text), "format": .string(format.rawValue),
            "targets": .array(targets.map(\.json)),
        ]
        members["sealed"] = sealed.map { .string(Base64.encode($0)) }
        return .object(members)
    }

    /// Reads what `json` made; nil where anything has another form.
    init?(json: JSONValue) {
        let fields = JSONFields(json)
        guard (try? fields.member("version").require("1")) != nil,
            let request = (try? fields.member("request").string()).flatMap({ RequestID($0) }),
            let format = try? fields.member("format").oneOf(RequestFormat.self),
            let targets = try? fields.member("targets").array()
        else { return nil }
        (self.request, self.format) = (request, format)
        self.targets = targets.compactMap { Target($0) }
        guard self.targets.count == targets.count, !targets.isEmpty else { return nil }
        if let text = json["sealed"]?.stringValue {
            guard let bytes = try? Base64.decode(text) else { return nil }
            sealed = bytes
        }
    }
}

extension Callback.Target {
    fileprivate var json: JSONValue {
        var members: [String: JSONValue] = [
            "host": .string("\(host)"), "settled": .string(settled), "about": .string(about),
            "attempts": .string("\(attempts)"), "dueAt": .string("\(dueAt)"), "outcome": .string(outcome.rawValue),
        ]
        members["lastAt"] = lastAt.map { .string("\($0)") }
        members["answer"] = answer.map { .string("\($0)") }
        return .object(members)
    }

    fileprivate init?(_ fields: JSONFields) {
        guard let host = (try? fields.member("host").string()).flatMap({ CallbackHost($0) }),
            let settled = try? fields.member("settled").string(), let about = try? fields.member("about").string(),
            let attempts = try? fields.member("attempts").wholeNumber(), attempts <= 1_000,
            let dueAt = try? fields.member("dueAt").timestamp(),
            let outcome = try? fields.member("outcome").oneOf(Callback.Outcome.self)
        else { return nil }
        self.init(
            host: host, settled: settled, about: about, attempts: Int(attempts), dueAt: dueAt,
            lastAt: try? fields.member("lastAt").timestamp(),
            answer: (try? fields.member("answer").wholeNumber()).flatMap { $0 <= 999 ? Int($0) : nil },
            outcome: outcome)
    }
}
