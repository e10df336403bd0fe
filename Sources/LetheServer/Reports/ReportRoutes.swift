import HTTPTypes
import LetheBytes
import LetheReports
import LetheRequests
import LetheService

/// Reports on spans of days and on single requests, and what was measured of the program itself.
enum ReportRoutes {
    static let all: [Route] = [
        Route(
            .get, "/api/v1/reports/period", operation: "periodReport", tag: .desk,
            "The report on a span of days: requests and answers (11 CCR 7102), runs, record of processing (GDPR Art. 30).",
            access: .roles(AccessRole.people), parameters: PeriodQuery.parameters + [ReportFormat.parameter],
            answers: [ReportFormat.answer]
        ) { call in
            let (query, format) = (try PeriodQuery(call), call.reportFormat)
            let text = try await call.services.pool.readSlowly { workspace in
                try workspace.periodReport(
                    query.period(today: workspace.today()), regulation: query.regulation
                ).text(format)
            }
            return .report(text, format)
        },
        Route(
            .get, "/api/v1/requests/{id}/report", operation: "requestReport", tag: .desk,
            "The report on one request: every entry of the log about it, with who signed it, its clock and its runs.",
            access: .roles(AccessRole.people),
            parameters: [.path("id", .uuid, "The request's id."), ReportFormat.parameter],
            answers: [ReportFormat.answer]
        ) { call in
            let (id, format) = (call["id"], call.reportFormat)
            return .report(
                try await call.services.pool.readSlowly { try $0.requestReport(id).text(format) }, format)
        },
        Route(
            .get, "/api/v1/benchmarks", operation: "listBenchmarks", tag: .service,
            "The benchmark results in the server's folder; a file that is none is named with what is wrong.",
            access: .roles(AccessRole.people), answers: [.json(200, "The results.", Schemas.list("benchmarks"))]
        ) { call in
            let folder = call.services.configuration.benchmarkFolder
            let results = try await call.services.pool.readSlowly { _ in try folder.results() }
            return try .json(["benchmarks": .array(results.map(\.json))])
        },
        Route(
            .get, "/api/v1/benchmarks/{name}", operation: "benchmark", tag: .service,
            "A benchmark result as the program wrote it.", access: .roles(AccessRole.people),
            parameters: [
                .path("name", .name(limit: BenchmarkFolder.nameLimit), "Its name, without ending."),
                .query(
                    "format", .oneOf(BenchmarkFolder.Form.allCases.map(\.rawValue)),
                    "The form; the first that is there without it."),
            ],
            answers: [
                .init(
                    200, "The file.", BenchmarkFolder.Form.markdown.mediaType,
                    alternatives: [BenchmarkFolder.Form.json.mediaType]),
                .refusal(409, "What lies there is no result."),
            ]
        ) { call in
            let (folder, name) = (call.services.configuration.benchmarkFolder, call["name"])
            let wanted = call.parameters["format"].flatMap(BenchmarkFolder.Form.init)
            return try await call.services.pool.read { _ -> Reply in
                let found = folder.result(name)
                guard let form = found.forms.first(where: { wanted == nil || $0 == wanted }) else {
                    throw Problem(404, "unknown-benchmark", "no such result, or not in this form")
                }
                do throws(BenchmarkError) {
                    return Reply(200, contentType: form.mediaType, body: .bytes(try folder.bytes(name, form)))
                } catch { throw Problem(409, "no-result", "\(error)") }
            }
        },
    ]
}

extension ServerConfiguration {
    /// Where benchmark results are looked for.
    var benchmarkFolder: BenchmarkFolder {
        BenchmarkFolder(path: benchmarks ?? Files.join(WorkspacePaths(root: workspace).reports, "benchmarks"))
    }
}

extension BenchmarkFolder.Result {
    fileprivate var json: JSONValue {
        var members: [String: JSONValue] = [
            "name": .string(name), "forms": .array(forms.map { .string($0.rawValue) }),
        ]
        switch document {
        case .success(let document):
            members["title"] = .string(document.title)
            members["tables"] = .array(document.tables.map { .string($0.caption) })
        case .failure(let error): members["problem"] = .string("\(error)")
        }
        return .object(members)
    }
}
