/// Whether the model forgot: the gates of the rule and the figures behind them.
enum ForgettingSection {
    static func section(_ report: AuditReport) -> Section {
        var blocks: [Block] = []
        var pictures: [Figure] = []
        if let memory = report.residualMemory {
            pictures.append(ResidualMemoryPlot.figure(memory, margin: report.claim.residualMemoryMargin))
        }
        if let shift = report.probabilityShift {
            pictures.append(ProbabilityPlot.figure(shift))
        }
        if !pictures.isEmpty {
            blocks.append(.figures(pictures))
        }
        if !report.gates.isEmpty {
            blocks.append(.table(gates(report.gates)))
        }
        if !report.distances.isEmpty {
            blocks.append(.heading("How far from retrained models?"))
            blocks.append(
                .paragraph(
                    """
                    Two models honestly retrained from different seeds already differ; that distance is the noise floor. A \
                    model that forgot lies near it. These distances shrink with the square of the memory left, so a small \
                    distance alone is no proof.
                    """))
            blocks.append(
                .figures(
                    report.distances.enumerated().map {
                        DistancePlot.figure($0.element, id: "distance-\($0.offset + 1)")
                    }))
            blocks.append(.table(distances(report.distances)))
        }
        if !report.relativeTests.isEmpty {
            blocks.append(.heading("Nearer to retrained models than to the original?"))
            blocks.append(
                .paragraph(
                    """
                    The relative three-sample test compares two distances that hold the same noise. It rejects “no nearer to \
                    retrained models than to the original” where p is below 0.05. That is a low bar, which half of the memory \
                    gone can clear: it is shown for information, and the tests of the rule decide.
                    """))
            blocks.append(.table(relativeTests(report.relativeTests)))
        }
        if let test = report.likelihoodRatio {
            blocks.append(.heading("Who is recognised?"))
            blocks.append(.paragraph(Prose("\(explanation(test))")))
            blocks.append(.table(likelihoodRatio(test)))
        }
        if let worst = report.worstUsers {
            blocks.append(.heading("The people of whom most is left"))
            blocks.append(
                .paragraph(
                    """
                    Means over everybody can hide a few. In every model somebody is worst, in retrained ones by chance alone; \
                    a model that forgot looks like them here too. For information.
                    """))
            blocks.append(.table(worstUsers(worst)))
        }
        if !report.curves.isEmpty {
            blocks.append(.heading("How the trainings went"))
            blocks.append(
                .figures(
                    report.curves.enumerated().map { CurvePlot.figure($0.element, id: "curve-\($0.offset + 1)") }))
        }
        return Section(
            id: "forgetting", title: "Did it forget?",
            lead: report.claim.references == 0
                ? "The run was done a second time from what the log commits to, and every digest was compared."
                : """
                The model after the run is compared with \(Figures.count(report.claim.references, "model")) retrained without \
                the records, on \(report.claim.auditSet).
                """,
            blocks: blocks)
    }

    private static func gates(_ gates: [AuditReport.Gate]) -> Table {
        Table(
            caption: "The tests of the policy’s rule",
            columns: [
                .text("Question"), .text("Statistic"), .number("Measured"), .text("Required"), .text("Result"),
            ],
            rows: gates.map { gate in
                [
                    "\(strong: gate.id) \(gate.question)",
                    "\(names[gate.statistic] ?? gate.statistic)",
                    value(gate.value),
                    "\(Figures.withMinus(gate.threshold))",
                    "\(words(for: gate.outcome), tone: tone(of: gate.outcome))",
                ]
            })
    }

    /// The judge's short names for people who read no formulas.
    private static let names = [
        "S(o)": "memory of the original, in logits: S(o)",
        "D(o) - D0": "its distance beyond the noise, in nats: D(o) \u{2212} D0",
        "RRM": "share of the memory left: RRM", "JG": "share of the distance left: JG",
        "RRM while relearning": "share that comes back by relearning: RRM",
        "RRM at 4 bits": "share that comes back at four bits: RRM",
    ]

    private static func words(for outcome: AuditReport.Gate.Outcome) -> String {
        switch outcome {
        case .passed: "passed"
        case .failed: "not passed"
        case .inconclusive: "undecided"
        case .notMeasured: "not measured"
        }
    }

    private static func tone(of outcome: AuditReport.Gate.Outcome) -> Tone {
        switch outcome {
        case .passed: .good
        case .failed: .bad
        case .inconclusive: .caution
        case .notMeasured: .neutral
        }
    }

    private static func distances(_ distances: [AuditReport.Distance]) -> Table {
        Table(
            caption: "Mean distance to the retrained models, with intervals",
            columns: [
                .text("Metric"), .number("Original"), .number("Unlearned"),
                .number("Noise floor"), .number("Unlearned ÷ floor"),
            ],
            rows: distances.map { distance in
                let decimals = DistancePlot.decimals(distance)
                let estimates = [distance.original, distance.unlearned, distance.noiseFloor]
                return [Prose("\(distance.symbol)").detail("\(distance.name)")]
                    + estimates.map { value($0, decimals: decimals) } + [
                        "\(ratio(distance.unlearned.value, distance.noiseFloor.value))"
                    ]
            })
    }

    private static func relativeTests(_ tests: [AuditReport.RelativeTest]) -> Table {
        Table(
            caption: "Distance to the original minus distance to the retrained models, 90% intervals",
            columns: [.text("Metric"), .number("Difference"), .number("p"), .text("Result")],
            rows: tests.map { test in
                [
                    Prose("\(test.symbol)").detail("\(test.name)"), value(test.difference),
                    test.pValue < 0.0005 ? "below 0.001" : "\(Figures.fixed(test.pValue, decimals: 3))",
                    "\(words(for: test.finding))",
                ]
            })
    }

    private static func words(for finding: AuditReport.RelativeTest.Finding) -> String {
        switch finding {
        case .nearerToRetrained: "nearer to retrained models"
        case .nearerToOriginal: "nearer to the original"
        case .undecided: "undecided"
        }
    }

    private static func explanation(_ test: AuditReport.LikelihoodRatio) -> String {
        """
        An attacker who knows \(Figures.count(test.originals, "model")) trained with the \(Figures.count(test.people, "person", plural: "people")), and \
        the retrained models, calls a person a member where the answers fit the former better (U-LiRA). Its threshold is set so \
        that at most 1% of the retrained models’ people are called so. \(test.margin == nil
            ? "For information." : "A part of G3.")
        """
    }

    private static func likelihoodRatio(_ test: AuditReport.LikelihoodRatio) -> Table {
        Table(
            caption: "Share of the forgotten people who are called members, and its excess with 90% intervals",
            columns: [.text("Model"), .number("Called members"), .number("More than retrained")],
            rows: [
                ["Original", "\(Figures.fixed(test.original, decimals: 3))", value(test.originalExcess, decimals: 3)],
                ["Unlearned", "\(Figures.fixed(test.unlearned, decimals: 3))", value(test.excess, decimals: 3)],
                ["Retrained", "\(Figures.fixed(test.retrained, decimals: 3))", "\u{2013}"],
            ])
    }

    private static func worstUsers(_ worst: AuditReport.WorstUsers) -> Table {
        Table(
            caption:
                "Mean lean to the true answers of each model’s own worst \(Figures.count(worst.users)) (5%), in logits",
            columns: [.text("Model"), .number("Lean")],
            rows: [
                ["Original", "\(Figures.fixed(worst.original, decimals: 2))"],
                ["Unlearned", "\(Figures.fixed(worst.unlearned, decimals: 2))"],
                ["Retrained, mean and range", value(worst.retrained, decimals: 2)],
            ])
    }

    private static func ratio(_ value: Double, _ floor: Double) -> String {
        let ratio = value / floor
        return ratio.isFinite ? Figures.fixed(ratio, decimals: 2) + "\u{00A0}×" : Figures.missing
    }

    /// A value with its interval as a second line.
    static func value(_ estimate: AuditReport.Estimate?, decimals: Int? = nil) -> Prose {
        guard let estimate else { return "\u{2013}" }
        guard estimate.value.isFinite else { return "\(Figures.missing)" }
        let decimals = decimals ?? Figures.decimals(for: estimate)
        return Prose("\(Figures.fixed(estimate.value, decimals: decimals))")
            .detail(Figures.interval(estimate, decimals: decimals).map { "\($0)" })
    }
}
