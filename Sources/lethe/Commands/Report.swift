import ArgumentParser
import LetheBytes
import LetheMachine
import LetheRequests
import LetheService

/// `lethe report`: on a run unless something else is named.
struct Report: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Write reports: for people (HTML, Markdown) and for programs (JSON, CSV).",
        discussion: "lethe report alone is short for lethe report run.",
        subcommands: [ReportRun.self, ReportPeriod.self, ReportRequest.self], defaultSubcommand: ReportRun.self)
}

/// Where reports go, and in which forms.
struct ReportOptions: ParsableArguments {
    @Option(name: .long, help: "Formats, separated by commas: html, markdown, json, csv.")
    var format = "html,markdown,json,csv"

    @Option(name: .long, help: ArgumentHelp("Where the reports go.", valueName: "dir"))
    var output = "Reports"

    /// The formats asked for.
    func formats() throws -> [ReportFormat] {
        try format.split(separator: ",").map { name in
            guard let format = ReportFormat(rawValue: String(name)) else {
                throw InputError("--format \(name): expected html, markdown, json or csv")
            }
            return format
        }
    }

    /// Says which files were written.
    func show(_ files: [ReportFormat: String], _ outputOptions: OutputOptions) throws {
        let paths = try formats().compactMap { files[$0] }
        try outputOptions.show(.array(paths.map { .string($0) }), paths.joined(separator: "\n"))
    }
}

/// `lethe report run`, or `lethe report` alone
struct ReportRun: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "The audit report of a judged run.")

    @Option(
        name: .customLong("run"),
        help: ArgumentHelp("The run; default: the last one that was judged.", valueName: "run"))
    var runID: String?

    @OptionGroup var reportOptions: ReportOptions
    @OptionGroup var workspaceOptions: WorkspaceOptions
    @OptionGroup var outputOptions: OutputOptions

    func run() throws {
        let formats = try reportOptions.formats()
        let workspace = try openWorkspace(workspaceOptions)
        let files = try workspace.report(
            try runID ?? workspace.lastJudgedRun(), to: reportOptions.output, formats: formats)
        try reportOptions.show(files, outputOptions)
    }
}

/// `lethe report period`
struct ReportPeriod: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "period",
        abstract: "A span of days: requests and answers (11 CCR 7102), runs, record of processing (GDPR Art. 30).",
        discussion: """
            Without days: the calendar year of today. What the software cannot know of the controller is read from controller.yaml of the \
            workspace (name, contact; jointController, representative, protectionOfficer and a list transfers where there are any).
            """)

    @OptionGroup var periodOptions: PeriodOptions
    @OptionGroup var reportOptions: ReportOptions
    @OptionGroup var workspaceOptions: WorkspaceOptions
    @OptionGroup var outputOptions: OutputOptions

    func run() throws {
        let formats = try reportOptions.formats()
        let workspace = try openWorkspace(workspaceOptions)
        let files = try workspace.report(
            on: periodOptions.period(today: workspace.today()), regulation: periodOptions.regulation,
            to: reportOptions.output, formats: formats)
        try reportOptions.show(files, outputOptions)
    }
}

/// `lethe report request`
struct ReportRequest: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "request",
        abstract: "One request: every entry of the log about it, with who signed it, its clock and its runs.")

    @Argument(help: "The request's id.")
    var id: String

    @OptionGroup var reportOptions: ReportOptions
    @OptionGroup var workspaceOptions: WorkspaceOptions
    @OptionGroup var outputOptions: OutputOptions

    func run() throws {
        let formats = try reportOptions.formats()
        let workspace = try openWorkspace(workspaceOptions)
        try reportOptions.show(
            workspace.report(onRequest: id, to: reportOptions.output, formats: formats), outputOptions)
    }
}
