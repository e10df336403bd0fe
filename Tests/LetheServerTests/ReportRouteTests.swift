import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LetheBytes
import LetheRequests
import LetheService
import Testing

@testable import LetheServer

/// Reports over HTTP: on spans of days, on requests, and on what was measured of the program.
struct ReportRouteTests {
    private static let types = [
        "html": "text/html; charset=utf-8", "markdown": "text/markdown; charset=utf-8",
        "json": "application/json; charset=utf-8", "csv": "text/csv; charset=utf-8",
    ]

    /// What the command line would write, by form.
    private func texts(of report: some FormedReport) throws -> [(form: String, text: String)] {
        try ReportFormat.allCases.map { ($0.rawValue, try report.text($0)) }
    }

    /// A session's cookie, as a browser gets it.
    private func session(_ client: any TestClientProtocol, _ token: String) async throws -> HTTPFields {
        let answer = try await client.post(
            "/login", Array("token=\(token)".utf8), type: "application/x-www-form-urlencoded")
        return [.cookie: String(try #require(answer.headers[.setCookie]).prefix { $0 != ";" })]
    }

    @Test func aSpanOfDaysIsReportedInEveryForm() async throws {
        let desk = try ServerDesk()
        _ = try desk.workspace().submit(desk.sign())
        let token = try desk.token(.auditor)
        let wanted = try texts(
            of: desk.workspace().periodReport(StatisticsPeriod(year: 2026), regulation: .gdpr))
        #expect(wanted.count == 4)
        try await desk.run { client in
            for (form, text) in wanted {
                let answer = try await client.get(
                    "/api/v1/reports/period?from=2026-01-01&to=2026-12-31&regulation=gdpr&format=\(form)", token: token)
                #expect(answer.status == 200 && answer.headers[.contentType] == Self.types[form], "\(form)")
                #expect(answer.text == text, "\(form)")
            }
            let year = try await client.get("/api/v1/reports/period?year=2026&format=json", token: token).json
            let span = try await client.get(
                "/api/v1/reports/period?from=2026-01-01&to=2026-12-31&format=json", token: token
            ).json
            #expect(year == span)
            #expect(
                try await client.get("/api/v1/reports/period?format=json", token: token).json == year,
                "without days, the calendar year of today")
            for query in [
                "to=2026-01-01", "from=2026-02-01&to=2026-01-01", "from=x", "year=0", "year=2026&from=2026-01-01",
                "regulation=", "format=pdf",
            ] {
                #expect(
                    try await client.get("/api/v1/reports/period?\(query)", token: token).code == "bad-query",
                    "\(query)")
            }
            let browser = try await session(client, token)
            let page = try await client.call(
                .get, "/reports/period?from=2026-01-01&to=2026-12-31&regulation=", headers: browser)
            #expect(page.status == 200 && page.text.contains("/api/v1/reports/period?from=2026-01-01"))
            #expect(page.text.matches(of: /<h1[ >]/).count == 1)
            #expect(try await client.call(.get, "/reports/period?to=2026-01-01", headers: browser).status == 400)
        }
        #expect(desk.server.services.metrics.undocumented == 0)
    }

    @Test func oneRequestIsReportedInEveryForm() async throws {
        let desk = try ServerDesk()
        _ = try desk.workspace().submit(desk.sign())
        let id = try #require(try desk.workspace().requests().first).requestID.text
        let (token, other) = (try desk.token(.auditor), "a7551968-d5d6-44b2-9831-815ac9017798")
        let wanted = try texts(of: desk.workspace().requestReport(id))
        try await desk.run { client in
            for (form, text) in wanted {
                let answer = try await client.get("/api/v1/requests/\(id)/report?format=\(form)", token: token)
                #expect(answer.status == 200 && answer.headers[.contentType] == Self.types[form], "\(form)")
                #expect(answer.text == text, "\(form)")
            }
            #expect(try await client.get("/api/v1/requests/\(other)/report", token: token).code == "unknown-request")
            let browser = try await session(client, token)
            let page = try await client.call(.get, "/reports/requests/\(id)", headers: browser)
            #expect(page.status == 200 && page.text.contains(id) && page.text.contains("/desk/\(id)"))
            let form = try await client.call(.get, "/reports/request?id=\(id)", headers: browser)
            #expect(form.status == 303 && form.headers[.location] == "/reports/requests/\(id)")
            #expect(try await client.call(.get, "/reports/request", headers: browser).status == 400)
            #expect(try await client.call(.get, "/reports/requests/\(other)", headers: browser).status == 404)
            #expect(
                try await client.call(.get, "/desk/\(id)", headers: browser).text.contains("/reports/requests/\(id)"))
        }
        #expect(desk.server.services.metrics.undocumented == 0)
    }

    @Test func benchmarkResultsOfTheFolderAreShownAndOthersAreNamed() async throws {
        let results = try TestFolder()
        let good = "# The <ledger>\n\nmeasured\n\n| what | ms |\n| --- | --- |\n| append | 1.2 |\n"
        try Files.write(Array(good.utf8), to: results.path("ledger.md"))
        try Files.write(Array(#"{"benchmark":"ledger","ms":1.2}"#.utf8), to: results.path("ledger.json"))
        try Files.write(
            Array(#"{"rows":[{"job":"full","x":1.5},{"job":"lora"}]}"#.utf8), to: results.path("engine.json"))
        try Files.write(Array("| a | b |\n| --- | --- |\n| 1 |\n".utf8), to: results.path("ragged.md"))
        try Files.write([0x23, 0x20, 0xFF], to: results.path("bytes.md"))
        try Files.write(Array(repeating: 0x20, count: BenchmarkFolder.fileLimit + 1), to: results.path("large.md"))
        try Files.write(Array("secret".utf8), to: results.path("outside"))
        try FileManager.default.createSymbolicLink(
            atPath: results.path("link.md"), withDestinationPath: results.path("outside"))
        try Files.createFolder(results.path("folder.md"))
        // Names that no path of this server has are no results.
        for name in [".hidden.md", "with space.md", "note.txt", "\(String(repeating: "n", count: 65)).md", ".md"] {
            try Files.write(Array(good.utf8), to: results.path(name))
        }
        let desk = try ServerDesk { $0.benchmarks = results.path }
        let token = try desk.token(.auditor)
        try await desk.run { client in
            let list = try await client.get("/api/v1/benchmarks", token: token).json["benchmarks"]?.arrayValue ?? []
            #expect(
                list.map { $0["name"]?.stringValue } == [
                    "bytes", "engine", "folder", "large", "ledger", "link", "ragged",
                ])
            let bad = list.filter { $0["problem"] != nil }.map { $0["name"]?.stringValue }
            #expect(bad == ["bytes", "folder", "large", "link", "ragged"])
            #expect(list[4]["title"]?.stringValue == "The <ledger>")
            #expect(list[4]["forms"]?.arrayValue?.compactMap(\.stringValue) == ["markdown", "json"])

            let raw = try await client.get("/api/v1/benchmarks/ledger", token: token)
            #expect(raw.text == good && raw.headers[.contentType] == "text/markdown; charset=utf-8")
            #expect(
                try await client.get("/api/v1/benchmarks/ledger?format=json", token: token).json["ms"]
                    == .number("1.2"))
            #expect(
                try await client.get("/api/v1/benchmarks/engine?format=markdown", token: token).code
                    == "unknown-benchmark")
            for name in ["ragged", "bytes", "large", "link", "folder"] {
                let answer = try await client.get("/api/v1/benchmarks/\(name)", token: token)
                #expect(answer.code == "no-result" && !answer.text.contains("secret"), "\(name)")
                #expect(!answer.text.contains(results.path))
            }
            for name in ["nothing", "..", ".hidden", "with%20space"] {
                #expect(try await client.get("/api/v1/benchmarks/\(name)", token: token).status == 404, "\(name)")
            }

            let browser = try await session(client, token)
            let page = try await client.call(.get, "/reports", headers: browser).text
            #expect(page.contains("/reports/benchmarks/ledger") && page.contains("The &lt;ledger&gt;"))
            #expect(page.contains("expected 2 cells, found 1") && !page.contains("/reports/benchmarks/ragged"))
            let shown = try await client.call(.get, "/reports/benchmarks/ledger", headers: browser)
            #expect(shown.status == 200 && shown.text.contains("append") && shown.text.contains("1.2"))
            #expect(try await client.call(.get, "/reports/benchmarks/engine", headers: browser).text.contains("lora"))
            #expect(try await client.call(.get, "/reports/benchmarks/ragged", headers: browser).status == 409)
            #expect(try await client.call(.get, "/reports/benchmarks/nothing", headers: browser).status == 404)
            #expect(try await client.call(.get, "/reports/benchmarks/ledger").status == 401)
        }
        #expect(desk.server.services.metrics.undocumented == 0)
    }

    @Test func withoutAFolderThereAreNoResults() async throws {
        let desk = try ServerDesk()
        let token = try desk.token(.auditor)
        try await desk.run { client in
            #expect(
                try await client.get("/api/v1/benchmarks", token: token).json["benchmarks"]?.arrayValue?.isEmpty == true
            )
            let page = try await client.call(.get, "/reports", headers: session(client, token))
            #expect(page.status == 200 && page.text.contains("None is in the server&#39;s folder"))
        }
        #expect(
            desk.configuration.benchmarkFolder.path
                == Files.join(WorkspacePaths(root: desk.configuration.workspace).reports, "benchmarks"))
    }

    @Test func requestsAreExportedAsATable() async throws {
        let desk = try ServerDesk()
        _ = try desk.workspace().submit(desk.sign())
        let id = try #require(try desk.workspace().requests().first).requestID.text
        let token = try desk.token(.auditor)
        try await desk.run { client in
            let table = try await client.get("/api/v1/requests?format=csv", token: token)
            #expect(table.headers[.contentType] == "text/csv; charset=utf-8")
            let lines = table.text.split(separator: "\r\n")
            #expect(lines.first.map(String.init) == RequestList.columns.joined(separator: ","))
            #expect(lines.count == 2 && lines[1].hasPrefix(id))
            #expect(
                try await client.get("/api/v1/requests?format=csv&state=refused", token: token).text
                    .split(separator: "\r\n").count == 1)
        }
    }
}
