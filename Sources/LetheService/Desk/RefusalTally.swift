import LetheBytes
import LetheRequests
import LetheStatements

/// How many requests were turned away at the door, by local day, door and cause: a trace that names nobody.
///
/// A refused request leaves nothing in the log, since whoever can send one could make the log grow. Here each is one more in a file a year,
/// which stays small whatever is sent: the causes are words of this program's own. Not signed, so no evidence for others.
struct RefusalTally {
    /// Where the files are, one a year.
    let folder: String

    /// The most bytes that a file of a year may have; a year of every cause on every day has fewer.
    static let maximumFileSize = 1 << 23

    private typealias Counts = [String: [String: [String: Int]]]

    /// Adds refusals of the local day `day`. Several processes may do so at a time.
    /// - Throws: `ServiceError.workspaceDamaged` where the file is not what was written; `FileError`.
    func add(_ causes: [String], at door: RequestFormat, on day: CivilDate) throws {
        guard !causes.isEmpty else { return }
        if !Files.exists(folder) { try Files.createFolders(folder, permissions: 0o700) }
        let lock = try FolderLock(folder, waits: true)
        try withExtendedLifetime(lock) { try addLocked(causes, at: door, on: day) }
    }

    private func addLocked(_ causes: [String], at door: RequestFormat, on day: CivilDate) throws {
        var counts = try read(day.year)
        for cause in causes {
            let before = counts["\(day)", default: [:]][door.rawValue, default: [:]][cause, default: 0]
            counts["\(day)", default: [:]][door.rawValue, default: [:]][cause] = before + 1
        }
        let json = JSONValue.object(
            counts.mapValues { .object($0.mapValues { .object($0.mapValues { .string("\($0)") }) }) })
        try Files.write(try json.canonicalBytes() + [0x0A], to: path(day.year))
    }

    /// The sums over a period, by door and cause in order.
    func counts(in period: StatisticsPeriod) throws -> [RequestStatistics.TurnedAway] {
        guard Files.exists(folder) else { return [] }
        var sums: [RequestFormat: [String: Int]] = [:]
        for name in try Files.names(in: folder) {
            guard let year = Int(name.prefix { $0 != "." }), name == Self.name(year),
                (period.first.year...period.last.year).contains(year)
            else { continue }
            for (day, doors) in try read(year) {
                guard let day = try? CivilDate(day), period.contains(day) else { continue }
                for (door, causes) in doors {
                    guard let door = RequestFormat(rawValue: door) else { continue }
                    sums[door, default: [:]].merge(causes, uniquingKeysWith: Self.sum)
                }
            }
        }
        return RequestFormat.allCases.flatMap { door in
            (sums[door] ?? [:]).sorted { $0.key < $1.key }.map {
                RequestStatistics.TurnedAway(door: door, cause: $0.key, count: $0.value)
            }
        }
    }

    private func path(_ year: Int) -> String { Files.join(folder, Self.name(year)) }

    private static func name(_ year: Int) -> String { "\(year).json" }

    private func read(_ year: Int) throws -> Counts {
        let path = path(year)
        guard Files.exists(path) else { return [:] }
        let damaged = ServiceError.workspaceDamaged(
            file: path, problem: "expected counts of refusals by day, format and cause")
        let bytes = try Files.read(path, limit: Self.maximumFileSize)
        guard let days = (try? StrictJSON.parse(bytes, maximumDepth: 4))?.objectValue else { throw damaged }
        return try days.mapValues { doors in
            guard let doors = doors.objectValue else { throw damaged }
            return try doors.mapValues { causes in
                guard let causes = causes.objectValue else { throw damaged }
                return try causes.mapValues { count in
                    guard let count = count.stringValue.flatMap({ Int($0) }), (1..<1 << 53).contains(count) else {
                        throw damaged
                    }
                    return count
                }
            }
        }
    }

    private static func sum(_ left: Int, _ right: Int) -> Int {
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow ? .max : sum
    }
}

/// Why a request was turned away, in words that hold nothing of it.
struct RefusalCause {
    /// A word to count by.
    let code: String
    /// What kind of refusal it is, for a report.
    let kind: String

    /// The cause of an error that turns a request away; nil of one that is the machine's or the workspace's.
    init?(_ error: any Error) {
        switch error {
        case let refusal as RequestRefusal: self.init(code: refusal.code, kind: "not acceptable")
        case let refusal as ForeignRefusal: self.init(code: refusal.code, kind: "not acceptable")
        case let error as ServiceError:
            switch error {
            case .replayed: self.init(code: "replayed", kind: "replayed")
            case .unknownAgent: self.init(code: "unknown-agent", kind: "by an unknown agent")
            case .agentNotRegistered: self.init(code: "agent-not-registered", kind: "by an unknown agent")
            case .identityTooWeak: self.init(code: "identity-too-weak", kind: "identity not proved")
            case .subjectNotNamed: self.init(code: "subject-not-named", kind: "subject not named")
            case .subjectsDisagree: self.init(code: "subjects-disagree", kind: "subject not named")
            case .unsupportedSubjectType:
                self.init(code: "unsupported-subject-type", kind: "not for this data set")
            case .unknownSubject: self.init(code: "unknown-subject", kind: "not for this data set")
            default: return nil
            }
        default: return nil
        }
    }

    private init(code: String, kind: String) {
        self.code = code
        self.kind = kind
    }
}
