import LetheBytes
import LethePages
import LetheReports
import LetheRequests
import LetheService
import LetheStore

/// Reports, for who has a role: on runs, spans of days, single requests, and on the program's own speed.
enum ReportPages {
    static let all: [Route] = [
        .page("/reports", operation: "reportsPage", "The reports.", access: .roles(AccessRole.people)) { call in
            let folder = call.services.configuration.benchmarkFolder
            let page = try await call.services.pool.readSlowly { workspace in
                try ReportsPage(benchmarks: folder.results(), in: workspace)
            }
            return call.page(page)
        },
        .page(
            "/reports/period", operation: "periodReportPage", "The report on a span of days.",
            access: .roles(AccessRole.people),
            parameters: PeriodQuery.parameters.filter { $0.name != "regulation" } + [
                .query("regulation", .oneOf([""] + Regulation.allCases.map(\.rawValue)), "Only under this law.")
            ]
        ) { call in
            let query = try PeriodQuery(call)
            let page = try await call.services.pool.readSlowly { workspace in
                let report = try workspace.periodReport(
                    query.period(today: workspace.today()), regulation: query.regulation)
                let law = query.regulation.map { "&regulation=\($0.rawValue)" } ?? ""
                return ReportPage(
                    report,
                    links: Link.forms(of: "/api/v1/reports/period?from=\(report.firstDay)&to=\(report.lastDay)\(law)&"))
            }
            return call.page(page)
        },
        .page(
            "/reports/request", operation: "requestReportForm", "Leads to the report on one request.",
            access: .roles(AccessRole.people),
            parameters: [.query("id", .uuid, required: true, "The request's number.")],
            others: [Route.goesOn]
        ) { call in .redirect("/reports/requests/\(call["id"])") },
        .page(
            "/reports/requests/{id}", operation: "requestReportPage", "The report on one request.",
            access: .roles(AccessRole.people), parameters: [.path("id", .uuid, "The request's number.")]
        ) { call in
            let id = call["id"]
            let page = try await call.services.pool.readSlowly { workspace in
                ReportPage(
                    try workspace.requestReport(id), back: Link("The request", path: "/desk/\(id)"),
                    links: Link.forms(of: "/api/v1/requests/\(id)/report?"))
            }
            return call.page(page)
        },
        .page(
            "/reports/benchmarks/{name}", operation: "benchmarkPage", "One benchmark's results.",
            access: .roles(AccessRole.people),
            parameters: [.path("name", .name(limit: BenchmarkFolder.nameLimit), "Its name, without ending.")],
            others: [.refusal(409, "What lies there is no result.")]
        ) { call in
            let (folder, name) = (call.services.configuration.benchmarkFolder, call["name"])
            return call.page(try await call.services.pool.read { _ in try BenchmarkPage(folder.result(name)) })
        },
    ]
}

extension Link {
    /// A report in each of its forms; `path` ends where the name of the form's parameter begins.
    fileprivate static func forms(of path: String) -> [Link] {
        ReportFormat.allCases.map { Link("The report as \($0.rawValue)", path: "\(path)format=\($0.rawValue)") }
    }
}

extension ReportsPage {
    fileprivate init(benchmarks: [BenchmarkFolder.Result], in workspace: Workspace) throws {
        let today = workspace.today()
        let year = try StatisticsPeriod(year: today.year)
        self.init(
            runs: TableView(
                caption: "Audit reports", columns: ["Run", "Verdict", "Judged"],
                rows: try workspace.store.runs().filter { $0.stage == .verified }.reversed().map {
                    run -> [TableView.Content] in
                    [
                        .link(run.runID.text, path: "/runs/\(run.runID.text)/result"),
                        .mark(.verdict(run.verdict?.rawValue ?? "")), .text(run.updatedAt.words),
                    ]
                }, emptyText: "No run was judged yet."),
            from: "\(year.first)", to: "\(today)",
            regulations: [Choice("", "Every law", isChosen: true)]
                + Regulation.allCases.map { Choice($0.rawValue, $0.words) },
            benchmarks: TableView(
                caption: "Results", columns: ["Name", "What", "Tables"],
                rows: benchmarks.map { result -> [TableView.Content] in
                    switch result.document {
                    case .success(let document):
                        [
                            .link(result.name, path: "/reports/benchmarks/\(result.name)"), .text(document.title),
                            .text("\(document.tables.count)"),
                        ]
                    case .failure(let error):
                        [.text(result.name), .text("\(error)"), .mark(.holds(false, word: "not shown"))]
                    }
                },
                emptyText:
                    "None is in the server's folder: what lethe benchmark … --output FILE.json writes can be put there."
            ))
    }
}

extension BenchmarkPage {
    fileprivate init(_ result: BenchmarkFolder.Result) throws {
        guard !result.forms.isEmpty else { throw Problem(404, "unknown-benchmark", "no result of this name is there") }
        let document: BenchmarkDocument
        switch result.document {
        case .success(let found): document = found
        case .failure(let error): throw Problem(409, "no-result", "\(error)")
        }
        self.init(
            title: document.title,
            origin: "Result \(result.name), as a program wrote it into the server's folder. Nobody has signed it.",
            texts: document.texts, tables: document.views,
            links: result.forms.map {
                Link(
                    "As \($0 == .json ? "JSON" : "Markdown")",
                    path: "/api/v1/benchmarks/\(result.name)?format=\($0.rawValue)")
            })
    }
}
