import LetheBytes
import LetheRecommendation
import LetheReports
import LetheRequests
import Testing

@testable import LetheService

extension ServiceTests {
    /// Reports on a span of days and on one request.
    struct DeskReports {
        @Test func aYearOfTheDeskIsReported() throws {
            let desk = try Desk.current
            let workspace = try desk.answered.copy().open()
            let year = try StatisticsPeriod(year: 2026)
            var report = try workspace.periodReport(year)
            #expect(report.runs.map(\.id) == [desk.runID] && report.runs.map(\.certificates) == [20])
            #expect(report.runs.map(\.verdict) == [desk.measured.verdict] && report.runs.map(\.method) == ["retrain"])
            #expect(report.figures.first { $0.name == "received" }?.value == "20")
            #expect(report.figures.allSatisfy { $0.title != $0.name })
            #expect(report.processing.map(\.letter) == ["a", "b", "c", "d", "e", "f", "g"])
            #expect(report.processing[0].answers.isEmpty && report.processing[4].answers.isEmpty)
            #expect(try workspace.periodReport(StatisticsPeriod(year: 2025)).runs.isEmpty)

            try Files.write(
                Array("name: Example Films\ncontact: privacy@example.com\ntransfers: [none]\n".utf8),
                to: workspace.paths.controller)
            report = try workspace.periodReport(year, regulation: .gdpr)
            #expect(report.processing[0].answers == ["controller: Example Films", "contact: privacy@example.com"])
            #expect(report.processing[4].answers == ["none"])
            let files = try workspace.report(
                on: year, regulation: .gdpr, to: workspace.paths.reports, formats: ReportFormat.allCases)
            #expect(files.count == 4)
            let page = String(
                decoding: try Files.read(try #require(files[.html]), limit: 1 << 20), as: UTF8.self)
            #expect(page.contains("Example Films"))
            for user in try workspace.data().split.trainingUsers.prefix(20) {
                #expect(!page.contains(">\(user)<"), "a data subject's name in a report")
            }
        }

        @Test func aRequestIsReportedWithEveryEntryAndWhoSignedIt() throws {
            let desk = try Desk.current
            let moment = try desk.answered.copy()
            let workspace = try moment.open()
            let filed = try #require(moment.filed.first)
            let report = try workspace.requestReport(filed.request.requestID.text)
            #expect(report.state == .fulfilled && report.isShredded && report.clock == .stopped(daysTaken: 0))
            #expect(report.certificateFile?.hasPrefix("certificates/") == true)
            #expect(report.runs.map(\.id) == [desk.runID])
            let entries = report.history.map(\.entry)
            #expect(entries == entries.sorted() && Set(entries).count == entries.count)
            #expect(
                report.history.allSatisfy { !$0.what.isEmpty && $0.signers.contains { $0.hasPrefix("controller ") } })
            #expect(report.history.first?.what.hasPrefix("received") == true)
            #expect(report.history.contains { $0.what.contains(desk.runID) })
            #expect(report.history.last?.what == "the key of the personal data was destroyed")
            let files = try workspace.report(
                onRequest: report.id, to: workspace.paths.reports, formats: ReportFormat.allCases)
            for path in files.values {
                let text = String(decoding: try Files.read(path, limit: 1 << 20), as: UTF8.self)
                #expect(
                    text.contains(report.id) && !text.contains("\"\(filed.user)\"") && !text.contains(">\(filed.user)<")
                )
            }
            #expect(throws: ServiceError.self) { try workspace.requestReport("61536e2d-2152-4e88-a947-d12c26290d6f") }
        }

        @Test(arguments: [
            ("name: x\n", "contact"), ("contact: x\n", "name"), ("name: x\ncontact: y\nfax: 1\n", "fax"),
            ("name: x\ncontact: y\ntransfers: none\n", "transfers"), ("[]", "a mapping"), ("", "empty document"),
            ("name: x\nname: y\ncontact: z\n", "line 2"),
        ])
        func aControllersFileIsReadStrictly(text: String, found: String) throws {
            let folder = try TestFolder()
            let path = "\(folder.path)/controller.yaml"
            try Files.write(Array(text.utf8), to: path)
            let error = #expect(throws: ServiceError.self) { try ControllerStatement.read(path) }
            let line = "\(try #require(error))"
            #expect(line.contains(path) && line.contains(found), "\(line)")
        }
    }
}
