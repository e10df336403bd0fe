import LetheBytes
public import LetheCrypto
public import LetheLog

// Invariants of this file:
// 1. A trust file names every key it trusts and for what; nothing is trusted by default and no line is ignored but blank ones and `#`.
// 2. With roles, there is an origin, and at least one controller, one verifier and one log key, whose name is the origin.
// 3. A key without a validity counts for the whole log; one key has one validity.
// 4. A bare public key is trusted for every role; then nobody claims that the roles are apart.

/// The keys that an auditor trusts, and for what.
///
/// A text file:
///
///     origin lethe.example/acme
///     controller
///     -----BEGIN PUBLIC KEY-----
///     …
///     -----END PUBLIC KEY-----
///     verifier
///     -----BEGIN PUBLIC KEY-----
///     …
///     log lethe.example/acme+012675a3+AZu9IVSabTIQGQ+Q0OGQBnviY3tjC0NE1MmOKclep2oz
///
/// `log` takes a verifier key on its line or a PEM block after it; `witness` takes a verifier key. Roles may be repeated; where keys
/// changed, each line says for which entries its key counts: `controller from 2 until 40`, `log VKEY from 41`,
/// `verifier from 3 compromised 17`. The lines `witness NAME VKEY [URL]`, `group NAME K MEMBER…` and `quorum NAME` of C2SP's
/// tlog-policy say which cosignatures a certificate's checkpoint must carry. Or the file is one bare `PUBLIC KEY` block.
public struct TrustFile: Sendable, Equatable {
    /// The name of the log; nil for a bare key, which is trusted for any log.
    public let origin: String?
    /// The keys that may sign certificates.
    public let controllers: [VerifyingKey]
    /// The keys that may sign test results.
    public let verifiers: [VerifyingKey]
    /// The keys that may sign checkpoints.
    public let logs: [VerifyingKey]
    /// The witnesses whose cosignatures count.
    public let witnesses: [NoteVerifier]
    /// The cosignatures that a checkpoint must carry; nil where none are demanded.
    public let quorum: WitnessPolicy?
    /// Whether the file tells roles apart.
    public let hasRoles: Bool
    /// For which entries a key counts; those not named count for all.
    public private(set) var validity: [VerifyingKey: KeyValidity] = [:]

    /// Trusts keys by role.
    ///
    /// - Throws: `.missingRole`, `.invalidOrigin`.
    public init(
        origin: String, controllers: [VerifyingKey], verifiers: [VerifyingKey], logs: [VerifyingKey],
        witnesses: [NoteVerifier] = [], quorum: WitnessPolicy? = nil
    ) throws(TrustFileError) {
        for (role, keys) in [("controller", controllers), ("verifier", verifiers), ("log", logs)] where keys.isEmpty {
            throw .missingRole(role)
        }
        do {
            _ = try NoteVerifier(name: origin, key: logs[0])
        } catch {
            throw .invalidOrigin(error)
        }
        self.origin = origin
        self.controllers = controllers
        self.verifiers = verifiers
        self.logs = logs
        var known: [NoteVerifier] = []
        for key in witnesses + (quorum?.witnessKeys ?? []) where !known.contains(key) { known.append(key) }
        self.witnesses = known
        self.quorum = quorum
        hasRoles = true
    }

    /// The same origin and witnesses with other keys: what a log publishes when its keys change.
    ///
    /// - Throws: as `init`.
    public func replacing(
        controllers: [VerifyingKey], verifiers: [VerifyingKey], logs: [VerifyingKey],
        validity: [VerifyingKey: KeyValidity]
    ) throws(TrustFileError) -> TrustFile {
        var trust = try TrustFile(
            origin: origin ?? "", controllers: controllers, verifiers: verifiers, logs: logs, witnesses: witnesses,
            quorum: quorum)
        trust.validity = validity.filter { $0.value != .always }
        return trust
    }

    /// For which entries `key` counts.
    public func validity(of key: VerifyingKey) -> KeyValidity { validity[key] ?? .always }

    /// Trusts one key for every role.
    public init(key: VerifyingKey) {
        origin = nil
        controllers = [key]
        verifiers = [key]
        logs = [key]
        witnesses = []
        quorum = nil
        hasRoles = false
    }

    /// Reads a trust file or a bare public key in PEM.
    ///
    /// - Throws: the first line that does not fit, by its number.
    public init(parsing text: String) throws(TrustFileError) {
        var lines = TrustLines(text)
        if lines.startsWithPEM {
            do {
                self.init(key: try VerifyingKey(pem: text))
            } catch {
                throw .key(line: 1, error)
            }
            return
        }
        var origin: String?
        var (controllers, verifiers, logs): ([VerifyingKey], [VerifyingKey], [VerifyingKey]) = ([], [], [])
        var (named, witnesses): ([(line: Int, key: NoteVerifier)], [NoteVerifier]) = ([], [])
        var validity: [VerifyingKey: KeyValidity] = [:]
        func note(_ key: VerifyingKey, _ words: ArraySlice<Substring>, _ line: TrustLines.Line) throws(TrustFileError) {
            guard let read = KeyValidity(words: Array(words)) else {
                throw .unknownLine(line: line.number, found: line.text)
            }
            guard validity[key] == nil || validity[key] == read else { throw .twoValidities(line: line.number) }
            validity[key] = read
        }
        var draft = WitnessPolicyDraft()
        while let line = lines.next() {
            let words = line.text.utf8.split { $0 == 0x20 || $0 == 0x09 }.map { Array($0) }
            let arguments = (line.argument ?? "").split(separator: " ", omittingEmptySubsequences: false)[...]
            let isKeyAfter =
                line.argument == nil || arguments.first.map { ["from", "until", "compromised"].contains($0) } == true
            let validityWords = line.argument == nil ? [] : arguments
            switch (line.word, line.argument) {
            case ("group", _?), ("quorum", _?),
                ("witness", _?) where line.word != "witness" || words.count > 2:
                do { try draft.add(words, line: line.number) } catch { throw .policy(error) }
            case ("origin", let name?):
                guard origin == nil else { throw .duplicateOrigin(line: line.number) }
                origin = name
            case ("controller", _) where isKeyAfter:
                controllers.append(try lines.key(after: line.number))
                try note(controllers[controllers.count - 1], validityWords, line)
            case ("verifier", _) where isKeyAfter:
                verifiers.append(try lines.key(after: line.number))
                try note(verifiers[verifiers.count - 1], validityWords, line)
            case ("log", _) where isKeyAfter:
                logs.append(try lines.key(after: line.number))
                try note(logs[logs.count - 1], validityWords, line)
            case ("log", _?):
                let key = try Self.noteVerifier(String(arguments.first ?? ""), .ed25519, line.number)
                named.append((line.number, key))
                logs.append(key.key)
                try note(key.key, arguments.dropFirst(), line)
            case ("witness", let vkey?): witnesses.append(try Self.noteVerifier(vkey, .cosignatureV1, line.number))
            default: throw .unknownLine(line: line.number, found: line.text)
            }
        }
        guard let origin else { throw .missingRole("origin") }
        for (line, key) in named where Array(key.name.utf8) != Array(origin.utf8) {
            throw .logNameIsNotOrigin(line: line, expected: origin, found: key.name)
        }
        var quorum: WitnessPolicy?
        if !draft.isEmpty {
            do { quorum = try draft.policy() } catch { throw .policy(error) }
        }
        try self.init(
            origin: origin, controllers: controllers, verifiers: verifiers, logs: logs, witnesses: witnesses,
            quorum: quorum)
        self.validity = validity.filter { $0.value != .always }
    }

    /// The file as text; reading it gives the same value.
    public var text: String {
        guard let origin else { return controllers[0].pem }
        var text =
            "# Keys that verify certificates of this log. Compare them over another channel before you trust them.\n"
        text += "origin \(origin)\n"
        for (role, keys) in [("controller", controllers), ("verifier", verifiers)] {
            for key in keys { text += "\(role)\(validity(of: key).words)\n\(key.pem)" }
        }
        for key in logs {
            if let verifier = try? NoteVerifier(name: origin, key: key) {
                text += "log \(verifier.vkey)\(validity(of: key).words)\n"
            }
        }
        for witness in witnesses where quorum?.witnessKeys.contains(witness) != true {
            text += "witness \(witness.vkey)\n"
        }
        return text + (quorum?.text ?? "")
    }

    private static func noteVerifier(
        _ vkey: String, _ kind: NoteKeyKind, _ line: Int
    ) throws(TrustFileError) -> NoteVerifier {
        do throws(NoteKeyError) {
            let key = try NoteVerifier(vkey: vkey)
            guard key.kind == kind else { throw NoteKeyError.unknownKind(found: key.kind.rawValue) }
            return key
        } catch {
            throw .vkey(line: line, error)
        }
    }
}

/// The lines of a trust file that mean something, with their numbers.
private struct TrustLines {
    struct Line {
        let number: Int
        let text: String
        let word: String
        let argument: String?
    }

    private var rest: ArraySlice<(number: Int, text: String)>

    init(_ text: String) {
        let lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
        rest =
            lines.enumerated().map { (number: $0.offset + 1, text: String($0.element)) }
            .filter { !$0.text.isEmpty && !$0.text.hasPrefix("#") }[...]
    }

    var startsWithPEM: Bool { rest.first?.text.hasPrefix("-----BEGIN ") ?? false }

    mutating func next() -> Line? {
        guard let (number, text) = rest.popFirst() else { return nil }
        let parts = text.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        return Line(
            number: number, text: text, word: String(parts[0]), argument: parts.count > 1 ? String(parts[1]) : nil)
    }

    /// The PEM block that must follow line `number`.
    mutating func key(after number: Int) throws(TrustFileError) -> VerifyingKey {
        var block = ""
        var first = number + 1
        while let (number, text) = rest.first {
            if block.isEmpty { first = number }
            guard !block.isEmpty || text.hasPrefix("-----BEGIN ") else { break }
            rest.removeFirst()
            block += text + "\n"
            if text.hasPrefix("-----END ") { break }
        }
        do {
            return try VerifyingKey(pem: block)
        } catch {
            throw .key(line: first, error)
        }
    }
}

/// Why text is not a trust file.
public enum TrustFileError: Error, Equatable, CustomStringConvertible {
    /// A line of an unknown form.
    case unknownLine(line: Int, found: String)
    /// A second `origin`.
    case duplicateOrigin(line: Int)
    /// The origin is not a name that a log can have.
    case invalidOrigin(NoteKeyError)
    /// A key that an earlier line gives another validity.
    case twoValidities(line: Int)
    /// A role without a key, or no origin.
    case missingRole(String)
    /// A public key.
    case key(line: Int, KeyError)
    /// A verifier key of a log or witness.
    case vkey(line: Int, NoteKeyError)
    /// A line on witnesses, groups and quorum.
    case policy(WitnessPolicyError)
    /// The log's key has another name than the origin.
    case logNameIsNotOrigin(line: Int, expected: String, found: String)

    /// One line that says where, with expected and found.
    public var description: String {
        switch self {
        case .unknownLine(let line, let found):
            "trust file: line \(line): expected origin NAME, controller, verifier, log or witness VKEY, group or quorum, "
                + "found \(Printable.quoted(found))"
        case .duplicateOrigin(let line): "trust file: line \(line): a second origin"
        case .twoValidities(let line): "trust file: line \(line): the same key counts for other entries above"
        case .invalidOrigin(let error): "trust file: origin: \(error)"
        case .missingRole("origin"): "trust file: no line \"origin NAME\" and no bare public key"
        case .missingRole(let role): "trust file: no key for the role \(role)"
        case .key(let line, let error): "trust file: line \(line): \(error)"
        case .vkey(let line, let error): "trust file: line \(line): \(error)"
        case .policy(let error): "trust file: \(error)"
        case .logNameIsNotOrigin(let line, let expected, let found):
            "trust file: line \(line): expected a log key named \(Printable.quoted(expected)), "
                + "found \(Printable.quoted(found))"
        }
    }
}
