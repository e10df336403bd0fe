import LetheCrypto
import LetheReports
import LetheRequests
import LetheStatements

/// What a report needs to know beside the run itself.
struct ReportContext {
    /// The log's origin and the checkpoint that covers the run.
    let log: AuditReport.Log
    /// The policy.
    let policy: Policy
    /// The data set's name.
    let datasetName: String
    /// The requests that the run answers, as the log has them.
    let requests: [RequestRecord]
    /// The run's certificates.
    let certificates: [IssuedCertificate]
    /// Requests turned away.
    let refusals: [AuditReport.Refusal]
    /// The digest of the controller's key.
    let controllerKeyID: String
    /// Where telling the recipients stands.
    let recipients: [RecipientStanding]
    /// Runs that took some of the same requests before.
    let earlierRuns: [AuditReport.EarlierRun]
    /// Entries of the run in the log, by step.
    let runEntries: [String: UInt64]
    /// Now.
    let now: Timestamp
    /// Where the trust file is, as a reader of the report sees it.
    let trustFile: String
    /// Where certificates are, as a reader of the report sees them.
    let certificateFolder: String
    /// Software and machine.
    let environment: [AuditReport.Parameter]
}

extension AuditReport {
    /// The report of a judged run.
    init(_ dossier: RunDossier, _ measured: Measurements, _ context: ReportContext) {
        let policy = context.policy
        self.init(
            verdict: Verdict(rawValue: measured.verdict) ?? .refuse, reasons: measured.reasons,
            claim: Claim(
                residualMemoryMargin: measured.residualMargin, alpha: measured.alpha, references: measured.references,
                power: measured.power, auditSet: "every training record of the people who asked",
                auditRecords: measured.auditRecords, auditSubjects: measured.auditSubjects),
            runID: dossier.runID, issuedAt: "\(context.now)", log: context.log,
            policy: Policy(name: policy.name, digest: policy.digest.hex),
            dataset: Dataset(
                name: context.datasetName, digestBefore: dossier.datasetBefore, digestAfter: dossier.datasetAfter,
                recordsBefore: dossier.recordsBefore, recordsRemoved: dossier.recordsRemoved.reduce(0, +)),
            requests: Self.requests(dossier, context), refusals: context.refusals,
            recipients: context.recipients.map(Recipient.init), backups: context.certificates.first?.backups ?? [],
            run: Self.run(dossier, measured, context), earlierRuns: context.earlierRuns,
            gates: measured.gates.map { Self.gate($0, membershipPower: measured.membershipPower) },
            distances: measured.distances.compactMap(Self.distance),
            relativeTests: (measured.relativeTests ?? []).compactMap(Self.relativeTest),
            likelihoodRatio: measured.likelihoodRatio.map(Self.likelihoodRatio),
            worstUsers: measured.worstUsers.map(Self.worstUsers),
            residualMemory: measured.residualMemory.map(Self.estimate),
            performance: measured.performance.map(Self.performance),
            probabilityShift: Self.shift(measured.goldProbability), curves: Self.curves(dossier),
            notMeasured: measured.notAssessed.map { Omission(test: $0.name, reason: $0.value) },
            check: Check(trustFile: context.trustFile, keyID: context.controllerKeyID))
    }

    private static func requests(_ dossier: RunDossier, _ context: ReportContext) -> [Request] {
        context.requests.map { record in
            let id = record.requestID.text
            let position = dossier.requests.firstIndex(of: id)
            let certificate = context.certificates.first { $0.request == id }
            let received = record.receivedAt.date(utcOffsetMinutes: context.policy.clock.utcOffsetMinutes)
            let today = context.now.date(utcOffsetMinutes: context.policy.clock.utcOffsetMinutes)
            let answered = record.updatedAt.date(utcOffsetMinutes: context.policy.clock.utcOffsetMinutes)
            return Request(
                id: id, subject: String(record.subjectCommitment.hex.prefix(12)),
                receivedAt: "\(record.receivedAt)", dueAt: "\(record.due)",
                clock: record.state.isFinal
                    ? .stopped(daysTaken: answered.days(since: received))
                    : .running(daysLeft: record.due.days(since: today)),
                state: State(rawValue: record.state.name) ?? .received,
                recordsRemoved: position.map { dossier.recordsRemoved[$0] },
                certificateFile: certificate.map {
                    context.certificateFolder + "/" + Workspace.certificateName($0.number)
                },
                logIndex: certificate.map { Int($0.entry) })
        }
    }

    private static func run(_ dossier: RunDossier, _ measured: Measurements, _ context: ReportContext) -> Run {
        var models = [
            Model(role: .original, name: "original", digest: dossier.originalDigest),
            Model(
                role: .unlearned, name: "candidate", digest: dossier.candidateDigest ?? "",
                logIndex: context.runEntries["candidate-committed"].map { Int($0) }),
        ]
        for (index, reference) in dossier.references.enumerated() {
            models.append(
                Model(
                    role: .reference, name: "retrained \(index + 1)", digest: reference.digest,
                    logIndex: context.runEntries["references-committed"].map { Int($0) }))
        }
        return Run(
            startedAt: dossier.startedAt, finishedAt: dossier.verifiedAt ?? dossier.unlearnedAt ?? dossier.startedAt,
            method: Method(
                name: dossier.method == "e2urec" ? "E2URec" : dossier.method,
                summary: methodSummary(dossier.method),
                parameters: dossier.parameters.map { Parameter($0.name, $0.value) }),
            choice: dossier.ladder.map(choice),
            seeds: Seeds(
                checkpointSize: Int(dossier.seeds?.size ?? 0), checkpointRoot: dossier.seeds?.root ?? "",
                referenceCheckpointSize: dossier.referenceSeeds.map { Int($0.size) },
                referenceCheckpointRoot: dossier.referenceSeeds?.root,
                values: dossier.references.enumerated().map {
                    Parameter("retrained \($0.offset + 1)", "\($0.element.seed)")
                }
                    + (dossier.membershipOriginals ?? []).enumerated().map {
                        Parameter("further original \($0.offset + 1)", "\($0.element.seed)")
                    }),
            models: models, steps: dossier.steps.map { Step(name: $0.name, seconds: $0.seconds) },
            residue: dossier.residue.map { residue in
                Residue(
                    name: residue.kind.replacing("-", with: " "),
                    fate: residue.fate == "destroyed" ? .destroyed : .kept,
                    detail: residue.fate != "destroyed"
                        ? residue.fate
                        : Self.fate(ofDestroyed: residue.kind),
                    digest: residue.digest)
            },
            environment: context.environment)
    }

    private static func fate(ofDestroyed kind: String) -> String {
        switch kind {
        case "training-checkpoint": "a file of the workspace; removed during the run"
        case "original-model": "trained to test who is recognised; lay sealed, and was removed with the verdict"
        default: "never left memory; dropped at the end of the run"
        }
    }

    private static func choice(_ place: RunDossier.LadderPlace) -> String {
        let why =
            switch LadderRule.Reason(rawValue: place.reason) {
            case .first, nil: "the policy tries it first"
            case .failed: "the one before it did not pass"
            case .inconclusive: "the one before it decided nothing"
            case .largerBatch: "tried before over fewer requests, which decided nothing"
            case .deadline: "the deadline left no time for another before it"
            case .again: "tried again: it is the last"
            }
        return "number \(place.number) of the policy’s \(place.count): \(why)"
    }

    private static func methodSummary(_ method: String) -> String {
        switch method {
        case "e2urec":
            "A low-rank adapter of the original model learned to forget from one teacher and to remember from another; "
                + "it was then merged, so that no switch brings the memory back."
        case "e2urec-calibrated":
            "A low-rank adapter of the original model learned from a teacher, which makes forgotten records look like those of "
                + "people whom the model never saw, to forget, and from the original to remember; it was then merged."
        case "rewind":
            "All weights went back a part of the way to the base model, which never saw anybody, and learned the retained records "
                + "again; the forgotten ones were not read."
        case "retrain": "The base model was trained again without the forgotten records."
        case "sisa":
            "The shards that had learned a forgotten record were trained again without it, from the last slice before it; "
                + "several models answer together."
        case "adapters":
            "People's records only ever train adapters on a base model that never saw them; the adapters that had learned a "
                + "forgotten record were trained again without it, from the last slice before it."
        case "receraser":
            "The shards of similar records that held a forgotten one were trained again without it; several models answer "
                + "together, weighed anew."
        case "negkl":
            "All weights were trained to keep the original's answers on retained records and to leave them on forgotten ones."
        case "neggrad":
            "All weights were trained to lower the loss of retained records and to raise that of forgotten ones."
        case "bad-t":
            "All weights learned forgotten records from a model of random weights, and retained ones from the original."
        case "bad-t-reference": "All weights were trained on the opposite answers to forgotten records."
        case "random-label": "All weights were trained on answers of a fair coin to forgotten records."
        default: "The original model, unchanged."
        }
    }

    private static func estimate(_ value: Measurements.Value) -> Estimate {
        Estimate(value.value, lower: value.lower, upper: value.upper)
    }

    private static func gate(_ gate: Measurements.Gate, membershipPower: Double?) -> Gate {
        let question =
            switch gate.gate {
            case "P0": "Is the run's history in order?"
            case "G0": "Was there something to forget, and would we see it?"
            case "G1": "Does it still remember?"
            case "G2": "Do its answers look like a retrained model's?"
            case "G3": "Can an outsider tell who was in the training data?"
            case "G4": "Does what was forgotten come back?"
            case "G5": "Is it as useful as before for those who stay?"
            default: gate.statistic
            }
        let outcome: Gate.Outcome =
            switch gate.outcome {
            case "passed": .passed
            case "failed": .failed
            default: .inconclusive
            }
        return Gate(
            id: gate.gate, question: question,
            statistic: gate.statistic
                + (gate.statistic == "membership AUC"
                    ? membershipPower.map { ", power \(($0 * 100).rounded() / 100)" } ?? "" : ""),
            value: gate.value.map(estimate),
            threshold: gate.threshold, outcome: outcome)
    }

    private static func relativeTest(_ test: Measurements.RelativeTest) -> RelativeTest? {
        guard test.space == "vocabulary" else { return nil }
        let (symbol, name, _) = names(of: test.divergence)
        let finding: RelativeTest.Finding =
            switch test.finding {
            case "nearer-to-retrained": .nearerToRetrained
            case "nearer-to-original": .nearerToOriginal
            default: .undecided
            }
        return RelativeTest(
            symbol: symbol, name: name, difference: estimate(test.difference), pValue: test.pValue, finding: finding)
    }

    private static func likelihoodRatio(_ measured: Measurements.LikelihoodRatio) -> LikelihoodRatio {
        LikelihoodRatio(
            people: measured.users, originals: measured.originals, original: measured.original,
            unlearned: measured.unlearned, retrained: measured.retrained, excess: estimate(measured.excess),
            originalExcess: estimate(measured.originalExcess), margin: measured.margin)
    }

    private static func worstUsers(_ worst: Measurements.WorstUsers) -> WorstUsers {
        let count = Double(max(worst.retrained.count, 1))
        return WorstUsers(
            users: worst.users, original: worst.original, unlearned: worst.unlearned,
            retrained: Estimate(
                worst.retrained.reduce(0, +) / count, lower: worst.retrained.min(), upper: worst.retrained.max()))
    }

    /// Symbol, name and unit of a divergence.
    private static func names(of divergence: String) -> (symbol: String, name: String, unit: String) {
        switch divergence {
        case "jsd": ("JSD", "Jensen–Shannon divergence", "nats")
        case "symmetric_kl": ("sym. KL", "Symmetric Kullback–Leibler divergence, halved", "nats")
        default: ("L2", "Euclidean distance of the probabilities", "")
        }
    }

    private static func distance(_ distance: Measurements.Distance) -> Distance? {
        guard let floor = distance.floor, distance.space == "vocabulary" else { return nil }
        let (symbol, name, unit) = names(of: distance.divergence)
        return Distance(
            symbol: symbol, name: name, unit: unit, original: estimate(distance.original),
            unlearned: estimate(distance.unlearned), noiseFloor: estimate(floor))
    }

    private static func performance(_ performance: Measurements.Performance) -> Performance {
        func scores(_ scores: Measurements.Scores) -> Scores {
            Scores(
                areaUnderROC: Estimate(scores.auc), accuracy: Estimate(scores.accuracy),
                logLoss: Estimate(scores.logLoss))
        }
        func spread(_ value: (Measurements.Scores) -> Double) -> Estimate {
            let values = performance.retrained.map(value)
            return Estimate(
                values.reduce(0, +) / Double(max(values.count, 1)), lower: values.min(), upper: values.max())
        }
        return Performance(
            records: performance.records, count: performance.count, original: scores(performance.original),
            unlearned: scores(performance.unlearned),
            retrained: Scores(
                areaUnderROC: spread { $0.auc }, accuracy: spread { $0.accuracy }, logLoss: spread { $0.logLoss }))
    }

    private static func shift(_ histograms: [Measurements.Histogram]) -> ProbabilityShift? {
        guard histograms.count == 3 else { return nil }
        let distributions = histograms.map { Distribution(counts: $0.counts, mean: $0.mean) }
        return ProbabilityShift(
            original: distributions[0], unlearned: distributions[1], retrained: distributions[2])
    }

    private static func curves(_ dossier: RunDossier) -> [Curve] {
        let lines = dossier.references.enumerated().map { index, reference in
            Line(
                name: "retrained \(index + 1)",
                points: reference.losses.enumerated().map { Point(x: Double($0.offset + 1), y: $0.element) })
        }
        guard lines.contains(where: { $0.points.count > 1 }) else { return [] }
        return [
            Curve(
                title: "Loss of the retrained models by epoch", horizontalAxis: "epoch",
                verticalAxis: "loss (nats)", lines: lines)
        ]
    }
}

extension AuditReport.Recipient {
    init(_ standing: RecipientStanding) {
        let outcome: Outcome =
            switch standing.outcome {
            case nil: .pending
            case .delivered: .delivered
            case .failed: .failed
            case .disproportionateEffort: .disproportionateEffort
            case .impossible: .impossible
            }
        self.init(
            name: standing.name, outcome: outcome, at: standing.at.map { "\($0)" },
            attempts: Int(clamping: standing.attempts), logIndex: standing.entry.map { Int($0) })
    }
}
