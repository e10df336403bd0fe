import LetheReports
import LetheService

/// A report that has every form.
protocol FormedReport {
    var html: String { get }
    var markdown: String { get }
    var json: String { get throws }
    var csv: String { get }
}

extension AuditReport: FormedReport {}
extension PeriodReport: FormedReport {}
extension RequestReport: FormedReport {}

extension FormedReport {
    /// The report in one form.
    func text(_ format: ReportFormat) throws -> String {
        switch format {
        case .html: html
        case .markdown: markdown
        case .json: try json
        case .csv: csv
        }
    }
}

extension ReportFormat {
    /// The media type of a report in this form.
    var mediaType: String {
        let type =
            switch self {
            case .html: "text/html"
            case .markdown: "text/markdown"
            case .json: "application/json"
            case .csv: "text/csv"
            }
        return "\(type); charset=utf-8"
    }

    /// The form of a report, as a query names it.
    static let parameter = Parameter.query(
        "format", .oneOf(allCases.map(\.rawValue)), "The form; html without it.")

    /// A report, in whichever form was asked for.
    static let answer = Route.Answer(
        200, "The report, in the form asked for.", html.mediaType,
        alternatives: allCases.filter { $0 != .html }.map(\.mediaType))
}

extension Call {
    /// The form that the query asks for.
    var reportFormat: ReportFormat { parameters["format"].flatMap(ReportFormat.init) ?? .html }
}

extension Reply {
    /// A report as an answer. Its page is one file that brings its own style and needs nothing else: it may use that, and nothing of
    /// this server.
    static func report(_ text: String, _ format: ReportFormat) -> Reply {
        var reply = Reply.text(text, contentType: format.mediaType)
        reply.headers.append(
            ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"))
        return reply
    }
}
