import LetheCrypto

// Invariants of this file (C2SP tlog-policy):
// 1. A policy names logs, witnesses, groups of them and one quorum; names are octets, never compared as Unicode.
// 2. Groups and quorum refer to names above them, and each name is a member of one group at most: a tree, so nobody counts twice.
// 3. Keys are told apart by their 32 bytes: one key under two names is a duplicate and refused.
// 4. A line that is none of these is refused by its number; nothing is skipped but blank lines and comments.

/// Which logs are accepted, and which witnesses must have cosigned a checkpoint before it counts.
public struct WitnessPolicy: Sendable, Equatable {
    /// A name inside a policy: octets.
    public struct Name: Sendable, Hashable, CustomStringConvertible {
        /// As the policy spells it.
        public let bytes: [UInt8]

        init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }

        /// The name for people; octets that are not UTF-8 are repaired.
        public var description: String { String(decoding: bytes, as: UTF8.self) }

        static let none = Name("none".utf8)
    }

    /// A log or witness, and where it answers.
    public struct Party: Sendable, Equatable {
        /// The name in this policy; a log's is its origin.
        public let name: Name
        /// The key.
        public let verifier: NoteVerifier
        /// Where it answers, for those who talk to it.
        public let url: String?
    }

    /// A set of which enough must agree.
    public struct Group: Sendable, Equatable {
        /// The name in this policy.
        public let name: Name
        /// How many members must have cosigned.
        public let threshold: Int
        /// Witnesses and groups above.
        public let members: [Name]
    }

    /// The logs that are accepted; empty where they are known otherwise.
    public let logs: [Party]
    /// The witnesses whose cosignatures count.
    public let witnesses: [Party]
    /// The groups, each after those that it names.
    public let groups: [Group]
    /// The witness or group that must have cosigned; nil for `quorum none`.
    public let quorum: Name?

    /// Files above this size are refused unread.
    public static let maximumByteCount = 1 << 16

    /// Reads a policy.
    ///
    /// - Throws: the first line that does not fit, by its number.
    public init(parsing bytes: [UInt8]) throws(WitnessPolicyError) {
        guard bytes.count <= Self.maximumByteCount else {
            throw .tooLarge(limit: Self.maximumByteCount, found: bytes.count)
        }
        var draft = WitnessPolicyDraft()
        for (index, line) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            if let octet = line.first(where: { ($0 < 0x20 && $0 != 0x09) || $0 == 0x7F }) {
                throw .controlCharacter(line: index + 1, octet: octet)
            }
            let words = line.split { $0 == 0x20 || $0 == 0x09 }
            guard let first = words.first, first.first != UInt8(ascii: "#") else { continue }
            try draft.add(words.map { Array($0) }, line: index + 1)
        }
        self = try draft.policy()
    }

    init(logs: [Party], witnesses: [Party], groups: [Group], quorum: Name?) {
        self.logs = logs
        self.witnesses = witnesses
        self.groups = groups
        self.quorum = quorum
    }

    /// The keys of all witnesses.
    public var witnessKeys: [NoteVerifier] { witnesses.map(\.verifier) }

    /// Whether cosignatures by `cosigners` are enough.
    public func isMet(by cosigners: [NoteVerifier]) -> Bool {
        guard let quorum else { return true }
        var agreed = Set(witnesses.filter { cosigners.contains($0.verifier) }.map(\.name))
        // A group's members stand above it, so one pass from the top settles all.
        for group in groups where group.members.count(where: agreed.contains) >= group.threshold {
            agreed.insert(group.name)
        }
        return agreed.contains(quorum)
    }

    /// What the quorum asks for, in words.
    public var demand: String {
        guard let quorum else { return "no cosignature" }
        guard let group = groups.first(where: { $0.name == quorum }) else { return "the witness \(quorum)" }
        return "\(group.threshold) of \(group.members.map(\.description).joined(separator: ", "))"
    }

    /// The policy as a file; reading it gives the same value.
    public var text: String {
        func url(_ party: Party) -> String { party.url.map { " \($0)" } ?? "" }
        var lines = logs.map { "log \($0.verifier.vkey)\(url($0))" }
        lines += witnesses.map { "witness \($0.name) \($0.verifier.vkey)\(url($0))" }
        lines += groups.map { group in
            "group \(group.name) \(group.threshold) \(group.members.map(\.description).joined(separator: " "))"
        }
        lines.append("quorum \(quorum ?? .none)")
        return lines.map { $0 + "\n" }.joined()
    }
}

/// A policy that is being read, line by line: for policy files, and for trust files that hold one.
public struct WitnessPolicyDraft: Sendable {
    private var logs: [WitnessPolicy.Party] = []
    private var witnesses: [WitnessPolicy.Party] = []
    private var groups: [WitnessPolicy.Group] = []
    private var quorum: WitnessPolicy.Name??
    /// Names that are defined and are not yet a member of any group.
    private var free: Set<WitnessPolicy.Name> = []
    private var defined: Set<WitnessPolicy.Name> = [.none]

    /// More of anything than a person would write.
    private static let limit = 256

    /// An empty policy.
    public init() {}

    /// Whether any line was added.
    public var isEmpty: Bool { logs.isEmpty && witnesses.isEmpty && groups.isEmpty && quorum == nil }

    /// Adds a line, given as its words.
    ///
    /// - Throws: what is wrong with it, by its number.
    public mutating func add(_ words: [[UInt8]], line: Int) throws(WitnessPolicyError) {
        guard max(logs.count, witnesses.count, groups.count) < Self.limit else {
            throw .tooMany(line: line, limit: Self.limit)
        }
        let arguments = words.dropFirst()
        switch words.first.map({ String(decoding: $0, as: UTF8.self) }) {
        case "log" where (1...2).contains(arguments.count):
            let log = try party(name: nil, arguments, kind: .ed25519, line)
            guard !logs.contains(where: { $0.verifier.key == log.verifier.key }) else {
                throw .duplicateKey(line: line, name: log.verifier.name)
            }
            logs.append(log)
        case "witness" where (2...3).contains(arguments.count):
            let name = try define(words[1], line)
            let witness = try party(name: name, arguments.dropFirst(), kind: .cosignatureV1, line)
            guard !witnesses.contains(where: { $0.verifier.key == witness.verifier.key }) else {
                throw .duplicateKey(line: line, name: witness.verifier.name)
            }
            witnesses.append(witness)
        case "group" where arguments.count >= 3: try addGroup(Array(arguments), line)
        case "quorum" where arguments.count == 1:
            guard quorum == nil else { throw .secondQuorum(line: line) }
            let name = WitnessPolicy.Name(words[1])
            guard defined.contains(name) else { throw .undefinedName(line: line, name: "\(name)") }
            quorum = .some(name == .none ? nil : name)
        default:
            throw .unknownLine(
                line: line, found: String(decoding: Array(words.joined(separator: [0x20])), as: UTF8.self))
        }
    }

    /// The finished policy.
    /// - Throws: `.noQuorum`.
    public func policy() throws(WitnessPolicyError) -> WitnessPolicy {
        guard let quorum else { throw .noQuorum }
        return WitnessPolicy(logs: logs, witnesses: witnesses, groups: groups, quorum: quorum)
    }

    private mutating func addGroup(_ arguments: [[UInt8]], _ line: Int) throws(WitnessPolicyError) {
        let members = arguments.dropFirst(2).map { WitnessPolicy.Name($0) }
        for member in members {
            guard defined.contains(member), member != .none else {
                throw .undefinedName(line: line, name: "\(member)")
            }
            guard free.remove(member) != nil else { throw .memberTwice(line: line, name: "\(member)") }
        }
        let word = String(decoding: arguments[1], as: UTF8.self)
        let threshold =
            switch word {
            case "all": members.count
            case "any": 1
            default:
                !word.hasPrefix("0") && word.utf8.allSatisfy({ (0x30...0x39).contains($0) }) ? Int(word) ?? 0 : 0
            }
        guard (1...members.count).contains(threshold) else {
            throw .threshold(line: line, members: members.count, found: word)
        }
        groups.append(.init(name: try define(arguments[0], line), threshold: threshold, members: members))
    }

    private mutating func define(_ word: [UInt8], _ line: Int) throws(WitnessPolicyError) -> WitnessPolicy.Name {
        let name = WitnessPolicy.Name(word)
        guard defined.insert(name).inserted else { throw .duplicateName(line: line, name: "\(name)") }
        free.insert(name)
        return name
    }

    private func party(
        name: WitnessPolicy.Name?, _ arguments: ArraySlice<[UInt8]>, kind: NoteKeyKind, _ line: Int
    ) throws(WitnessPolicyError) -> WitnessPolicy.Party {
        let words = arguments.map { String(validating: $0, as: UTF8.self) ?? "" }
        do throws(NoteKeyError) {
            let verifier = try NoteVerifier(vkey: words.first ?? "")
            guard verifier.kind == kind else { throw NoteKeyError.unknownKind(found: verifier.kind.rawValue) }
            return .init(
                name: name ?? .init(verifier.name.utf8), verifier: verifier, url: words.dropFirst().first)
        } catch {
            throw .key(line: line, error)
        }
    }
}

/// Why text is not a witness policy.
public enum WitnessPolicyError: Error, Equatable, CustomStringConvertible {
    /// Above the limit.
    case tooLarge(limit: Int, found: Int)
    /// A control character other than tab and newline.
    case controlCharacter(line: Int, octet: UInt8)
    /// A line of an unknown form.
    case unknownLine(line: Int, found: String)
    /// A verifier key, or one of the wrong kind.
    case key(line: Int, NoteKeyError)
    /// One key on two lines.
    case duplicateKey(line: Int, name: String)
    /// A name that is taken, or `none`.
    case duplicateName(line: Int, name: String)
    /// A name that no line above defines.
    case undefinedName(line: Int, name: String)
    /// A name that is a member already: its vote would count twice.
    case memberTwice(line: Int, name: String)
    /// Not `all`, `any` or a number of members.
    case threshold(line: Int, members: Int, found: String)
    /// A second quorum.
    case secondQuorum(line: Int)
    /// More lines of one kind than are read.
    case tooMany(line: Int, limit: Int)
    /// No quorum at all; `quorum none` says that none is wanted.
    case noQuorum

    /// One line that says where, with expected and found.
    public var description: String {
        switch self {
        case .tooLarge(let limit, let found): "witness policy: expected at most \(limit) bytes, found \(found)"
        case .controlCharacter(let line, let octet): "witness policy: line \(line): control character \(octet)"
        case .unknownLine(let line, let found):
            "witness policy: line \(line): expected log VKEY [URL], witness NAME VKEY [URL], group NAME K MEMBER… "
                + "or quorum NAME, found \(Printable.quoted(found))"
        case .key(let line, let error): "witness policy: line \(line): \(error)"
        case .duplicateKey(let line, let name):
            "witness policy: line \(line): the key of \(Printable.quoted(name)) stands on an earlier line"
        case .duplicateName(let line, let name):
            "witness policy: line \(line): the name \(Printable.quoted(name)) is taken"
        case .undefinedName(let line, let name):
            "witness policy: line \(line): expected a name of a line above, found \(Printable.quoted(name))"
        case .memberTwice(let line, let name):
            "witness policy: line \(line): \(Printable.quoted(name)) is a member already; it would count twice"
        case .threshold(let line, let members, let found):
            "witness policy: line \(line): expected all, any or 1 to \(members), found \(Printable.quoted(found))"
        case .secondQuorum(let line): "witness policy: line \(line): a second quorum"
        case .tooMany(let line, let limit): "witness policy: line \(line): more than \(limit) lines of one kind"
        case .noQuorum: "witness policy: no line \"quorum NAME\"; \"quorum none\" asks for no cosignature"
        }
    }
}
