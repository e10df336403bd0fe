import LetheBytes
import LetheReports
import Testing

struct PeriodReportTests {
    @Test(arguments: ["html", "md", "json", "csv"])
    func reportLooksAsRecorded(format: String) throws {
        try Snapshot.expect(try text(of: Fixtures.period, as: format), is: "period.\(format)")
    }

    private func text(of report: PeriodReport, as format: String) throws -> String {
        switch format {
        case "html": report.html
        case "md": report.markdown
        case "json": try report.json
        default: report.csv
        }
    }

    @Test func theFirstLineSaysHowTheDeskStands() {
        func report(_ figures: [(String, String)]) -> String {
            var report = Fixtures.period
            report.figures = figures.map { .init($0.0, $0.0, $0.1) }
            // Numbers keep to their nouns by spaces that do not break.
            return report.markdown.replacing("\u{A0}", with: " ")
        }
        #expect(report([("received", "0")]).contains("Nobody asked for deletion on these days."))
        #expect(report([("received", "3"), ("open", "2")]).contains("3 people asked for deletion; 1 has an answer."))
        #expect(report([("received", "1"), ("open", "1")]).contains("1 person asked for deletion; none has an answer"))
        #expect(report([("received", "3")]).contains("3 people asked for deletion; 3 have an answer."))
        #expect(report([("received", "3")]).contains("IN TIME"))
        #expect(report([("received", "3"), ("answered_late", "1")]).contains("ANSWERED LATE"))
        #expect(report([("received", "3"), ("answered_late", "1"), ("overdue", "2")]).contains("OVERDUE"))
        #expect(report([("overdue", "2")]).contains("2 open requests are overdue"))
    }

    @Test func whatNobodyStatedIsMarked() {
        #expect(Fixtures.period.markdown.contains("(e) Transfers to third countries | ? not stated"))
        #expect(Fixtures.period.markdown.contains(#"contact: privacy\@example.com"#))
    }

    @Test(arguments: HostileTextTests.texts)
    func noTextBreaksOutOfItsPlace(text: String) throws {
        let report = Fixtures.hostilePeriod(text)
        let calm = Fixtures.hostilePeriod("calm")
        let page = try HtmlChecker.check(report.html)
        #expect(page.elements.map(\.name) == (try HtmlChecker.check(calm.html)).elements.map(\.name))
        #expect(!page.text.unicodeScalars.contains { $0 == "\u{202E}" || $0 == "\u{0}" || $0 == "\u{7}" })
        let value = try StrictJSON.parse(Array(try report.json.utf8))
        #expect(value["runs"]?[0]?["verdict"] == .string(text))
        let rows = try CsvReader.rows(report.csv)
        #expect(rows.count == 9 && rows.allSatisfy { $0.count == 2 })
        guard text.contains(where: { $0 != " " }) else { return }
        #expect(MarkdownShape(report.markdown).lines.count == MarkdownShape(calm.markdown).lines.count)
        #expect(!report.markdown.replacingCode.contains("<"))
    }
}
