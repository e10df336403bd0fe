import Foundation
import LetheReports
import Testing

/// Each named report in each format equals the committed sample; `RECORD_SNAPSHOTS=1` rewrites them.
struct SnapshotTests {
    @Test(arguments: Fixtures.named.map(\.name), ["html", "md", "json", "csv"])
    func reportLooksAsRecorded(name: String, format: String) throws {
        let report = try #require(Fixtures.named.first { $0.name == name }).report
        let text = try text(of: report, as: format)
        try Snapshot.expect(text, is: "run-\(name).\(format)")
    }

    @Test(arguments: Fixtures.named.map(\.name))
    func sameReportGivesSameBytes(name: String) throws {
        let report = try #require(Fixtures.named.first { $0.name == name }).report
        let copy = report
        for format in ["html", "md", "json", "csv"] {
            #expect(try text(of: report, as: format) == text(of: copy, as: format))
        }
    }

    /// A sample that no test writes would never change with the code.
    @Test func everySampleIsOneOfTheReports() throws {
        let reports = Fixtures.named.map { "run-\($0.name)" } + ["period", "request"]
        let names = reports.flatMap { name in ["html", "md", "json", "csv"].map { "\(name).\($0)" } }
        #expect(try FileManager.default.contentsOfDirectory(atPath: Snapshot.folder.path).sorted() == names.sorted())
    }

    private func text(of report: AuditReport, as format: String) throws -> String {
        switch format {
        case "html": report.html
        case "md": report.markdown
        case "json": try report.json
        default: report.csv
        }
    }
}

/// Texts that are committed as they should be: `Reports/samples`, which is also where people look what a report is like.
enum Snapshot {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Reports/samples")

    /// Whether `text` equals the file called `name`; `RECORD_SNAPSHOTS=1` rewrites it.
    static func expect(_ text: String, is name: String) throws {
        let file = folder.appending(path: name)
        if ProcessInfo.processInfo.environment["RECORD_SNAPSHOTS"] == "1" {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        let recorded = try Data(contentsOf: file)
        #expect(
            Data(text.utf8) == recorded,
            "\(name) differs from line \(firstDifference(text, String(decoding: recorded, as: UTF8.self)))")
    }

    private static func firstDifference(_ new: String, _ old: String) -> Int {
        let new = new.split(separator: "\n", omittingEmptySubsequences: false)
        let old = old.split(separator: "\n", omittingEmptySubsequences: false)
        return (zip(new, old).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? min(new.count, old.count))
            + 1
    }
}
