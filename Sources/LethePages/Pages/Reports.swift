public import LetheReports

/// Reports, and what was measured of the program itself.
public struct ReportsPage: Page, Codable {
    /// How the page is shown.
    public var presentation: Presentation {
        Presentation(.reports, title: "Reports", place: .reports)
    }

    /// The audit reports of runs.
    public var runs: TableView
    /// The first day that the form for a span of days shows.
    public var from: String
    /// The last one.
    public var to: String
    /// The laws to choose from.
    public var regulations: [Choice]
    /// The benchmark results that are there, one row each.
    public var benchmarks: TableView

    /// Lists reports.
    public init(runs: TableView, from: String, to: String, regulations: [Choice], benchmarks: TableView) {
        self.runs = runs
        self.from = from
        self.to = to
        self.regulations = regulations
        self.benchmarks = benchmarks
    }
}

/// A report on a span of days, or on one request.
public struct ReportPage: Page {
    /// How the page is shown.
    public var presentation: Presentation {
        Presentation(.report, title: title, place: .reports, markup: ["fragment": fragment])
    }

    /// What the window is called.
    public let title: String
    /// Where the reader comes from.
    public let back: Link
    /// The report in other forms.
    public let links: [Link]
    private let fragment: String

    /// The report on a span of days.
    public init(_ report: PeriodReport, links: [Link]) {
        (title, back) = ("\(report.firstDay) to \(report.lastDay)", Link("Reports", path: Place.reports.path))
        self.links = links
        fragment = report.fragment
    }

    /// The report on one request.
    public init(_ report: RequestReport, back: Link, links: [Link]) {
        (title, self.back) = ("Report on request \(report.id)", back)
        self.links = links
        fragment = report.fragment
    }
}

/// One benchmark's results.
public struct BenchmarkPage: Page, Codable {
    /// How the page is shown.
    public var presentation: Presentation {
        Presentation(.benchmark, title: title, place: .reports)
    }

    /// What was measured.
    public var title: String
    /// The name of the result, and that nobody signed it.
    public var origin: String
    /// What the file says besides its tables.
    public var texts: [String]
    /// The tables.
    public var tables: [TableView]
    /// The files as they are.
    public var links: [Link]

    /// A result.
    public init(title: String, origin: String, texts: [String], tables: [TableView], links: [Link]) {
        self.title = title
        self.origin = origin
        self.texts = texts
        self.tables = tables
        self.links = links
    }
}
