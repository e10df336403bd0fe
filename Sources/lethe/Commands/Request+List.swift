import ArgumentParser
import LetheBytes
import LetheRequests
import LetheService
import LetheStatements

/// The form of a list or of figures.
struct TableOptions: ParsableArguments {
    /// The forms.
    enum Form: String, ExpressibleByArgument, CaseIterable { case text, json, csv }

    @Option(name: .long, help: "text, json or csv.")
    var format: Form?

    @Flag(name: .long, help: "The same as --format json.")
    var json = false

    func validate() throws {
        guard !json || format == nil || format == .json else {
            throw ValidationError("--json: not together with --format \(format?.rawValue ?? "")")
        }
    }

    /// Prints the one form that is asked for; JSON in its canonical form.
    func show(json bytes: () throws -> [UInt8], csv: () -> String, text: () -> String) throws {
        switch json ? .json : format ?? .text {
        case .json: StandardOutput.line(String(decoding: try bytes(), as: UTF8.self))
        case .csv: StandardOutput.write(csv())
        case .text: StandardOutput.line(text())
        }
    }
}

extension Request {
    /// `lethe request list`
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the requests with their state, deadline and days left.",
            discussion: """
                red: overdue; amber: due within the days that the policy keeps for a run; green: there is time; blue: the clock stands \
                still until the identity is proved; grey: ended. Days are those of the policy's local time. A terminal shows the word in \
                its colour, unless NO_COLOR is set. --format csv writes RFC 4180 with one row a request.
                """)

        @Option(
            name: .long,
            help: ArgumentHelp("Only open requests due within this many days, overdue ones first.", valueName: "days"))
        var dueWithin: Int?

        @OptionGroup var workspaceOptions: WorkspaceOptions
        @OptionGroup var tableOptions: TableOptions

        func validate() throws {
            if let dueWithin, !(0...3_650).contains(dueWithin) {
                throw ValidationError("--due-within \(dueWithin): expected 0 to 3650")
            }
        }

        func run() throws {
            let workspace = try openWorkspace(workspaceOptions)
            let list = try workspace.requestList(dueWithin: dueWithin)
            var untold = UntoldRecipients(workspace)
            let partial = try list.records.map { try untold.of($0) }
            try tableOptions.show(
                json: { list.json(untold: partial.map { $0.map(\.name) }) },
                csv: { list.csv(untold: partial.map(\.count)) },
                text: {
                    let isColoured = StandardOutput.showsColours
                    return Table(
                        ["request", "state", "received", "due", "days left", "colour", "entry"],
                        style: { row, column in
                            isColoured && column == 5 ? list.alert(of: list.records[row]).style : nil
                        }
                    ) {
                        Array(list.records.indices).concurrentMap { place in
                            let (record, untold) = (list.records[place], partial[place].count)
                            return [
                                record.requestID.text,
                                record.state.name + (untold == 0 ? "" : " (\(untold) not told)"),
                                record.receivedAt.description, record.due.description,
                                record.daysLeft(on: list.today).map { "\($0)" } ?? "-",
                                list.alert(of: record).colour, "\(record.receivedIndex)",
                            ]
                        }
                    }.text
                })
        }
    }
}

extension DeadlineAlert {
    /// How a terminal shows it.
    fileprivate var style: TerminalStyle {
        switch self {
        case .overdue: .red
        case .urgent: .amber
        case .paused: .blue
        case .ahead: .green
        case .closed: .grey
        }
    }
}
