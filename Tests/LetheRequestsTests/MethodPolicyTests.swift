import Foundation
import LetheBytes
import LetheCrypto
import Testing

@testable import LetheRequests

/// Sections `method` and `methods`: the name selects the fields.
struct MethodPolicyTests {
    private static func text(_ name: String) throws -> String {
        String(decoding: try Files.read("\(Shared.repository)/Policies/\(name).yaml", limit: 1 << 16), as: UTF8.self)
    }

    private static let paired = "lambda: 0.2\n  learningRate: 0.00005\n  batchSize: 16\n  steps: 3000\n"
    private static let sharding = "shards: 4\n  slices: 2\n  unit: user\n  aggregation: vote\n"

    /// Every method with every field it has.
    static let sections: [(name: String, fields: String)] = [
        ("retrain", ""), ("sisa", sharding),
        ("receraser", "partition: item\n  shards: 3\n  capacity: 1.5\n  rounds: 20\n  aggregation: mean-logit\n"),
        (
            "receraser",
            "partition: user\n  shards: 3\n  capacity: 1.5\n  rounds: 20\n  aggregation: attention\n  attention:\n"
                + "    epochs: 2\n    batchSize: 8\n    learningRate: 0.01\n    dropout: 0.3\n    penalty: 0.1\n"
        ),
        ("negkl", paired + "  dropout: 0.1\n"), ("neggrad", paired + "  cap: none\n  preferenceBeta: none\n"),
        ("neggrad", paired + "  cap: 3\n  preferenceBeta: none\n"),
        ("neggrad", paired + "  cap: none\n  preferenceBeta: 0.1\n"),
        ("bad-t", "retainedShare: 0.3\n  epochs: 1\n  learningRate: 0.00005\n  batchSize: 16\n"),
        ("bad-t-reference", paired), ("random-label", paired),
        (
            "e2urec-calibrated",
            "beta: 0.5\n  maximumAlpha: 20\n  steps: 600\n  interval: 25\n  anchors: 3000\n  learningRate: 0.001\n"
                + "  batchSize: 8\n  rank: 6\n  loraAlpha: 12\n  loraDropout: 0.05\n  augmented:\n"
                + "    learningRate: 0.0001\n    epochs: 2\n"
        ),
        ("rewind", "share: 0.5\n  passes: 1.5\n  learningRate: 0.0001\n  batchSize: 32\n"),
        (
            "adapters",
            sharding + "  epochs: 4\n  learningRate: 0.001\n  batchSize: 32\n  rank: 8\n  loraAlpha: 16\n"
                + "  loraDropout: 0.05\n"
        ),
    ]

    /// The demo's policy with another section `method`.
    private static func policy(_ name: String, _ fields: String) throws -> String {
        let demo = try fixturePolicyText()
        let start = try #require(demo.range(of: "method:\n"))
        let end = try #require(demo.range(of: "verification:\n"))
        return String(demo[..<start.lowerBound]) + "method:\n  name: \(name)\n  \(fields)\n"
            + String(demo[end.lowerBound...])
    }

    @Test(arguments: sections)
    func everyMethodIsReadAndExplained(_ section: (name: String, fields: String)) throws {
        let policy = try Policy(yaml: Self.policy(section.name, section.fields))
        #expect(policy.method.name.rawValue == section.name)
        // Every field of the file is among the fields of the method, by its value.
        let lines = section.fields.split(separator: "\n").map { $0.drop { $0 == " " } }.filter { !$0.hasSuffix(":") }
        #expect(policy.method.fields.count == lines.count)
        for (field, line) in zip(policy.method.fields, lines) {
            let parts = line.split(separator: ":").map(String.init)
            #expect(field.name == parts[0] || field.name.hasSuffix(".\(parts[0])"))
            let value = String(parts[1].drop { $0 == " " })
            #expect(field.value == value || Double(field.value) == Double(value))
        }
        let words = policy.explanation.joined(separator: "\n")
        #expect(words.contains("Unlearning "))
        if section.name != "retrain" {
            for field in policy.method.fields
            where field.value != "none" && !["rank", "unit", "loraAlpha", "partition"].contains(field.name) {
                if Double(field.value) == nil || field.name == "lambda" || field.name == "capacity" {
                    #expect(words.contains(field.value), "\(field.name)")
                }
            }
        }
    }

    @Test func everyFieldOfEveryMethodChangesTheDigest() throws {
        var seen: Set<Digest> = [try Policy(yaml: fixturePolicyText()).digest]
        for section in Self.sections {
            let text = try Self.policy(section.name, section.fields)
            #expect(seen.insert(try Policy(yaml: text).digest).inserted, "\(section.name)")
            for line in section.fields.split(separator: "\n") where !line.hasSuffix(":") && !line.hasSuffix("none") {
                let parts = line.split(separator: ":")
                let value = parts[1].drop { $0 == " " }
                let replacements = [
                    "user": "interaction", "vote": "mean-logit", "item": "shuffled", "mean-logit": "vote",
                ]
                if value == "attention" { continue }
                // Within the bounds of its field, and another number.
                let number = Double(value).map { $0 < 1 ? "0.\(value.filter(\.isNumber))7" : "1\(value)" }
                let other = replacements[String(value)] ?? number ?? ""
                let changed = section.fields.replacing(line, with: "\(parts[0]): \(other)")
                let digest = try Policy(yaml: Self.policy(section.name, changed)).digest
                #expect(seen.insert(digest).inserted, "\(section.name) \(line) as \(other)")
            }
        }
    }

    @Test func everyFieldIsNeededAndNoOtherIsTaken() throws {
        for section in Self.sections {
            for line in section.fields.split(separator: "\n") where !line.hasSuffix(":") {
                let shortened = section.fields.replacing("\(line)\n", with: "", maxReplacements: 1)
                let indented = shortened.hasPrefix("  ") ? String(shortened.drop { $0 == " " }) : shortened
                #expect(throws: PolicyError.self, "\(section.name) without \(line)") {
                    try Policy(yaml: Self.policy(section.name, indented))
                }
            }
            #expect(throws: PolicyError.self) {
                try Policy(yaml: Self.policy(section.name, section.fields + "  extra: 1\n"))
            }
        }
    }

    @Test(arguments: [
        ("negkl", paired + "  dropout: 0\n", "method.dropout"), ("negkl", paired + "  dropout: 1\n", "method.dropout"),
        ("neggrad", paired + "  cap: 3\n  preferenceBeta: 0.1\n", "method.preferenceBeta"),
        ("neggrad", paired + "  cap: 0\n  preferenceBeta: none\n", "method.cap"),
        ("neggrad", paired + "  cap: \"none\"\n  preferenceBeta: none\n", "method.cap"),
        ("neggrad", paired + "  cap: None\n  preferenceBeta: none\n", "method.cap"),
        ("sisa", sharding.replacing("shards: 4", with: "shards: 0"), "method.shards"),
        ("sisa", sharding.replacing("unit: user", with: "unit: person"), "method.unit"),
        ("sisa", sharding.replacing("vote", with: "attention"), "method.aggregation"),
        ("original", "", "method.name"), ("e2urec", paired, "method.alpha"), ("retrain", paired, "method.lambda"),
        ("bad-t-reference", paired.replacing("steps: 3000", with: "steps: 0"), "method.steps"),
        ("random-label", paired.replacing("lambda: 0.2", with: "lambda: -1"), "method.lambda"),
        (
            "receraser", "partition: item\n  shards: 3\n  capacity: 0.9\n  rounds: 20\n  aggregation: vote\n",
            "method.capacity"
        ),
        (
            "receraser",
            "partition: item\n  shards: 3\n  capacity: 1\n  rounds: 20\n  aggregation: vote\n  attention: {}\n",
            "method.attention"
        ),
    ])
    func wrongSettingsAreRefusedByTheirField(name: String, fields: String, field: String) throws {
        do {
            _ = try Policy(yaml: Self.policy(name, fields))
            Issue.record("\(name) was accepted")
        } catch let error as PolicyError {
            #expect(error.field == field && error.line != nil, "\(error)")
        }
    }

    @Test func profilesHoldEveryMethodOfTheirKind() throws {
        let paper = try Policy(yaml: Self.text("paper"))
        #expect(
            paper.methods.map(\.name) == [
                .sisa, .receraser, .negKL, .negGrad, .badTeacher, .randomLabel, .adapters,
            ])
        let reference = try Policy(yaml: Self.text("reference"))
        #expect(reference.methods.map(\.name) == [.sisa, .receraser, .negGrad, .badTeacherReference])
        #expect(paper.method.name == .e2urec && reference.method.name == .e2urec)
        #expect(paper.method(named: .retrain) == .retrain)
        #expect(paper.method(named: .badTeacherReference) == nil)
        #expect(paper.explanation.contains { $0.contains("sisa, receraser, negkl") })
        // The paper's code: records in random shards, the mean of logits.
        guard case .sisa(let sharding)? = reference.method(named: .sisa) else {
            Issue.record("the reference has SISA")
            return
        }
        #expect(sharding.unit == .interaction && sharding.aggregation == .meanLogit)
    }

    @Test func aMethodStandsInOnePlaceOnly() throws {
        let text = try Self.text("reference")
        let twice = text.replacing(
            "methods:\n", with: "methods:\n  e2urec:\n    alpha: 2\n", maxReplacements: 1)
        #expect(throws: PolicyError.self) { try Policy(yaml: twice) }
        for section in [
            "methods: []\n", "methods: {unknown: {}}\n", "methods: {original: {}}\n", "methods: {sisa: {}}\n",
        ] {
            #expect(throws: PolicyError.self) { try Policy(yaml: fixturePolicyText() + section) }
        }
        let others = try Policy(yaml: fixturePolicyText() + "methods: {retrain: {}}\n")
        #expect(others.methods == [.retrain])
        #expect(try others.digest != Policy(yaml: fixturePolicyText()).digest)
    }
}
