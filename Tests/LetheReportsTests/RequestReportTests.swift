import LetheBytes
import LetheReports
import Testing

struct RequestReportTests {
    @Test(arguments: ["html", "md", "json", "csv"])
    func reportLooksAsRecorded(format: String) throws {
        let text =
            switch format {
            case "html": Fixtures.request.html
            case "md": Fixtures.request.markdown
            case "json": try Fixtures.request.json
            default: Fixtures.request.csv
            }
        try Snapshot.expect(text, is: "request.\(format)")
    }

    @Test(arguments: AuditReport.State.allCases)
    func everyStateHasItsOwnHeadline(state: AuditReport.State) {
        var report = Fixtures.request
        report.state = state
        let headline = report.markdown.prefix { $0 != "\n" }
        for other in AuditReport.State.allCases where other != state {
            report.state = other
            let isAccepted = [.inProgress, .extended].contains(state) && [.inProgress, .extended].contains(other)
            #expect(isAccepted || report.markdown.prefix { $0 != "\n" } != headline)
        }
    }

    @Test func whatIsNotThereIsNotClaimed() {
        var report = Fixtures.request
        report.certificateFile = nil
        #expect(report.markdown.contains("Nothing of this person was held."))
        #expect(!report.markdown.contains("lethe certificate verify"))
        report.recipients[0].outcome = .failed
        #expect(report.markdown.contains("Not every recipient of the data was told: crm."))
    }

    @Test(arguments: HostileTextTests.texts)
    func noTextBreaksOutOfItsPlace(text: String) throws {
        let report = Fixtures.hostileRequest(text)
        let calm = Fixtures.hostileRequest("calm")
        let page = try HtmlChecker.check(report.html)
        #expect(page.elements.map(\.name) == (try HtmlChecker.check(calm.html)).elements.map(\.name))
        #expect(!page.text.unicodeScalars.contains { $0 == "\u{202E}" || $0 == "\u{0}" || $0 == "\u{7}" })
        let value = try StrictJSON.parse(Array(try report.json.utf8))
        #expect(value["history"]?[0]?["what"] == .string(text))
        let rows = try CsvReader.rows(report.csv)
        #expect(rows.count == 3 && rows.allSatisfy { $0.count == 5 })
        guard text.contains(where: { $0 != " " }) else { return }
        #expect(MarkdownShape(report.markdown).lines.count == MarkdownShape(calm.markdown).lines.count)
        #expect(!report.markdown.replacingCode.contains("<"))
    }
}
