import ArgumentParser
import LetheBytes
import LetheRequests
import LetheService

extension Request {
    /// `lethe request statistics`
    struct Statistics: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "statistics",
            abstract: "Count the requests of a period: received, complied with, denied, days to the answer.",
            discussion: """
                The metrics that 11 CCR 7102 asks for, and what the deadlines of the GDPR add. Without days: the calendar year of today. A \
                request belongs to the local day on which it was received; what became of it is told as the log stands now. Days to the \
                answer are counted from the day of receipt to the day of fulfilment, refusal or expiry. Nothing in it is personal data.
                """)

        @OptionGroup var periodOptions: PeriodOptions
        @OptionGroup var workspaceOptions: WorkspaceOptions
        @OptionGroup var tableOptions: TableOptions

        func run() throws {
            let workspace = try openWorkspace(workspaceOptions)
            let statistics = try workspace.statistics(
                in: periodOptions.period(today: workspace.today()), regulation: periodOptions.regulation)
            try tableOptions.show(
                json: { try statistics.json.canonicalBytes() }, csv: { statistics.csv }, text: { statistics.text })
        }
    }
}

extension RequestStatistics {
    /// The figures for people.
    fileprivate var text: String {
        func days(_ value: String?) -> String { value.map { "\($0) days" } ?? "nothing was answered" }
        var lines = [
            "received         \(received), from \(period.first) to \(period.last)"
                + ", under \(regulation?.rawValue ?? "every law"); as of \(asOf)",
            "complied with    \(complied)",
            "denied           \(denied): \(deniedNotVerifiable) not verifiable, \(deniedExempt) exempt, "
                + "\(deniedOnOtherGrounds) on other grounds",
            "median           \(days(medianDays))",
            "mean             \(days(meanDays))",
            "answered late    \(answeredLate)",
            "extended         \(extended)",
            "expired          \(expired)",
            "withdrawn        \(withdrawn)",
            "duplicates       \(duplicates)",
            "open             \(open), \(overdue) overdue",
        ]
        for ground in RefusalGround.allCases {
            guard let count = refusals[ground] else { continue }
            lines.append("refused          \(count), \(ground.citation)")
        }
        for refusal in turnedAway {
            lines.append("turned away      \(refusal.count), \(refusal.door.rawValue): \(refusal.cause)")
        }
        return lines.joined(separator: "\n")
    }
}
