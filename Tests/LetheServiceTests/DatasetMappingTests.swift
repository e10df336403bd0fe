import Foundation
import LetheBytes
import LetheRecommendation
import Testing

@testable import LetheService

struct DatasetMappingTests {
    /// The documented example.
    static let example = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Documentation/examples/tea-orders").path

    private static func text() throws -> String {
        String(decoding: try Files.read(Files.join(example, "mapping.yaml"), limit: 1 << 16), as: UTF8.self)
    }

    @Test func theDocumentedExampleIsReadAndSplit() throws {
        let mapping = try DatasetMapping.read(Files.join(Self.example, "mapping.yaml"))
        let profile = DatasetProfile(kind: .mapping, folder: Self.example, mapping: mapping)
        let (dataset, split) = try profile.load()
        #expect(dataset.ratings.count == 549 && dataset.users.count == 40 && dataset.items.count == 48)
        #expect(split.pretraining.count == 190 && split.training.count == 84 && split.forgottenUsers.count == 3)
        let record = try #require(split.test.first)
        let prompt = try PromptTemplate.paper.render(record, dataset)
        #expect(prompt.hasPrefix("The user lives in the ") && prompt.contains(" They ordered these teas in order"))
        #expect(prompt.contains(" by ") && (prompt.contains("(reordered)") || prompt.contains("(returned)")))
        #expect(profile.name.contains("ours, not the paper's"))
    }

    @Test func aProfileKeepsTheMappingItself() throws {
        let mapping = try DatasetMapping(yaml: Array(try Self.text().utf8), file: "m.yaml")
        let profile = DatasetProfile(kind: .mapping, folder: "f", isQuick: true, mapping: mapping)
        #expect(try DatasetProfile(profile.json) == profile)
        for kind in DatasetProfile.Kind.allCases where kind != .mapping {
            let other = DatasetProfile(kind: kind, folder: "f")
            #expect(try DatasetProfile(other.json) == other)
            #expect(BuiltInPolicy.policy(for: kind) != nil)
        }
        #expect(BuiltInPolicy.policy(for: .mapping) == nil)
        #expect(throws: ServiceError.mappingMissing) { try DatasetProfile(kind: .mapping, folder: "f").load() }
        for json: JSONValue in [
            ["kind": "mapping", "folder": "f", "quick": false],
            ["kind": "goodreads", "folder": "f", "quick": false, "mapping": "version: 1"],
            ["kind": "mapping", "folder": "f", "quick": false, "mapping": 1],
        ] {
            #expect(throws: ServiceError.self) { try DatasetProfile(json) }
        }
        #expect(throws: DatasetError.self) {
            try DatasetProfile(["kind": "mapping", "folder": "f", "quick": false, "mapping": "version: 2"])
        }
    }

    @Test func whatIsNotThePapersSaysSo() {
        for kind in [DatasetProfile.Kind.goodReads, .mapping] {
            for isQuick in [true, false] {
                let name = DatasetProfile(kind: kind, folder: "f", isQuick: isQuick).name
                #expect(name.contains("ours, not the paper's"), "\(name)")
            }
        }
    }

    /// One change of the example: what is replaced, by what, the complaint.
    @Test(arguments: [
        ("version: 1", "version: 2", "m.yaml, line 2, version: expected a whole number from 1 to 1, found \"2\""),
        (
            "name: tea-orders", "name: Tea",
            "m.yaml, line 3, name: expected a name of 1 to 64 characters a-z, 0-9 and -, found \"Tea\""
        ),
        (
            "  user: guest\n", "",
            "m.yaml, line 6, interactions.user: expected text of 1 to 256 bytes, found no such field"
        ),
        (
            "  user: guest\n", "  user: guest\n  colour: red\n",
            "m.yaml, line 9, interactions.colour: expected no field of this name, found it"
        ),
        (
            "format: jsonl", "format: xml",
            "m.yaml, line 7, interactions.format: expected one of csv, jsonl, found \"xml\""
        ),
        (
            "file: orders.jsonl", "file: ../orders.jsonl",
            "m.yaml, line 6, interactions.file: expected the name of a file in the data folder, found a path"
        ),
        (
            "    format: iso8601", "    format: guess",
            "m.yaml, line 18, interactions.time.format: expected one of seconds, milliseconds, iso8601, goodreads, found \"guess\""
        ),
        (
            "    field: at\n    format: iso8601", "    order: random",
            "m.yaml, line 17, interactions.time.order: expected rows, found \"random\""
        ),
        (
            "    sorted: true", "    sorted: maybe",
            "m.yaml, line 19, interactions.time.sorted: expected true or false, found \"maybe\""
        ),
        (
            "disliked: [returned]", "disliked: [reordered]",
            "m.yaml, line 11, interactions.label.disliked: expected other values than those of liked, found one of them"
        ),
        (
            "  label: ", "  rating: {field: a, from: 1, to: 5, likedAbove: 3}\n  label: ",
            "m.yaml, line 6, interactions.rating: expected either rating or label, found both"
        ),
        (
            "delimiter: \";\"", "delimiter: \";;\"",
            "m.yaml, line 25, items.csv.delimiter: expected one ASCII character, found \";;\""
        ),
        (
            "delimiter: \";\"", "delimiter: \";\", quote: \";\"",
            "m.yaml, line 25, items.csv.quote: expected another character than the delimiter, found the same"
        ),
        (
            "unknown: refuse", "unknown: [refuse]",
            "m.yaml, line 29, items.unknown: expected one of refuse, skip, found a list"
        ),
        (
            "lives in the {}.", "lives.",
            "m.yaml, line 37, users.fields[0].sentence: expected a sentence with {} for the value, found none"
        ),
        (
            "values: {n: north, s: south, c: coast}", "values: {}",
            "m.yaml, line 39, users.fields[0].values: expected a mapping of texts to texts, found a mapping"
        ),
        (
            "windowPercent: 40", "windowPercent: 0",
            "m.yaml, line 42, protocol.windowPercent: expected a whole number from 1 to 100, found \"0\""
        ),
        (
            "repeats: refuse", "repeats: refuse\n  repeats: first",
            "m.yaml, line 21, repeats: expected every field once, found it again"
        ),
        ("version: 1", "version: [1", "m.yaml, line 3, document: expected well-formed YAML"),
    ])
    func badMappingsAreErrorsWithTheirLine(old: String, new: String, complaint: String) throws {
        let text = try Self.text()
        #expect(text.contains(old))
        let changed = text.replacing(old, with: new, maxReplacements: 1)
        let error = try #require(throws: DatasetError.self) {
            try DatasetMapping(yaml: Array(changed.utf8), file: "m.yaml")
        }
        #expect("\(error)".hasPrefix(complaint), "\(error)")
    }

    @Test(
        arguments: [
            ("from: 1, to: 5, likedAbove: 3", nil), ("from: 0.5, to: 5, step: 0.5, likedAbove: 3.5", nil),
            ("from: 0, to: 100, likedAbove: 60, unit: point", nil),
            ("from: 1, to: 5, step: 0, likedAbove: 3", "step: expected from and to as multiples of a positive step"),
            ("from: 0.5, to: 5, likedAbove: 3", "step: expected from and to as multiples"),
            ("from: 5, to: 1, likedAbove: 3", "step: expected from and to as multiples"),
            ("from: 1, to: 5, likedAbove: 5", "likedAbove: expected a rating from from to below to"),
            ("from: 1, to: 5, likedAbove: 3.5", "likedAbove: expected a rating from from to below to"),
            (
                "from: 0, to: 999999, likedAbove: 3",
                "likedAbove: expected a rating from from to below to, at most 100000 steps"
            ),
            ("from: -1, to: 5, likedAbove: 3", "from: expected a number from 0 on with at most three decimals"),
            ("from: 1, to: 1e9, likedAbove: 3", "to: expected a number from 0 on"),
            ("from: 1, to: 99999999999999999999, likedAbove: 3", "to: expected a number from 0 on"),
        ] as [(String, String?)])
    func ratingScalesAreChecked(scale: String, complaint: String?) throws {
        var text = try Self.text()
        let label = try #require(text.range(of: "  label: "))
        let time = try #require(text.range(of: "  time:"))
        text.replaceSubrange(label.lowerBound..<time.lowerBound, with: "  rating: {field: outcome, \(scale)}\n")
        guard let complaint else {
            _ = try DatasetMapping(yaml: Array(text.utf8), file: "m.yaml")
            return
        }
        let error = try #require(throws: DatasetError.self) {
            try DatasetMapping(yaml: Array(text.utf8), file: "m.yaml")
        }
        #expect("\(error)".hasPrefix("m.yaml, line 10, interactions.rating.\(complaint)"), "\(error)")
    }

    @Test func mappingsThatAreNoTextOrTooLongAreRefused() throws {
        for (bytes, words) in [
            ([0xff, 0xfe], "UTF-8 text"), ([UInt8](repeating: 35, count: 20_000), "at most 16384 bytes"),
        ] {
            let error = try #require(throws: DatasetError.self) { try DatasetMapping(yaml: bytes, file: "m.yaml") }
            #expect("\(error)".contains(words))
        }
        #expect(throws: DatasetError.self) { try DatasetMapping(yaml: [], file: "m.yaml") }
        #expect(throws: FileError.self) { try DatasetMapping.read("/nowhere/mapping.yaml") }
    }

    @Test func everyTruncationOfAMappingIsAnErrorOrAMapping() throws {
        let bytes = Array(try Self.text().utf8)
        for length in stride(from: 0, to: bytes.count, by: 7) {
            do { _ = try DatasetMapping(yaml: Array(bytes[..<length]), file: "m.yaml") } catch { continue }
        }
    }
}
