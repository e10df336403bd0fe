public import LetheReports

/// The unlearning runs.
public struct RunsPage: Page, Codable {
    /// How the page is shown.
    public var presentation: Presentation {
        Presentation(.runs, title: "Runs", place: .runs)
    }

    /// What comes next, by the policy.
    public var plan: String
    /// The page that asks whether to begin; nil where the reader may not, or nothing waits.
    public var startPath: String?
    /// The runs, the newest first.
    public var table: TableView

    /// The runs of a workspace.
    public init(plan: String, startPath: String?, table: TableView) {
        self.plan = plan
        self.startPath = startPath
        self.table = table
    }
}

/// A run as it goes, or as it went.
public struct RunPage: Page, Codable {
    /// How the page is shown.
    public var presentation: Presentation {
        Presentation(
            .run, title: "Run \(runID)", place: .runs, scripts: isLive ? [.run] : [], refreshSeconds: isLive ? 5 : nil,
            markup: [
                "figures": curves.enumerated().map { $0.element.reported.figure(id: "curve-\($0.offset)") }.joined()
            ])
    }

    /// A stage of the run.
    public struct Stage: Sendable, Codable, Equatable {
        /// What is done.
        public var name: String
        /// What it has come to.
        public var mark: Mark
        /// How long it took, in words.
        public var duration: String

        /// A stage.
        public init(name: String, mark: Mark, duration: String) {
            self.name = name
            self.mark = mark
            self.duration = duration
        }
    }

    /// A training's losses.
    public struct Curve: Sendable, Codable, Equatable {
        /// The stage.
        public var title: String
        /// Training losses, one an epoch.
        public var training: [Double]
        /// Validation losses, one an epoch; empty where none were measured.
        public var validation: [Double]

        /// A curve.
        public init(title: String, training: [Double], validation: [Double] = []) {
            self.title = title
            self.training = training
            self.validation = validation
        }

        var reported: AuditReport.Curve {
            func line(_ name: String, _ values: [Double]) -> AuditReport.Line {
                AuditReport.Line(
                    name: name, points: values.enumerated().map { .init(x: Double($0.offset + 1), y: $0.element) })
            }
            return AuditReport.Curve(
                title: title, horizontalAxis: "epoch", verticalAxis: "loss, nats a label token",
                lines: [line("training", training)] + (validation.isEmpty ? [] : [line("validation", validation)]))
        }
    }

    /// The run's id.
    public var runID: String
    /// What it has come to.
    public var mark: Mark
    /// Whether it goes on.
    public var isLive: Bool
    /// The path of its events.
    public var eventsPath: String
    /// The stage that goes on, or the last.
    public var stage: String
    /// How much of the stage is done.
    public var done: Int
    /// How much work the stage has.
    public var units: Int
    /// The last line that the run said.
    public var line: String
    /// `done` of `units`, in whole percents.
    public private(set) var percent: Int
    /// The stages, in their order.
    public var stages: [Stage]
    /// The losses.
    public var curves: [Curve]
    /// Method, requests, models.
    public var facts: [Fact]
    /// The page that asks whether to stop it; nil where the reader may not.
    public var stopPath: String?
    /// The page of its result; nil while there is none.
    public var resultPath: String?

    /// A run.
    public init(
        runID: String, mark: Mark, isLive: Bool, eventsPath: String, stage: String, done: Int, units: Int,
        line: String = "",
        stages: [Stage], curves: [Curve], facts: [Fact], stopPath: String? = nil, resultPath: String? = nil
    ) {
        self.runID = runID
        self.mark = mark
        self.isLive = isLive
        self.eventsPath = eventsPath
        self.stage = stage
        (self.done, self.units) = (max(0, done), max(1, units))
        self.line = line
        percent = Int((100 * Double(max(0, min(done, units))) / Double(max(1, units))).rounded(.down))
        self.stages = stages
        self.curves = curves
        self.facts = facts
        self.stopPath = stopPath
        self.resultPath = resultPath
    }
}

/// What a run's verification came to: the audit report, with its plots.
public struct ResultPage: Page {
    /// How the page is shown.
    public var presentation: Presentation {
        Presentation(
            .result, title: "\(verdict.word): run \(report.runID)", place: .runs, markup: ["fragment": report.fragment])
    }

    /// The verdict with its shape.
    public var verdict: Mark
    /// The report.
    public var report: AuditReport
    /// The report in other forms, and the certificates.
    public var links: [Link]

    /// The result of a run.
    public init(verdict: Mark, report: AuditReport, links: [Link]) {
        self.verdict = verdict
        self.report = report
        self.links = links
    }
}
