import Foundation
import LetheBytes
import Testing

@testable import LetheServer

/// Benchmark files as they are written, and as somebody might write them who wants to harm.
struct BenchmarkDocumentTests {
    private static let good = "# T\n\n## S\n\ntext `a`\n**b** c\n\n| a | b |\n| --- | ---: |\n| 1 | x\\|y |\n"

    private func markdown(_ text: String) throws(BenchmarkError) -> BenchmarkDocument {
        try BenchmarkDocument(markdown: Array(text.utf8), name: "n")
    }

    private func json(_ text: String) throws(BenchmarkError) -> BenchmarkDocument {
        try BenchmarkDocument(json: Array(text.utf8), name: "n")
    }

    @Test func headingsSentencesAndTablesAreRead() throws {
        let document = try markdown(Self.good)
        #expect(document.title == "T" && document.texts == ["text a b c"])
        #expect(document.tables == [.init(caption: "S", columns: ["a", "b"], rows: [["1", "x|y"]])])
        #expect(try markdown("| a |\n| --- |\n").tables == [.init(caption: "n", columns: ["a"], rows: [])])
        #expect(try markdown("").title == "n")
        #expect(try markdown("![a picture](x.svg)\n").texts.isEmpty)
    }

    @Test func valuesAndListsOfObjectsAreRead() throws {
        let document = try json(
            #"{"benchmark":"b","at":"x","rows":[{"job":"full","x":1.50,"deep":{}},{"job":"lora"}],"m":{"k":true}}"#)
        #expect(document.title == "b")
        #expect(
            document.tables == [
                .init(caption: "Settings", columns: ["Name", "Value"], rows: [["at", "x"], ["benchmark", "b"]]),
                .init(caption: "m", columns: ["Name", "Value"], rows: [["k", "yes"]]),
                .init(caption: "rows", columns: ["job", "x"], rows: [["full", "1.50"], ["lora", ""]]),
            ])
    }

    @Test func everyCommittedResultIsShown() throws {
        let folder = BenchmarkFolder(
            path: URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent().appending(path: "Reports/benchmarks").path)
        let results = try folder.results()
        #expect(results.count >= 6)
        for result in results {
            let document = try result.document.get()
            #expect(!document.title.isEmpty && !document.tables.isEmpty, "\(result.name)")
            for form in result.forms { _ = try folder.bytes(result.name, form) }
        }
    }

    @Test(arguments: [
        ("| a | b |\n| --- | --- |\n| 1 |\n", "line 3: expected 2 cells, found 1"),
        ("| a | b |\n", "line 2: expected the rule"), ("| a | b |\n| --- |\n", "line 2: expected the rule"),
        ("| a | b |\ntext\n", "line 2: expected the rule"), ("| a | b\n| --- | --- |\n", "line 1: expected a bar"),
        ("| a \\|\n", "line 1: expected a bar"), ("a\u{0}b\n", "line 1: expected text without control"),
        ("a\rb\n", "line 1: expected text without control"), ("\u{1B}[31m\n", "line 1: expected text without control"),
        (String(repeating: "| a ", count: 25) + "|\n", "line 1: expected at most 24 cells"),
        ("| " + String(repeating: "a", count: 5_000) + " |\n", "line 1: expected at most 24 cells of 4096 bytes"),
        (String(repeating: "a", count: 20_000), "line 1: expected at most 16384 bytes"),
        (String(repeating: "a\n\n", count: 70), "expected at most 64 paragraphs"),
        (String(repeating: "| a |\n| --- |\n\n", count: 65), "expected at most 64 tables"),
        ("| a |\n| --- |\n" + String(repeating: "| 1 |\n", count: 1_001), "expected at most 1000 rows"),
    ])
    func badMarkdownIsNamedWithItsLine(text: String, problem: String) {
        let error = #expect(throws: BenchmarkError.self) { try markdown(text) }
        #expect(error?.description.contains(problem) == true, "\(error?.description ?? "")")
    }

    @Test(arguments: [
        "", "[]", "{", "{}", #"{"a":[1,2]}"#, #"{"a":1,"a":2}"#, #"{"a":[[]]}"#, "{\"a\":\"\u{0}\"}",
        String(repeating: #"{"a":"#, count: 40) + "1" + String(repeating: "}", count: 40),
        "{\"a\":\"" + String(repeating: "x", count: 5_000) + "\"}",
        "{\"a\":[" + Array(repeating: #"{"b":1}"#, count: 1_001).joined(separator: ",") + "]}",
        "{\"a\":[{" + (0..<25).map { "\"c\($0)\":1" }.joined(separator: ",") + "}]}",
    ])
    func badJSONIsRefused(text: String) {
        #expect(throws: BenchmarkError.self) { try json(text) }
    }

    /// Cut or changed anywhere it is read as something or refused, and never traps.
    @Test func noChangeTraps() {
        let bytes = Array(Self.good.utf8)
        for place in bytes.indices {
            _ = try? BenchmarkDocument(markdown: Array(bytes.prefix(place)), name: "n")
            for mask in UInt8(1)...255 {
                var other = bytes
                other[place] ^= mask
                _ = try? BenchmarkDocument(markdown: other, name: "n")
            }
        }
    }
}
