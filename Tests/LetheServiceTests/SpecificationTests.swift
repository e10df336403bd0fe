import Foundation
import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheStatements
import Testing

/// The examples in Documentation/spec are pieces of the golden log, which verifies; a page that drifts from it fails here.
struct SpecificationTests {
    /// A fenced block whose first line says where it comes from: ```json golden v1 entry 5
    struct Example: Sendable, CustomTestStringConvertible {
        let page: String
        let source: [String]
        let text: String
        var testDescription: String { "\(page): \(source.joined(separator: " "))" }
    }

    private static let root = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
    private static let folder = root + "/Documentation/spec"

    private static let pages: [(name: String, text: String)] = {
        ((try? Files.names(in: folder)) ?? []).filter { $0.hasSuffix(".md") }.map { name in
            (
                name,
                (try? Files.read(folder + "/" + name, limit: 1 << 20)).map { String(decoding: $0, as: UTF8.self) } ?? ""
            )
        }
    }()

    private static let examples: [Example] = pages.flatMap { page in
        page.text.components(separatedBy: "\n```").dropFirst().enumerated().compactMap { number, block -> Example? in
            guard number.isMultiple(of: 2), let end = block.firstIndex(of: "\n") else { return nil }
            let words = block[..<end].split(separator: " ").map(String.init)
            guard words.count > 1, words[1] == "golden" || words[1] == "file" else { return nil }
            return Example(
                page: page.name, source: Array(words.dropFirst()), text: String(block[block.index(after: end)...]))
        }
    }

    private func golden(_ version: String, _ name: String) throws -> [UInt8] {
        try Files.read("\(Self.root)/Tests/Golden/\(version)/\(name)", limit: 1 << 24)
    }

    private func entry(_ version: String, _ index: Int) throws -> DSSEEnvelope {
        let lines = try golden(version, "entries.jsonl").split(separator: 0x0A)
        return try DSSEEnvelope(parsing: Array(try #require(lines.indices.contains(index) ? lines[index] : nil)))
    }

    @Test func everyFormatHasItsPage() {
        let names = Set(Self.pages.map(\.name))
        #expect(
            names.isSuperset(of: [
                "dsse.md", "statement.md", "events.md", "request.md", "test-result.md", "certificate.md",
                "trust-file.md",
                "bundle.md", "model-digest.md",
            ]))
        #expect(Self.examples.count >= 12)
    }

    @Test(arguments: examples)
    func anExampleIsWhatWasSigned(example: Example) throws {
        let (source, text) = (example.source, example.text)
        switch (source[0], source.count > 2 ? source[2] : "") {
        case ("golden", "entry"):
            let envelope = try entry(source[1], #require(Int(source[3])))
            let shown = try StrictJSON.parse(Array(text.utf8)).canonicalBytes()
            if source.last == "envelope" {
                #expect(shown == envelope.canonicalBytes)
            } else {
                #expect(shown == envelope.payload)
            }
        case ("golden", "resources"):
            let statement = try Statement(parsingUnverified: entry(source[1], #require(Int(source[3]))).payload)
            let shown = try StrictJSON.parse(Array(text.utf8))
            #expect(statement.predicate["resources"] == shown["resources"])
            #expect(shown["digest"]?.stringValue == statement.subjects[0].digest["sha256"])
            let resources = try #require(shown["resources"]?.arrayValue).map { item in
                try ModelDigest.Resource(
                    name: #require(item["name"]?.stringValue),
                    digest: Digest(hex: #require(item["digest"]?.stringValue)))
            }
            #expect(try ModelDigest(resources: resources).digest.hex == shown["digest"]?.stringValue)
        case ("golden", _): #expect(try Array((text + "\n").utf8) == golden(source[1], source[2]))
        default:
            let file = try Files.read(Files.join(Self.root, source[1]), limit: 1 << 20)
            #expect(try StrictJSON.parse(Array(text.utf8)).canonicalBytes() == StrictJSON.parse(file).canonicalBytes())
        }
    }

    @Test func everyLinkBetweenPagesLeadsSomewhere() {
        for page in Self.pages {
            for match in page.text.matches(of: /\]\(([a-z-]+\.md)/) {
                #expect(Self.pages.contains { $0.name == match.1 }, "\(page.name) links to \(match.1)")
            }
        }
    }
}
