public import LetheBytes
public import LetheCrypto

/// An in-toto Statement v1: who (subjects, by digest) and what is claimed about them (predicate).
///
/// Unknown members are ignored, as in-toto demands, so a restriction never belongs into a new optional field.
public struct Statement: Sendable, Equatable {
    /// The only accepted `_type`.
    public static let type = "https://in-toto.io/Statement/v1"

    /// One thing that the statement is about.
    public struct Subject: Sendable, Equatable {
        /// What the signer calls it; nil when it has only a digest.
        public let name: String?
        /// Algorithm to value, at least one.
        public let digest: [String: String]

        /// Names a thing by any digests.
        public init(name: String?, digest: [String: String]) {
            self.name = name
            self.digest = digest
        }

        /// Names a thing by its SHA-256.
        public init(name: String?, sha256: Digest) {
            self.init(name: name, digest: ["sha256": sha256.hex])
        }
    }

    /// At least one.
    public let subjects: [Subject]
    /// What the predicate means; never empty.
    public let predicateType: String
    /// The claim, an object.
    public let predicate: JSONValue

    /// Composes a statement.
    ///
    /// - Throws: the same errors as parsing it would.
    public init(subjects: [Subject], predicateType: String, predicate: JSONValue) throws(StatementError) {
        try self.init(JSONFields(Self.json(subjects, predicateType, predicate)))
    }

    /// Parses a payload whose signatures were verified.
    ///
    /// - Throws: `.notJSON`, or `.field` with the path of the first member that does not fit.
    public init(verified payload: VerifiedPayload) throws(StatementError) {
        try self.init(parsingUnverified: payload.bytes)
    }

    /// Parses bytes whose signatures nobody has verified. To show or compose statements; never to decide on them.
    public init(parsingUnverified bytes: [UInt8]) throws(StatementError) {
        let json: JSONValue
        do {
            json = try StrictJSON.parse(bytes, maximumDepth: 32)
        } catch {
            throw .notJSON(error)
        }
        try self.init(JSONFields(json))
    }

    private init(_ fields: JSONFields) throws(StatementError) {
        do throws(FieldError) {
            try fields.member("_type").require(Self.type)
            let subjects = try fields.member("subject")
            self.subjects = try subjects.array().map { (item) throws(FieldError) in
                let digest = try item.member("digest")
                var values: [String: String] = [:]
                for algorithm in try digest.members().keys {
                    values[algorithm] = try digest.member(algorithm).nonEmptyString()
                }
                guard !values.isEmpty else {
                    throw .invalid(path: digest.path, expected: "at least one digest", found: "")
                }
                return Subject(name: try item.optional("name")?.string(), digest: values)
            }
            guard !self.subjects.isEmpty else {
                throw FieldError.invalid(path: subjects.path, expected: "at least one subject", found: "")
            }
            predicateType = try fields.member("predicateType").nonEmptyString()
            let predicate = try fields.member("predicate")
            _ = try predicate.members()
            self.predicate = predicate.value
        } catch {
            throw .field(error)
        }
    }

    /// The predicate with its path, for reading typed fields.
    public var fields: JSONFields { JSONFields(predicate, path: "predicate") }

    /// Refuses a statement of another predicate type.
    public func require(predicateType expected: String) throws(StatementError) {
        guard Array(predicateType.utf8) == Array(expected.utf8) else {
            throw .field(.invalid(path: "predicateType", expected: Printable.quoted(expected), found: predicateType))
        }
    }

    /// The payload to sign: JCS bytes.
    public func canonicalBytes() throws(StatementError) -> [UInt8] {
        do {
            return try Self.json(subjects, predicateType, predicate).canonicalBytes()
        } catch {
            throw .notJSON(error)
        }
    }

    private static func json(_ subjects: [Subject], _ predicateType: String, _ predicate: JSONValue) -> JSONValue {
        [
            "_type": .string(type),
            "subject": .array(
                subjects.map { subject in
                    var members: [String: JSONValue] = ["digest": .object(subject.digest.mapValues { .string($0) })]
                    members["name"] = subject.name.map { .string($0) }
                    return .object(members)
                }),
            "predicateType": .string(predicateType),
            "predicate": predicate,
        ]
    }
}

/// Why bytes are not an in-toto Statement v1.
public enum StatementError: Error, Equatable, CustomStringConvertible {
    /// Not strict JSON.
    case notJSON(JSONError)
    /// A member is missing or does not fit.
    case field(FieldError)

    /// One line that names the field, expected and found.
    public var description: String {
        switch self {
        case .notJSON(let error): "statement: \(error)"
        case .field(let error): "statement: \(error)"
        }
    }
}
