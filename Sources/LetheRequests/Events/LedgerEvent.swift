import LetheBytes
public import LetheCrypto
public import LetheStatements

/// What happened, as one entry of the log says it.
///
/// Invariants: 1. no personal data and no free text: every string of an event is a short code, digest, time, number or
/// identifier, and building and parsing both refuse anything else; 2. numbers are strings, times RFC 3339 in UTC; 3. one
/// event has one spelling: parsing refuses what building would not have written. Every event has an `extra` dictionary for
/// members that later versions add; it is held to the same rules.
public enum LedgerEvent: Sendable, Equatable {
    /// Something happened to a request.
    case request(RequestEvent)
    /// A key was added, rotated or revoked.
    case key(KeyEvent)
    /// A policy took effect.
    case policy(PolicyEvent)
    /// A model was registered, read or retired.
    case model(ModelEvent)
    /// An unlearning run took a step.
    case run(RunEvent)
    /// The key of a request's personal data was destroyed.
    case shred(ShredEvent)
    /// A recipient of a person's data was told of its erasure, or was not.
    case notification(NotificationEvent)

    /// Reads the event of a statement; nil where the statement is something else, such as a certificate.
    /// - Throws: `EventError`, with the field.
    public init?(_ statement: Statement) throws(EventError) {
        switch statement.predicateType {
        case PredicateType.requestEvent: self = .request(try RequestEvent.read(statement))
        case PredicateType.keyEvent: self = .key(try KeyEvent.read(statement))
        case PredicateType.policyEvent: self = .policy(try PolicyEvent.read(statement))
        case PredicateType.modelEvent: self = .model(try ModelEvent.read(statement))
        case PredicateType.runEvent: self = .run(try RunEvent.read(statement))
        case PredicateType.shredEvent: self = .shred(try ShredEvent.read(statement))
        case PredicateType.notificationEvent: self = .notification(try NotificationEvent.read(statement))
        default: return nil
        }
    }

    /// Reads the event of a signed payload where its spelling alone tells which it is; nil where the payload must be parsed.
    package init?(recognizing payload: [UInt8]) {
        guard let event = CanonicalRequestEvent.read(payload) else { return nil }
        self = .request(event)
    }

    /// What its statement is said to mean.
    package var predicateType: String { type(of: body).predicateType }

    /// When it happened, by the clock of who logged it.
    public var at: Timestamp { body.at }

    /// The statement that says so.
    /// - Throws: `EventError` where a value is not allowed in the log.
    public func statement() throws(EventError) -> Statement { try body.statement() }

    /// The log entry: a canonical DSSE envelope over the statement, signed by each of `keys`.
    /// - Throws: `EventError` where a value is not allowed in the log or the entry is too large.
    public func sign(with keys: [SigningKey]) throws(EventError) -> [UInt8] {
        let payload = try canonicalBytes()
        do { return try DSSEEnvelope(signing: payload, with: keys).canonicalBytes } catch { throw .envelope(error) }
    }

    /// The payload to sign.
    private func canonicalBytes() throws(EventError) -> [UInt8] {
        if case .request(let event) = self, let bytes = CanonicalRequestEvent.write(event) { return bytes }
        let statement = try statement()
        do { return try statement.canonicalBytes() } catch { throw .notCanonical }
    }

    private var body: any EventBody {
        switch self {
        case .request(let event): event
        case .key(let event): event
        case .policy(let event): event
        case .model(let event): event
        case .run(let event): event
        case .shred(let event): event
        case .notification(let event): event
        }
    }
}

/// Why a statement is not an event, or an event not a statement.
public enum EventError: Error, Equatable, CustomStringConvertible {
    /// A member is missing or does not fit.
    case field(FieldError)
    /// A string that is not a short code: free text does not enter the log, and is not repeated here.
    case freeText(path: String)
    /// A bare number, null or the like; the log writes numbers as strings.
    case bareValue(path: String)
    /// The statement differs from what this event is written as: a subject, a nested member or a spelling.
    case notCanonical
    /// The entry cannot be made.
    case envelope(EnvelopeError)

    /// One line.
    public var description: String {
        switch self {
        case .field(let error): "event: \(error)"
        case .freeText(let path):
            "event: \(path): expected 1 to 200 characters A-Z, a-z, 0-9 or one of . _ : / + = -, found other text"
        case .bareValue(let path): "event: \(path): expected a string, boolean, array or object"
        case .notCanonical: "event: the statement is not in the one form in which this event is written"
        case .envelope(let error): "event: \(error)"
        }
    }
}

/// What every kind of event has.
protocol EventBody: Sendable, Equatable {
    static var predicateType: String { get }
    /// When it happened.
    var at: Timestamp { get }
    /// What the event is about.
    var subjects: [Statement.Subject] { get }
    /// The members that this version defines.
    var members: [String: JSONValue] { get }
    /// Members beyond these.
    var extra: [String: JSONValue] { get set }
    /// Reads the subjects and the members that this version defines.
    init(_ statement: Statement) throws(FieldError)
}

extension EventBody {
    static func read(_ statement: Statement) throws(EventError) -> Self {
        var event: Self
        let predicate: [String: JSONValue]
        let defined: [String: JSONValue]
        do throws(FieldError) {
            event = try Self(statement)
            predicate = try statement.fields.members()
            defined = event.members
            if predicate.count != defined.count || defined.contains(where: { predicate[$0.key] == nil }) {
                event.extra = predicate.filter { defined[$0.key] == nil }
            }
        } catch { throw .field(error) }
        // Whether the statement is what the event would be written as, without writing it.
        if statement.subjects == event.subjects, defined.allSatisfy({ predicate[$0.key] == $0.value }),
            predicate.allSatisfy({ isCode($0.key) && hasOnlyCodes($0.value) }),
            statement.subjects.allSatisfy({ isCode($0.name ?? "-") })
        {
            return event
        }
        // It is not; this says why.
        guard try event.statement() == statement else { throw .notCanonical }
        return event
    }

    func statement() throws(EventError) -> Statement {
        let defined = members
        if let clash = extra.keys.filter({ defined[$0] != nil }).min() {
            throw .field(.unexpected(path: "predicate.\(clash)"))
        }
        let predicate = JSONValue.object(extra.isEmpty ? defined : defined.merging(extra) { defined, _ in defined })
        if !hasOnlyCodes(predicate) { try requireCodes(predicate, "predicate") }
        for subject in subjects { try requireCode(subject.name ?? "-", "subject.name") }
        do {
            return try Statement(subjects: subjects, predicateType: Self.predicateType, predicate: predicate)
        } catch {
            switch error {
            case .field(let error): throw .field(error)
            case .notJSON: throw .notCanonical
            }
        }
    }
}

private func hasOnlyCodes(_ value: JSONValue) -> Bool {
    switch value {
    case .string(let text): isCode(text)
    case .bool: true
    case .array(let elements): elements.allSatisfy(hasOnlyCodes)
    case .object(let members): members.allSatisfy { isCode($0.key) && hasOnlyCodes($0.value) }
    case .null, .number: false
    }
}

private func requireCodes(_ value: JSONValue, _ path: String) throws(EventError) {
    switch value {
    case .string(let text): try requireCode(text, path)
    case .bool: break
    case .array(let elements):
        for (index, element) in elements.enumerated() { try requireCodes(element, "\(path)[\(index)]") }
    case .object(let members):
        for (name, member) in members.sorted(by: { $0.key < $1.key }) {
            try requireCode(name, path)
            try requireCodes(member, "\(path).\(name)")
        }
    case .null, .number: throw .bareValue(path: path)
    }
}

private let isCodeCharacter: [Bool] = {
    var isCode = [Bool](repeating: false, count: 256)
    for byte in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:/+=-".utf8 {
        isCode[Int(byte)] = true
    }
    return isCode
}()

private func isCode(_ text: String) -> Bool {
    (1...200).contains(text.utf8.count) && text.utf8.allSatisfy { isCodeCharacter[Int($0)] }
}

private func requireCode(_ text: String, _ path: String) throws(EventError) {
    guard isCode(text) else { throw .freeText(path: path) }
}

extension Statement {
    /// The digest `algorithm` of the subject at `index`.
    func subjectDigest(_ index: Int = 0, _ algorithm: String = "sha256") throws(FieldError) -> Digest {
        let path = "subject[\(index)].digest.\(algorithm)"
        guard subjects.indices.contains(index), let text = subjects[index].digest[algorithm] else {
            throw .missing(path: path)
        }
        return try JSONFields(.string(text), path: path).digest()
    }
}

extension JSONFields {
    func requestID() throws(FieldError) -> RequestID {
        let text = try string()
        guard let id = RequestID(text) else {
            throw .invalid(path: path, expected: "a lowercase version 4 UUID", found: text)
        }
        return id
    }

    func runID() throws(FieldError) -> RunID {
        let text = try string()
        guard let id = RunID(text) else {
            throw .invalid(path: path, expected: "a lowercase version 4 UUID", found: text)
        }
        return id
    }

    func date() throws(FieldError) -> CivilDate {
        let text = try string()
        guard let date = try? CivilDate(text) else {
            throw .invalid(path: path, expected: "a date like 2026-03-02", found: text)
        }
        return date
    }
}

extension JSONValue {
    static func code(_ value: Digest) -> JSONValue { .string(value.hex) }
    static func code(_ value: UInt64) -> JSONValue { .string(String(value)) }
    static func code(_ value: Timestamp) -> JSONValue { .string(value.description) }
    static func code(_ value: CivilDate) -> JSONValue { .string(value.description) }
    static func code(_ value: RequestID) -> JSONValue { .string(value.text) }
    static func code(_ value: RunID) -> JSONValue { .string(value.text) }
    static func code(_ value: some RawRepresentable<String>) -> JSONValue { .string(value.rawValue) }
}
