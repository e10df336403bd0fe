import Foundation
import LetheBytes
import Testing
import Yams

@testable import LetheRequests

/// The published schema and the reader of policies accept the same files, but for rules that hold fields against each other.
struct PolicySchemaTests {
    /// Every section and every method.
    private static func fullest() throws -> PolicyNode {
        var root = try PolicyNode(yaml: fixturePolicyText())
        let text = """
            clock: {holidays: ["2026-12-25"], utcOffsetMinutes: 60}
            methods:
              retrain: {}
              sisa: {shards: 2, slices: 2, unit: user, aggregation: vote}
              receraser:
                partition: user
                shards: 2
                capacity: 1.5
                rounds: 50
                aggregation: attention
                attention: {epochs: 1, batchSize: 64, learningRate: 0.001, dropout: 0.3, penalty: 0.5}
              negkl: {lambda: 0.5, learningRate: 0.5, batchSize: 16, steps: 2, dropout: 0.5}
              neggrad: {lambda: 0.5, learningRate: 0.5, batchSize: 16, steps: 2, cap: 2, preferenceBeta: none}
              bad-t: {retainedShare: 0.5, epochs: 1, learningRate: 0.5, batchSize: 32}
              bad-t-reference: {lambda: 0.5, learningRate: 0.5, batchSize: 16, steps: 2}
              random-label: {lambda: 0.5, learningRate: 0.5, batchSize: 16, steps: 2}
              e2urec-calibrated:
                beta: 0.5
                maximumAlpha: 20
                steps: 6
                interval: 2
                anchors: 32
                learningRate: 0.001
                batchSize: 16
                rank: 4
                loraAlpha: 8
                loraDropout: 0
                augmented: {learningRate: 0.0001, epochs: 1}
              rewind: {share: 0.5, passes: 0.5, learningRate: 0.001, batchSize: 16}
              adapters:
                shards: 1
                slices: 3
                unit: interaction
                aggregation: mean-logit
                epochs: 3
                learningRate: 0.001
                batchSize: 64
                rank: 4
                loraAlpha: 8
                loraDropout: 0
            ladder: {methods: [e2urec, adapters, retrain], inconclusive: wait, assumedHours: 12}
            roles: {refuse: [officer, administrator], twoPersons: [refuse, shred]}
            timestamping:
              minimum: 1
              authorities:
                - name: tsa
                  url: "https://tsa.example/stamp"
                  certificate: "\(String(repeating: "a", count: 64))"
            recipients:
              attempts: 2
              backoffSeconds: 1
              giveUpDays: 3
              list:
                - {name: crm, url: "https://crm.example/erasure"}
                - {name: press, outcome: impossible, reason: printed}
            backups: [{system: nightly, purgeDays: 35}]
            retained: [{category: invoices, ground: gdpr-17.3.b, days: 730}]
            """
        for (key, value) in try PolicyNode(yaml: text).members { root[key] = value }
        func number(_ text: String) -> PolicyNode { .scalar(text, isPlain: true) }
        var verification = try #require(root["verification"])
        verification["require"] = .list(["G0", "G1", "G3"].map(number))
        verification["membershipOriginals"] = number("2")
        var thresholds = try #require(verification["thresholds"])
        thresholds["membershipMargin"] = number("0.05")
        thresholds["userMembershipMargin"] = number("0.1")
        verification["thresholds"] = thresholds
        root["verification"] = verification
        root["training"]?["pretrainingLearningRate"] = number("0.001")
        return root
    }

    private static func schema() throws -> PolicySchema {
        try PolicySchema(
            JSONSerialization.jsonObject(
                with: Data(Files.read("\(Shared.repository)/Policies/policy.schema.json", limit: 1 << 20))))
    }

    /// Fields that the reader holds against others, or reads more closely than a schema can say.
    private static let joined: Set = [
        "method.jointSteps", "methods.neggrad.preferenceBeta", "methods.e2urec", "verification.require",
        "verification.thresholds.membershipMargin", "verification.thresholds.userMembershipMargin",
        "verification.membershipOriginals", "ladder.methods",
        "timestamping.minimum",
        "timestamping.authorities",
        "recipients.list", "recipients.list.url", "clock.holidays", "retained",
    ]

    private func fault(_ node: PolicyNode) -> PolicyError? {
        do {
            _ = try Policy(yaml: node.yaml)
            return nil
        } catch { return error }
    }

    @Test func everyPolicyOfTheProjectFits() throws {
        let schema = try Self.schema()
        let folder = "\(Shared.repository)/Policies"
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".yaml") }
        #expect(names.count >= 2)
        for name in names {
            let text = String(decoding: try Files.read("\(folder)/\(name)", limit: 1 << 16), as: UTF8.self)
            #expect(schema.accepts(try PolicyNode(yaml: text)), "\(name)")
        }
    }

    @Test func schemaAndReaderAgreeOnEveryChangeOfOnePlace() throws {
        let schema = try Self.schema()
        let full = try Self.fullest()
        #expect(schema.accepts(full) && fault(full) == nil, "\(String(describing: fault(full)))")
        let words = ["none", "true", "x", "G1", "e2urec", "retrain", "2026-02-29", "http://a.example"]
        let values: [PolicyNode] =
            schema.numbers.map { .scalar($0, isPlain: true) } + words.map { .scalar($0, isPlain: true) }
            + [.scalar("1", isPlain: false), .scalar("", isPlain: false), .list([]), .map([])]
        var accepted = 0
        var refused = 0
        func compare(_ changed: PolicyNode, _ what: @autoclosure () -> String) {
            let fault = fault(changed)
            if schema.accepts(changed) {
                accepted += 1
                if let fault {
                    #expect(
                        Self.joined.contains(fault.field), "\(what()): the schema accepts, the reader says \(fault)")
                }
            } else {
                refused += 1
                #expect(fault != nil, "\(what()): only the schema refuses")
                #expect(fault?.line != nil, "\(what()): \(String(describing: fault))")
            }
        }
        for path in full.paths {
            compare(full.removing(path), "\(path) left out")
            compare(full.adding("surprise", to: path), "a field more in \(path)")
            for value in values { compare(full.replacing(path, by: value), "\(path) = \(value.yaml)") }
        }
        #expect(accepted > 500 && refused > 5_000, "\(accepted) accepted, \(refused) refused")
    }
}

/// A YAML value as a policy has them.
private indirect enum PolicyNode {
    case scalar(String, isPlain: Bool)
    case list([PolicyNode])
    case map([(String, PolicyNode)])

    init(yaml: String) throws {
        let node = try compose(yaml: yaml)
        try self.init(#require(node))
    }

    private init(_ node: Node) throws {
        switch node {
        case .scalar(let scalar): self = .scalar(scalar.string, isPlain: scalar.style == .plain)
        case .sequence(let items): self = .list(try items.map { try PolicyNode($0) })
        case .mapping(let pairs): self = .map(try pairs.map { (try #require($0.key.string), try PolicyNode($0.value)) })
        case .alias: throw CocoaError(.fileReadCorruptFile)
        }
    }

    var members: [(String, PolicyNode)] { if case .map(let members) = self { members } else { [] } }

    subscript(key: String) -> PolicyNode? {
        get { members.first { $0.0 == key }?.1 }
        set { self = .map(members.filter { $0.0 != key } + (newValue.map { [(key, $0)] } ?? [])) }
    }

    /// Flow style, every text that was quoted in quotes again.
    var yaml: String {
        switch self {
        case .scalar(let text, true): text
        case .scalar(let text, false): "\"\(text)\""
        case .list(let items): "[" + items.map(\.yaml).joined(separator: ", ") + "]"
        case .map(let members): "{" + members.map { "\($0.0): \($0.1.yaml)" }.joined(separator: ",\n") + "}"
        }
    }

    /// Every place but the root, by member names and numbers of items.
    var paths: [[String]] {
        let children: [(String, PolicyNode)] =
            switch self {
            case .scalar: []
            case .list(let items): items.enumerated().map { ("\($0.offset)", $0.element) }
            case .map(let members): members
            }
        return children.flatMap { key, child in [[key]] + child.paths.map { [key] + $0 } }
    }

    private func changing(_ path: some Collection<String>, _ change: (PolicyNode) -> PolicyNode?) -> PolicyNode? {
        guard let key = path.first else { return change(self) }
        switch self {
        case .scalar: return self
        case .list(let items):
            return .list(
                items.enumerated().compactMap {
                    "\($0.offset)" == key ? $0.element.changing(path.dropFirst(), change) : $0.element
                })
        case .map(let members):
            return .map(
                members.compactMap { name, value in
                    name == key ? value.changing(path.dropFirst(), change).map { (name, $0) } : (name, value)
                })
        }
    }

    func removing(_ path: [String]) -> PolicyNode { changing(path) { _ in nil } ?? self }
    func replacing(_ path: [String], by value: PolicyNode) -> PolicyNode { changing(path) { _ in value } ?? self }
    func adding(_ name: String, to path: [String]) -> PolicyNode {
        changing(path) { node in
            if case .map(let members) = node { .map(members + [(name, .scalar("1", isPlain: true))]) } else { node }
        } ?? self
    }
}

/// The part of JSON Schema 2020-12 that the policy's schema uses.
private struct PolicySchema {
    private let rules: [String: Any]
    /// The bounds that occur in it, and what lies close to them.
    let numbers: [String]

    private static let known: Set = [
        "$schema", "$id", "title", "description", "default", "format", "type", "properties", "required",
        "additionalProperties", "enum", "const", "anyOf", "items", "minItems", "maxItems", "uniqueItems", "minimum",
        "maximum",
        "exclusiveMinimum", "exclusiveMaximum", "pattern", "minLength", "maxLength",
    ]

    init(_ json: Any) throws {
        rules = try #require(json as? [String: Any])
        var bounds: Set<Double> = []
        func collect(_ rules: [String: Any]) throws {
            let unknown = Set(rules.keys).subtracting(Self.known)
            try #require(unknown.isEmpty, "keywords that this test does not know: \(unknown)")
            for key in ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"] {
                if let bound = rules[key] as? NSNumber { bounds.insert(bound.doubleValue) }
            }
            for child in (rules["properties"] as? [String: [String: Any]] ?? [:]).values { try collect(child) }
            for child in rules["anyOf"] as? [[String: Any]] ?? [] { try collect(child) }
            if let child = rules["items"] as? [String: Any] { try collect(child) }
        }
        try collect(rules)
        numbers = Set(bounds.flatMap { [$0 - 1, $0 - 0.25, $0, $0 + 0.25, $0 + 1] }).sorted().map { value in
            value == value.rounded() ? "\(Int(value))" : "\(value)"
        }
    }

    func accepts(_ node: PolicyNode) -> Bool { Self.accepts(node, rules) }

    private static func accepts(_ node: PolicyNode, _ rules: [String: Any]) -> Bool {
        if let choices = rules["anyOf"] as? [[String: Any]], !choices.contains(where: { accepts(node, $0) }) {
            return false
        }
        if let const = rules["const"], !equals(node, const) { return false }
        if let values = rules["enum"] as? [Any], !values.contains(where: { equals(node, $0) }) { return false }
        switch rules["type"] as? String {
        case "object": return acceptsMap(node, rules)
        case "array": return acceptsList(node, rules)
        case "boolean":
            guard case .scalar(let text, true) = node else { return false }
            return text == "true" || text == "false"
        case "integer", "number":
            guard case .scalar(let text, true) = node, let value = Double(text), text.first?.isLetter == false else {
                return false
            }
            return (rules["type"] as? String == "number" || Int(text) != nil) && isWithin(value, rules)
        case "string":
            guard case .scalar(let text, _) = node else { return false }
            let count = text.unicodeScalars.count
            return count >= rules["minLength"] as? Int ?? 0 && count <= rules["maxLength"] as? Int ?? .max
                && (rules["pattern"] as? String).map { text.range(of: $0, options: .regularExpression) != nil } ?? true
        default: return true
        }
    }

    private static func equals(_ node: PolicyNode, _ value: Any) -> Bool {
        guard case .scalar(let text, let isPlain) = node else { return false }
        if let value = value as? String { return text == value }
        return isPlain && (value as? NSNumber)?.stringValue == text
    }

    private static func isWithin(_ value: Double, _ rules: [String: Any]) -> Bool {
        func bound(_ key: String) -> Double? { (rules[key] as? NSNumber)?.doubleValue }
        return value >= bound("minimum") ?? -.infinity && value <= bound("maximum") ?? .infinity
            && value > bound("exclusiveMinimum") ?? -.infinity && value < bound("exclusiveMaximum") ?? .infinity
    }

    private static func acceptsMap(_ node: PolicyNode, _ rules: [String: Any]) -> Bool {
        guard case .map(let members) = node, let properties = rules["properties"] as? [String: [String: Any]] else {
            return false
        }
        let names = Set(members.map(\.0))
        return (rules["required"] as? [String] ?? []).allSatisfy(names.contains)
            && members.allSatisfy { name, value in properties[name].map { accepts(value, $0) } ?? false }
    }

    private static func acceptsList(_ node: PolicyNode, _ rules: [String: Any]) -> Bool {
        guard case .list(let items) = node, let item = rules["items"] as? [String: Any] else { return false }
        let isUnique = rules["uniqueItems"] as? Bool != true || Set(items.map(\.yaml)).count == items.count
        return items.count >= rules["minItems"] as? Int ?? 0 && items.count <= rules["maxItems"] as? Int ?? .max
            && isUnique
            && items.allSatisfy { accepts($0, item) }
    }
}
