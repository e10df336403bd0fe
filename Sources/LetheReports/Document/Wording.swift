/// What each verdict means in plain words.
///
/// A verdict speaks about outputs on an audit set, under stated margins; it never says that data is gone.
struct Wording {
    let report: AuditReport

    /// How good the verdict is.
    var tone: Tone { Self.tone(of: report.verdict) }

    /// How good a verdict is.
    static func tone(of verdict: AuditReport.Verdict) -> Tone {
        switch verdict {
        case .passExact, .passStatistical: .good
        case .inconclusive: .caution
        case .fail: .bad
        case .refuse: .neutral
        }
    }

    /// The verdict in a few words.
    var headline: String {
        switch report.verdict {
        case .passExact: "The model was retrained without these records."
        case .passStatistical: "The model now answers like one retrained without these records."
        case .inconclusive: "The test cannot tell whether the model forgot."
        case .fail: "The model did not pass the policy’s tests."
        case .refuse: "Nothing can be said about this model."
        }
    }

    /// The claim in one sentence, with all its terms.
    var claim: Prose {
        let claim = report.claim
        switch report.verdict {
        case .passExact:
            return """
                The log records a training in which none of the \
                \(Figures.count(report.dataset.recordsRemoved, "removed record")) took part. The claim is about how the \
                model was made; it does not rest on a statistical test.
                """
        case .passStatistical:
            return """
                Outputs equivalent to retraining within the policy’s margins (residual memory within \
                ±\(Figures.fixed(claim.residualMemoryMargin, decimals: 2))) on \(claim.auditSet), \(auditSize); \
                \(terms).
                """
        case .inconclusive:
            return """
                On \(claim.auditSet) (\(auditSize)) the evidence does not decide between remembering and forgetting, so no \
                claim is made; \(terms).
                """
        case .fail:
            let failed = report.gates.filter { $0.outcome == .failed }.map(\.id)
            let gates = failed.isEmpty ? "a required test" : failed.joined(separator: ", ")
            return """
                Outputs were not shown to be equivalent to retraining within the policy’s margins on \(claim.auditSet) (\(auditSize)); \
                not passed: \(gates); \(terms). No claim of forgetting is made.
                """
        case .refuse:
            return """
                How the model came about could not be established from the log, so its outputs were not judged and no claim \
                of forgetting is made.
                """
        }
    }

    /// What else the reader must know before believing the headline.
    var reasons: [Prose] {
        var reasons = report.reasons.map { Prose([.text($0)]) }
        let untold = report.recipients.filter(\.isUntold)
        if !untold.isEmpty {
            let list = untold.map(\.name).joined(separator: ", ")
            reasons.append(
                "The erasure is not complete: not every recipient of the data was told (\(list)); see “Who else had the data?”."
            )
        }
        let open = report.gates.filter { $0.outcome == .notMeasured }
        if !open.isEmpty, report.verdict == .passStatistical || report.verdict == .inconclusive {
            let list = open.map(\.id).joined(separator: ", ")
            reasons.append("Part of the policy’s rule was not measured (\(list)); see “How sure are we?”.")
        }
        let failed = report.gates.filter { $0.outcome == .failed }
        if !failed.isEmpty, report.verdict != .fail, report.verdict != .refuse {
            reasons.append("Tests not passed: \(failed.map(\.id).joined(separator: ", ")).")
        }
        let kept = report.run.residue.filter { $0.fate == .kept }
        if !kept.isEmpty {
            let list = kept.map(\.name).joined(separator: ", ")
            reasons.append("Still kept, and able to bring the records back: \(list).")
        }
        return reasons
    }

    private var auditSize: String {
        let claim = report.claim
        return Figures.count(claim.auditRecords, "record") + " of "
            + Figures.count(claim.auditSubjects, "person", plural: "people")
    }

    private var terms: String {
        let claim = report.claim
        let power = claim.power.map { $0.isFinite ? "power \(Figures.fixed($0, decimals: 2))" : nil } ?? nil
        return "α\u{00A0}=\u{00A0}\(Figures.decimal(claim.alpha) ?? Figures.missing), "
            + Figures.count(claim.references, "retrained reference model") + ", " + (power ?? "power not estimated")
    }

    /// What follows from the report if its checks succeed.
    var proves: [Prose] {
        var points: [Prose] = []
        switch report.verdict {
        case .passExact:
            points.append("The model came from a training without the removed records, as the log records it.")
        case .passStatistical:
            points.append(
                """
                On the audit set the model’s outputs differ from those of retrained models by no more than the policy \
                allows. A model on the edge of a margin would be passed with a probability of at most \
                \(Figures.percent(report.claim.alpha)).
                """)
        case .inconclusive, .fail, .refuse:
            points.append("What was tried and measured is recorded as it came out, including that it did not suffice.")
        }
        points.append(
            """
            Requests, seeds, model digests and the verdict are entries of an append-only log: changing one later does not go \
            unnoticed by anybody who holds a newer checkpoint.
            """)
        points.append(
            "The random seeds come from the root of a checkpoint that covers what they could flatter: nobody picked them."
        )
        return points
    }

    /// What does not follow from the report, whatever its verdict.
    var doesNotProve: [Prose] {
        [
            report.verdict == .passExact
                ? """
                It does not show that nothing can be guessed about the people: the model still learned from everybody who is \
                like them.
                """
                : """
                It does not show that no trace is left in the weights: outputs were compared on an audit set, not on every \
                possible input, and not under every possible attack.
                """,
            """
            It does not exclude that the operator wrote the log’s own entries in many variants until their root gave seeds to \
            its liking. Each try costs the trainings that show what a seed gives.
            """,
            """
            It says nothing about copies outside this model: source systems, backups, logs, other models, recipients of \
            the data.
            """,
            """
            It does not show that the model in service is this one: compare the digest of what is served with that of the \
            unlearned model below.
            """,
            """
            It relies on the training records that the operator committed to: a record that was never listed was never \
            looked for.
            """,
        ]
    }
}
