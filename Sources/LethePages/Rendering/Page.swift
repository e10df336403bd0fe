/// A page as a value: all that it shows, and nothing of how it came there.
///
/// The stored properties are what its template shows, by their names. Every string is escaped on the way out, so values from outside may
/// be passed as they are.
public protocol Page: Sendable {
    /// How the page is shown.
    var presentation: Presentation { get }
}

/// How a page is shown.
public struct Presentation: Sendable {
    /// The template that shows it.
    let template: Template
    /// What the window is called, before the name of the program.
    let title: String
    /// Where the page belongs in the navigation.
    let place: Place?
    /// The scripts that make the page better; it is complete without them.
    let scripts: [Script]
    /// After how many seconds a browser without scripts loads the page again; nil for never.
    let refreshSeconds: Int?
    /// Markup that the room LetheReports made, by the name that the template knows; the one thing that is not escaped again.
    let markup: [String: String]

    init(
        _ template: Template, title: String, place: Place? = nil, scripts: [Script] = [], refreshSeconds: Int? = nil,
        markup: [String: String] = [:]
    ) {
        self.template = template
        self.title = title
        self.place = place
        self.scripts = scripts
        self.refreshSeconds = refreshSeconds
        self.markup = markup
    }
}

/// A script of this program; each is a module in `Assets`.
enum Script: String, Sendable, CaseIterable {
    /// Makes and signs a request in the browser.
    case request = "page-request.mjs"
    /// Verifies certificates, bundles and receipts in the browser.
    case check = "page-check.mjs"
    /// Follows a run as it goes.
    case run = "page-run.mjs"
}

/// The pages that the navigation leads to.
enum Place: String, Sendable, CaseIterable {
    case home, request, follow, certificates, check, log, statistics, desk, runs, reports

    /// The path of the page.
    var path: String {
        switch self {
        case .home: "/"
        case .request: "/request"
        case .follow: "/follow"
        case .certificates: "/certificates"
        case .check: "/check"
        case .log: "/explorer"
        case .statistics: "/statistics"
        case .desk: "/desk"
        case .runs: "/runs"
        case .reports: "/reports"
        }
    }

    var label: String {
        switch self {
        case .home: "Home"
        case .request: "Ask to be forgotten"
        case .follow: "Follow a request"
        case .certificates: "Certificates"
        case .check: "Check it yourself"
        case .log: "Log"
        case .statistics: "Statistics"
        case .desk: "Desk"
        case .runs: "Runs"
        case .reports: "Reports"
        }
    }

    static let open: [Place] = [.request, .follow, .certificates, .check, .log, .statistics]
    static let working: [Place] = [.desk, .runs, .reports]
}
