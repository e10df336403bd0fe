import LetheReports

/// Reports with made-up figures, one for each verdict. Digests are patterns, so that nobody takes them for real ones.
enum Fixtures {
    /// A statistical pass with everything measured.
    static let passStatistical = report(.passStatistical)

    /// An exact retrain: no statistical gates.
    static let passExact = change(report(.passExact)) { report in
        report.gates = [
            gate("P0", "Is the run's history in order?", "provenance", nil, "in order", .passed)
        ]
        report.residualMemory = nil
        report.distances = []
        report.relativeTests = []
        report.worstUsers = nil
        report.probabilityShift = nil
        report.curves = []
        report.run.method = AuditReport.Method(
            name: "retrain", summary: "The base model was trained again without the forgotten records.")
    }

    /// The original model does not stand out from the noise between retrained ones.
    static let inconclusive = change(report(.inconclusive)) { report in
        report.reasons = ["The original model is no farther from the retrained models than they are from each other."]
        report.residualMemory = AuditReport.Estimate(0.41, lower: -0.62, upper: 1.44)
        report.relativeTests = []
        report.worstUsers = nil
        report.gates[1] = gate(
            "G0", "Was there something to forget, and would we see it?", "S(o)",
            AuditReport.Estimate(0.011, lower: -0.008, upper: 0.030), "above 0.0", .inconclusive)
        report.gates[2].value = AuditReport.Estimate(0.00006, lower: -0.00021, upper: 0.00034)
        report.gates[2].outcome = .inconclusive
        report.gates[3].value = report.residualMemory
        report.gates[3].outcome = .inconclusive
        report.distances = [
            AuditReport.Distance(
                symbol: "JSD", name: "Jensen–Shannon divergence", unit: "nats",
                original: AuditReport.Estimate(0.00138, lower: 0.00121, upper: 0.00157),
                unlearned: AuditReport.Estimate(0.00202, lower: 0.00177, upper: 0.00229),
                noiseFloor: AuditReport.Estimate(0.00132, lower: 0.00108, upper: 0.00156))
        ]
        report.claim.power = nil
        for index in report.requests.indices {
            report.requests[index].state = .verifying
            report.requests[index].clock = .running(daysLeft: 4 * index - 3)
            report.requests[index].certificateFile = nil
            report.requests[index].logIndex = nil
        }
    }

    /// The model still remembers, and the original is kept.
    static let fail = change(report(.fail)) { report in
        report.reasons = [
            "Of what the original memorised about the forgotten records, the share 0.380 [0.290, 0.470] is left (0 as if retrained, "
                + "1 nothing forgotten, below 0 over-forgotten); allowed is less than 0.2 either way.",
            "Of the original's distance to retrained models beyond their noise, the share 0.573 [0.462, 0.688] is left; allowed is "
                + "less than 0.25.",
        ]
        report.residualMemory = AuditReport.Estimate(0.38, lower: 0.29, upper: 0.47)
        report.gates[3].value = report.residualMemory
        report.gates[3].outcome = .failed
        report.gates[4].value = AuditReport.Estimate(0.573, lower: 0.462, upper: 0.688)
        report.gates[4].outcome = .failed
        report.distances[0].unlearned = AuditReport.Estimate(0.0281, lower: 0.0259, upper: 0.0304)
        report.distances[1].unlearned = AuditReport.Estimate(0.1193, lower: 0.1096, upper: 0.1293)
        report.distances[2].unlearned = AuditReport.Estimate(0.2323, lower: 0.2221, upper: 0.2427)
        report.relativeTests[0].difference = AuditReport.Estimate(0.0008, lower: -0.0021, upper: 0.0036)
        report.relativeTests[0].pValue = 0.312
        report.relativeTests[0].finding = .undecided
        report.worstUsers?.unlearned = 0.78
        report.performance[1].unlearned = AuditReport.Scores(
            areaUnderROC: .init(0.7254), accuracy: .init(0.6618), logLoss: .init(0.5924))
        if let shift = report.probabilityShift {
            // Three parts of the original's answers on five of those of a model that forgot.
            report.probabilityShift?.unlearned = AuditReport.Distribution(
                counts: zip(shift.original.counts, shift.unlearned.counts).map { (3 * $0 + 5 * $1) / 8 }, mean: 0.589)
        }
        report.run.residue[0] = AuditReport.Residue(
            name: "original model", fate: .kept, detail: "until the run is repeated with another method")
        for index in report.requests.indices {
            report.requests[index].state = .inProgress
            report.requests[index].clock = .running(daysLeft: 27 - index)
            report.requests[index].certificateFile = nil
            report.requests[index].logIndex = nil
        }
    }

    /// The run's provenance could not be established; nothing was measured.
    static let refuse = change(report(.refuse)) { report in
        report.reasons = ["The training log lacks step 118; the digest before step 119 does not match."]
        report.gates = [
            gate("P0", "Is the run's history in order?", "provenance", nil, "in order", .failed)
        ]
        report.residualMemory = nil
        report.distances = []
        report.relativeTests = []
        report.worstUsers = nil
        report.performance = []
        report.probabilityShift = nil
        report.curves = []
        for index in report.requests.indices {
            report.requests[index].state = .inProgress
            report.requests[index].clock = .paused
            report.requests[index].certificateFile = nil
            report.requests[index].logIndex = nil
        }
    }

    /// The named reports.
    static let named: [(name: String, report: AuditReport)] = [
        ("pass-statistical", passStatistical), ("pass-exact", passExact), ("inconclusive", inconclusive),
        ("fail", fail),
        ("refuse", refuse),
    ]

    static func digest(_ pattern: String) -> String {
        String(String(repeating: pattern, count: 64).prefix(64))
    }

    static func gate(
        _ id: String, _ question: String, _ statistic: String, _ value: AuditReport.Estimate?, _ threshold: String,
        _ outcome: AuditReport.Gate.Outcome
    ) -> AuditReport.Gate {
        AuditReport.Gate(
            id: id, question: question, statistic: statistic, value: value, threshold: threshold, outcome: outcome)
    }

    static func change(_ report: AuditReport, _ edit: (inout AuditReport) -> Void) -> AuditReport {
        var report = report
        edit(&report)
        return report
    }
}
