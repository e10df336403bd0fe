import Foundation
import LetheBytes
import Testing

@testable import LetheRequests

struct PolicyTests {
    @Test func everyPolicyOfTheProjectIsRead() throws {
        let folder = "\(Shared.repository)/Policies"
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".yaml") }
        #expect(names.count >= 2)
        for name in names {
            let policy = try Policy(yaml: Files.read("\(folder)/\(name)", limit: 1 << 16))
            #expect("\(policy.name).yaml" == name)
            #expect(policy.explanation.allSatisfy { !$0.isEmpty })
            #expect(policy.verification.require.contains(.g0))
        }
    }

    /// `Documentation/spec/policy.md` is the published schema: its fields are those that canonical policies have, no more and no less.
    @Test func thePageOfFieldsHasEveryFieldAndNoOther() throws {
        let page = String(
            decoding: try Files.read("\(Shared.repository)/Documentation/spec/policy.md", limit: 1 << 16), as: UTF8.self
        )
        let named = page.split(separator: "\n").filter { $0.hasPrefix("| `") }.compactMap {
            $0.split(separator: "`").dropFirst().first.map(String.init)
        }
        let text = try fixturePolicyText().replacing("[G0,", with: "[G3, G0,")
            .replacing(
                "  thresholds:", with: "  membershipOriginals: 3\n  thresholds:\n    userMembershipMargin: 0.05"
            )
            .replacing("shredAfterFulfilment: true", with: "shredAfterFulfilment: true\n  tombstoneDays: 30")
            .replacing("\n  epochs:", with: "\n  pretrainingLearningRate: 0.002\n  epochs:")
        let policy = try Policy(
            yaml: text + """
                methods: {sisa: {shards: 2, slices: 2, unit: user, aggregation: vote}}
                ladder: {methods: [e2urec, retrain]}
                roles: {}
                timestamping:
                  minimum: 1
                  authorities: [{name: a, url: "https://tsa.example", certificate: \(String(repeating: "a", count: 64))}]
                recipients: {list: [{name: crm, url: "https://crm.example/erasure"}]}
                backups: [{system: nightly, purgeDays: 35}]
                retained: [{category: invoices, ground: gdpr-17.3.b, days: none}]

                """)
        let whole: Set = ["methods", "ladder", "roles", "timestamping", "recipients", "backups", "retained"]
        func paths(_ json: JSONValue, _ path: String) -> [String] {
            guard let members = json.objectValue, !whole.contains(path) else { return [path] }
            return members.flatMap { paths($1, path.isEmpty ? $0 : "\(path).\($0)") }
        }
        let fields = try paths(StrictJSON.parse(policy.canonicalBytes), "").filter {
            !$0.hasPrefix("method.") || $0 == "method.name"
        }
        #expect(named.sorted() == fields.sorted())
    }

    @Test func fieldsHaveTheirWrittenValues() throws {
        let policy = try fixturePolicy()
        #expect(policy.regulation == .gdpr)
        #expect(policy.requests.identityLevel == .emailVerified)
        #expect(policy.training.earlyStoppingPatience == nil)
        #expect(policy.training.learningRate == 0.0005)
        #expect(policy.verification.thresholds.jgMargin == 0.25)
        #expect(policy.retention.shredAfterFulfilment)
        guard case .e2urec(let method) = policy.method else {
            Issue.record("the demo's method is E2URec")
            return
        }
        #expect(method.augmented.learningRate == 0.0003)
        #expect(policy.methods.isEmpty)
    }

    @Test func theDigestDependsOnFieldsAndNotOnLayout() throws {
        let text = try fixturePolicyText()
        let policy = try Policy(yaml: text)
        let stripped = text.split(separator: "\n").filter { !$0.hasPrefix("#") }.joined(separator: "\n\n")
        #expect(try Policy(yaml: stripped).digest == policy.digest)
        let withoutClock = try Policy(
            yaml: replacing(text, "  holidays: [] ", "  utcOffsetMinutes: 0 #", deleting: "  utcOffsetMinutes: 0 "))
        #expect(withoutClock.digest == policy.digest)
    }

    @Test func theBaseModelMayHaveALearningRateOfItsOwn() throws {
        let text = try fixturePolicyText()
        func policy(_ rate: String) throws -> Policy {
            try Policy(yaml: text.replacing("\n  epochs:", with: "\n  pretrainingLearningRate: \(rate)\n  epochs:"))
        }
        #expect(try fixturePolicy().training.pretrainingLearningRate == nil)
        let changed = try policy("0.002")
        #expect(try changed.training.pretrainingLearningRate == 0.002 && changed.digest != fixturePolicy().digest)
        #expect(changed.explanation.contains { $0.contains("3 pretraining epochs at a learning rate of 0.002 and") })
        for wrong in ["0", "1.5", "fast", "none"] {
            let error = #expect(throws: PolicyError.self) { try policy(wrong) }
            #expect(error?.field == "training.pretrainingLearningRate" && error?.line != nil)
        }
    }

    /// One line of the file changed: line pattern, new value.
    static let changes: [(field: String, value: String)] = [
        ("name", "other"), ("regulation", "ccpa"), ("holidays", "[2026-12-25]"), ("utcOffsetMinutes", "60"),
        ("identityLevel", "document-verified"), ("maximumWindowHours", "25"), ("clockSkewSeconds", "61"),
        ("maximumRequests", "999"), ("marginDays", "8"), ("promptTemplate", "paper"), ("maximumTokens", "129"),
        ("vocabularySize", "2048"), ("pretrainingEpochs", "0"), ("epochs", "7"), ("batchSize", "33"),
        ("learningRate", "0.0006"), ("weightDecay", "0.02"), ("dropout", "0.1"), ("earlyStoppingPatience", "3"),
        ("learningRateDecay", "none"), ("alpha", "1.25"), ("beta", "0.5"), ("forgetOnlyEpochs", "2"),
        ("jointSteps", "41"),
        ("rank", "8"), ("loraAlpha", "16"), ("loraDropout", "0.05"), ("references", "6"), ("require", "[G0, G1]"),
        ("rrmMargin", "0.1"), ("jgMargin", "0.2"), ("aucMargin", "0.02"), ("logLossMargin", "0.02"),
        ("bootstrapReplicates", "2000"), ("shredAfterFulfilment", "false"), ("threads", "1"),
    ]

    @Test func everyFieldChangesTheDigest() throws {
        let text = try fixturePolicyText()
        var seen = [try Policy(yaml: text).digest]
        for change in Self.changes {
            let policy = try Policy(yaml: setting(text, change.field, to: change.value))
            #expect(!seen.contains(policy.digest), "\(change.field)")
            seen.append(policy.digest)
        }
    }

    /// Values that no field of this name takes.
    static let wrongValues: [(field: String, value: String)] = [
        ("version", "2"), ("version", "\"1\""), ("name", "Demo"), ("name", "\"\""), ("name", "[a]"),
        ("regulation", "GDPR"),
        ("holidays", "2026-12-25"), ("holidays", "[2026-02-30]"), ("holidays", "[2026-12-25, 2026-12-25]"),
        ("utcOffsetMinutes", "841"), ("utcOffsetMinutes", "1.5"), ("identityLevel", "high"),
        ("maximumWindowHours", "0"),
        ("clockSkewSeconds", "-1"), ("maximumRequests", "0"), ("marginDays", "31"), ("shape", "huge"),
        ("promptTemplate", "long"), ("maximumTokens", "8"), ("vocabularySize", "1e3"), ("pretrainingEpochs", "-1"),
        ("epochs", "0"), ("epochs", "6.0"), ("epochs", "\"6\""), ("epochs", "99999999999999999999"), ("batchSize", "0"),
        ("learningRate", "0"), ("learningRate", "fast"), ("learningRate", ".inf"), ("learningRate", "nan"),
        ("learningRate", "0x1p-3"), ("learningRate", "\"0.1\""), ("weightDecay", "-0.1"), ("dropout", "1"),
        ("earlyStoppingPatience", "0"), ("earlyStoppingPatience", "null"), ("learningRateDecay", "cosine"),
        ("alpha", "-1"), ("beta", "1.1"), ("rank", "0"), ("references", "1"), ("require", "[]"), ("require", "[G1]"),
        ("require", "[G0, G0]"), ("require", "[G0, G9]"), ("require", "G0"), ("rrmMargin", "0"), ("aucMargin", "0.6"),
        ("bootstrapReplicates", "99"), ("shredAfterFulfilment", "yes"), ("shredAfterFulfilment", "\"true\""),
        ("threads", "0"), ("threads", "257"), ("threads", "*a"),
    ]

    @Test func wrongValuesAreRefusedWithTheirLine() throws {
        let text = try fixturePolicyText()
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        for (field, value) in Self.wrongValues {
            let line = try #require(lines.firstIndex { $0.drop(while: { $0 == " " }).hasPrefix("\(field):") }) + 1
            do {
                _ = try Policy(yaml: setting(text, field, to: value))
                Issue.record("\(field): \(value) was accepted")
            } catch let error as PolicyError {
                // Conflicts of several fields name the section's first line.
                if value != "[G1]" { #expect(error.line == line, "\(field): \(value) gave \(error)") }
                #expect(error.description.contains("expected") && !error.description.contains("\n"))
            }
        }
    }

    @Test func everyFieldIsNeededOrHasADefault() throws {
        let text = try fixturePolicyText()
        let optional: Set = ["holidays", "utcOffsetMinutes", "maximumWindowHours", "clockSkewSeconds"]
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            let content = line.drop { $0 == " " }
            guard let colon = content.firstIndex(of: ":"), !content.hasPrefix("#"), let next = lines[safe: index + 1]
            else { continue }
            let isSection = content[colon...].dropFirst().drop { $0 == " " }.first.map { $0 == "#" } ?? true
            if isSection, next.hasPrefix(" ") { continue }
            var shortened = lines
            shortened.remove(at: index)
            let name = String(content[..<colon])
            let isAccepted = (try? Policy(yaml: shortened.joined(separator: "\n"))) != nil
            #expect(isAccepted == optional.contains(name), "\(name)")
        }
    }

    @Test func unknownAndRepeatedFieldsAreRefused() throws {
        let text = try fixturePolicyText()
        for (extra, field) in [("thread: 2", "thread"), ("Threads: 2", "Threads"), ("<<: {}", "<<")] {
            let error = try #require(throws: PolicyError.self) { try Policy(yaml: text + "\n" + extra + "\n") }
            #expect(error.field == field)
            #expect(error.line == text.split(separator: "\n", omittingEmptySubsequences: false).count + 1)
        }
        let nested = text.replacingOccurrences(of: "  dropout: 0\n", with: "  dropout: 0\n  droput: 1\n")
        #expect(try #require(throws: PolicyError.self) { try Policy(yaml: nested) }.field == "training.droput")
        for (again, field) in [("\nthreads: 2\n", "threads"), ("\n\"threads\": 2\n", "threads")] {
            let error = try #require(throws: PolicyError.self) { try Policy(yaml: text + again) }
            #expect(error.field == field)
        }
        let repeated = text.replacingOccurrences(of: "  dropout: 0\n", with: "  dropout: 0\n  epochs : 4\n")
        let lines = repeated.split(separator: "\n", omittingEmptySubsequences: false)
        let error = try #require(throws: PolicyError.self) { try Policy(yaml: repeated) }
        #expect(error.field == "epochs")
        #expect(
            error.line == (try #require(lines.firstIndex(of: "  epochs : 4"))) + 1, "the second time, not the first")
    }

    @Test(arguments: [
        "", "# nothing", "- a\n- b", "just text", "a: [", "a: b: c", "\"", "version: 1\n---\nversion: 1", "? [a]\n: b",
    ])
    func documentsThatAreNoPolicyAreRefused(_ text: String) {
        #expect(throws: PolicyError.self) { try Policy(yaml: text) }
    }

    @Test func bytesThatAreNoTextAreRefused() {
        #expect(throws: PolicyError.self) { try Policy(yaml: [0x66, 0xFF, 0xFE]) }
        #expect(throws: PolicyError.self) { try Policy(yaml: Array(repeating: 0x20, count: 65_537)) }
        #expect(throws: PolicyError.self) { try Policy(yaml: Array(repeating: UInt8(ascii: "["), count: 60_000)) }
        #expect(throws: PolicyError.self) { try Policy(yaml: [UInt8(ascii: "a"), 0, UInt8(ascii: "b")]) }
    }

    @Test func whatComesBackIsAskedForByName() throws {
        let text = try fixturePolicyText()
        let policy = try Policy(yaml: try setting(text, "require", to: "[G0, G1, G2, G4, G5]"))
        #expect(policy.verification.require.contains(.g4))
        #expect(policy.digest != (try Policy(yaml: text)).digest)
        #expect(policy.explanation.contains { $0.contains("G4: less than 0.2") && $0.contains("four bits") })
    }

    @Test func membershipIsAskedForWithAMarginOfItsOwn() throws {
        let text = try fixturePolicyText()
        #expect(try Policy(yaml: text).verification.thresholds.membershipMargin == nil)
        let asked = try setting(text, "require", to: "[G0, G1, G2, G3, G5]")
        let policy = try Policy(yaml: asked)
        #expect(policy.verification.require.contains(.g3))
        #expect(policy.verification.thresholds.membershipMargin == 0.05)
        #expect(policy.explanation.contains { $0.contains("G3: a membership test") && $0.contains("0.05") })
        func written(_ text: String, _ margin: String) throws -> Policy {
            try Policy(yaml: setting(text, "rrmMargin", to: "0.2\n    membershipMargin: \(margin)"))
        }
        // The default spelled out is the same policy; another margin is another one.
        #expect(try written(asked, "0.05").digest == policy.digest)
        #expect(try written(asked, "0.1").digest != policy.digest)
        #expect(try written(asked, "0.1").verification.thresholds.membershipMargin == 0.1)
        for wrong in ["0", "0.6", "-0.05", "some"] {
            #expect(throws: PolicyError.self) { try written(asked, wrong) }
        }
        // A margin that nothing applies is refused.
        #expect(throws: PolicyError.self) { try written(text, "0.05") }
    }

    @Test func originalsForTheMembershipTestByPersonAreAskedForBesideG3() throws {
        let text = try fixturePolicyText()
        let asked = try setting(text, "require", to: "[G0, G1, G2, G3, G5]")
        let plain = try Policy(yaml: asked)
        #expect(plain.verification.membershipOriginals == nil)
        #expect(plain.verification.thresholds.userMembershipMargin == nil)
        func written(_ text: String, _ count: String?, margin: String? = nil, references: Int = 5) throws -> Policy {
            let originals = count.map { "\n  membershipOriginals: \($0)" } ?? ""
            let line = margin.map { "\n    userMembershipMargin: \($0)" } ?? ""
            return try Policy(
                yaml: setting(
                    setting(text, "references", to: "\(references)\(originals)"), "rrmMargin", to: "0.2\(line)"))
        }
        let two = try written(asked, "2")
        #expect(two.verification.membershipOriginals == 2 && two.digest != plain.digest)
        #expect(two.explanation.contains { $0.contains("2 further originals") && $0.contains("for information") })
        let gated = try written(asked, "2", margin: "0.1")
        #expect(gated.verification.thresholds.userMembershipMargin == 0.1 && gated.digest != two.digest)
        #expect(gated.explanation.contains { $0.contains("less than 0.1 more of them members") })
        // What is not written is in no digest.
        #expect(try written(asked, nil).digest == plain.digest)
        for wrong in ["0", "1", "101", "2.5", "some"] {
            #expect(throws: PolicyError.self) { try written(asked, wrong) }
        }
        for wrong in ["0", "0.6", "-0.1"] {
            #expect(throws: PolicyError.self) { try written(asked, "2", margin: wrong) }
        }
        // Neither without G3, nor a margin without what it applies to, nor with too few references to score against.
        #expect(throws: PolicyError.self) { try written(text, "2") }
        #expect(throws: PolicyError.self) { try written(asked, nil, margin: "0.1") }
        #expect {
            try written(asked, "2", references: 2)
        } throws: {
            ($0 as? PolicyError)?.field == "verification.membershipOriginals"
        }
        #expect(try written(asked, "2", references: 3).verification.references == 3)
    }

    @Test func theExplanationSaysWhatCounts() throws {
        let text = try fixturePolicy().explanation.joined(separator: "\n")
        for phrase in [
            "GDPR", "one calendar month", "email-verified", "5 reference models", "G0, G1, G2, G5", "destroyed",
        ] {
            #expect(text.contains(phrase), "\(phrase)")
        }
        let other = try Policy(yaml: setting(fixturePolicyText(), "regulation", to: "ccpa")).explanation.joined()
        #expect(other.contains("45 calendar days"))
    }

    /// The text with the first field of this name set to `value`.
    private func setting(_ text: String, _ field: String, to value: String) throws -> String {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let index = try #require(lines.firstIndex { $0.drop(while: { $0 == " " }).hasPrefix("\(field):") }, "\(field)")
        let indent = lines[index].prefix { $0 == " " }
        lines[index] = "\(indent)\(field): \(value)"
        return lines.joined(separator: "\n")
    }

    private func replacing(_ text: String, _ old: String, _ new: String, deleting: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).filter { !$0.hasPrefix(deleting) }
            .joined(separator: "\n").replacingOccurrences(of: old, with: new)
    }
}

extension Array {
    subscript(safe index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
