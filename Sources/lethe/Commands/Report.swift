import ArgumentParser
import LetheBytes
import LetheMachine
import LetheService

/// `lethe report`
struct Report: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Write audit reports: for people (HTML, Markdown) and for programs (JSON, CSV).")

    @Option(
        name: .customLong("run"),
        help: ArgumentHelp("The run; default: the last one that was judged.", valueName: "run"))
    var runID: String?

    @Option(name: .long, help: "Formats, separated by commas: html, markdown, json, csv.")
    var format = "html,markdown,json,csv"

    @Option(name: .long, help: ArgumentHelp("Where the reports go.", valueName: "dir"))
    var output = "Reports"

    @OptionGroup var workspaceOptions: WorkspaceOptions
    @OptionGroup var outputOptions: OutputOptions

    func run() throws {
        let formats = try format.split(separator: ",").map { name in
            guard let format = ReportFormat(rawValue: String(name)) else {
                throw InputError("--format \(name): expected html, markdown, json or csv")
            }
            return format
        }
        let workspace = try openWorkspace(workspaceOptions)
        let files = try workspace.report(try runID ?? workspace.lastJudgedRun(), to: output, formats: formats)
        let paths = formats.compactMap { files[$0] }
        try outputOptions.show(.array(paths.map { .string($0) }), paths.joined(separator: "\n"))
    }
}
