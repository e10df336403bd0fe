import LetheReports

extension Fixtures {
    /// A report with everything in it.
    static func report(_ verdict: AuditReport.Verdict) -> AuditReport {
        AuditReport(
            verdict: verdict,
            claim: AuditReport.Claim(
                residualMemoryMargin: 0.2, alpha: 0.05, references: 5, power: 0.94,
                auditSet: "every training record of the people who asked", auditRecords: 3_068, auditSubjects: 20),
            runID: "6f1c8e7a-1111-4222-8333-444455556666", issuedAt: "2026-11-23T16:42:09Z",
            log: AuditReport.Log(
                origin: "example.com/ledger", checkpointSize: 1_087, checkpointRoot: digest("c4e1")),
            policy: AuditReport.Policy(name: "gdpr", digest: digest("70b2")),
            dataset: AuditReport.Dataset(
                name: "Example films (invented)", digestBefore: digest("a0"), digestAfter: digest("a1"),
                recordsBefore: 29_017,
                recordsRemoved: 3_068),
            requests: requests, refusals: refusals, run: run, gates: gates, distances: distances,
            relativeTests: relativeTests,
            worstUsers: AuditReport.WorstUsers(
                users: 2, original: 1.31, unlearned: 0.42,
                retrained: AuditReport.Estimate(0.39, lower: 0.31, upper: 0.47)),
            residualMemory: AuditReport.Estimate(0.034, lower: -0.051, upper: 0.119), performance: performance,
            probabilityShift: probabilityShift, curves: [curve],
            notMeasured: [
                AuditReport.Omission(
                    test: "G4 relearning", reason: "the policy does not ask for it"),
                AuditReport.Omission(
                    test: "G3 per-user likelihood ratio (U-LiRA)", reason: "needs originals of several seeds"),
            ],
            check: AuditReport.Check(
                trustFile: "trust.txt", keyID: digest("5d9f"), workspace: "lethe-workspace",
                furtherCommands: [
                    AuditReport.Command(
                        purpose: "Repeat the run and compare every digest.",
                        line: "lethe replay 6f1c8e7a-1111-4222-8333-444455556666")
                ]))
    }

    private static let requests: [AuditReport.Request] = (0..<6).map { number in
        AuditReport.Request(
            id: "5b1f0c3\(number)-9a44-4c1e-8f0\(number)-2d6b7e90a1f\(number)",
            subject: String(digest("\(number)e7a").prefix(12)),
            receivedAt: "2026-11-\(20 + number / 3)T08:1\(number):00Z", dueAt: "2026-12-\(21 + number / 3)",
            clock: .stopped(daysTaken: 3 - number / 3), state: .fulfilled, recordsRemoved: 41 + 137 * number,
            certificateFile: "certificates/00\(number + 12).lethe-certificate.json", logIndex: 1_060 + number)
    }

    private static let refusals = [
        AuditReport.Refusal(
            id: "0d9e11c2-77b0-4f53-9f0e-54aa01c3be77", receivedAt: "2026-11-21T11:02:44Z", kind: "forged",
            reason: "The signature does not fit the key registered for the subject.", logIndex: 31),
        AuditReport.Refusal(
            id: "5b1f0c30-9a44-4c1e-8f00-2d6b7e90a1f0", receivedAt: "2026-11-22T09:40:10Z", kind: "replayed",
            reason: "A request with this nonce was received before.", logIndex: 38),
    ]

    private static let run = AuditReport.Run(
        startedAt: "2026-11-23T15:58:12Z", finishedAt: "2026-11-23T16:40:51Z",
        method: AuditReport.Method(
            name: "E2URec",
            summary: """
                A low-rank adapter learns to answer like a forgetting teacher on the removed records and like the original \
                on the others; the result is merged into the weights.
                """,
            parameters: [
                .init("rank", "16"), .init("learning rate", "0.0005"), .init("α", "2"),
                .init("weight of remembering", "0.6"),
                .init("batch", "32"), .init("steps", "240"),
            ]),
        seeds: AuditReport.Seeds(
            checkpointSize: 1_041, checkpointRoot: digest("9b3d"), referenceCheckpointSize: 1_052,
            referenceCheckpointRoot: digest("e2c8"),
            values: [
                .init("adapter initialisation", "9134501882736450912"), .init("order of records", "401772839015560021"),
                .init("retrained model 1", "17002938475610293847"),
            ]),
        models: [
            .init(role: .original, name: "original", digest: digest("0f"), logIndex: 1_042),
            .init(role: .unlearned, name: "candidate", digest: digest("1e"), logIndex: 1_051),
        ]
            + (1...5).map {
                .init(role: .reference, name: "retrained \($0)", digest: digest("2\($0)"), logIndex: 1_053)
            },
        steps: [
            .init(name: "Select records and commit inputs", seconds: 1.24),
            .init(name: "Train augmented model", seconds: 61.8),
            .init(name: "Unlearn", seconds: 184), .init(name: "Retrain 5 reference models", seconds: 2_148),
            .init(name: "Measure and judge", seconds: 163.4),
        ],
        residue: [
            .init(name: "original model", fate: .shredded, detail: "key destroyed 23 Nov 2026", digest: digest("0f")),
            .init(name: "augmented model", fate: .destroyed, detail: "deleted after the run", digest: digest("3a")),
            .init(name: "teacher outputs on the removed records", fate: .destroyed, detail: "never written to disk"),
        ],
        environment: [.init("Lethe", "0.1.0"), .init("OpenBLAS", "0.3.21, Haswell, 2 threads"), .init("Threads", "2")])

    private static let gates = [
        gate("P0", "Is the run's history in order?", "provenance", nil, "in order", .passed),
        gate(
            "G0", "Was there something to forget, and would we see it?", "S(o)",
            AuditReport.Estimate(0.623, lower: 0.541, upper: 0.705), "above 0.0", .passed),
        gate(
            "G0", "Was there something to forget, and would we see it?", "D(o) - D0",
            AuditReport.Estimate(0.0199, lower: 0.0165, upper: 0.0231), "above 0.0", .passed),
        gate(
            "G1", "Does it still remember?", "RRM", AuditReport.Estimate(0.034, lower: -0.051, upper: 0.119),
            "above -0.2 and below 0.2", .passed),
        gate(
            "G2", "Do its answers look like a retrained model's?", "JG",
            AuditReport.Estimate(0.081, lower: 0.012, upper: 0.163), "below 0.25", .passed),
        gate(
            "G3", "Can an outsider tell who was in the training data?", "membership AUC, power 0.9",
            AuditReport.Estimate(0.011, lower: -0.017, upper: 0.039), "above -0.05 and below 0.05", .passed),
        gate("G4", "Does what was forgotten come back?", "RRM while relearning", nil, "below 0.2", .notMeasured),
        gate(
            "G5", "Is it as useful as before for those who stay?", "AUC difference",
            AuditReport.Estimate(-0.002, lower: -0.007, upper: 0.003), "above -0.03", .passed),
        gate(
            "G5", "Is it as useful as before for those who stay?", "log-loss difference",
            AuditReport.Estimate(0.002, lower: -0.004, upper: 0.008), "below 0.05", .passed),
    ]

    private static let distances = [
        AuditReport.Distance(
            symbol: "JSD", name: "Jensen–Shannon divergence", unit: "nats",
            original: AuditReport.Estimate(0.0366, lower: 0.0339, upper: 0.0394),
            unlearned: AuditReport.Estimate(0.0182, lower: 0.0168, upper: 0.0197),
            noiseFloor: AuditReport.Estimate(0.0167, lower: 0.0149, upper: 0.0185)),
        AuditReport.Distance(
            symbol: "sym. KL", name: "Symmetric Kullback–Leibler divergence, halved", unit: "nats",
            original: AuditReport.Estimate(0.1566, lower: 0.1440, upper: 0.1698),
            unlearned: AuditReport.Estimate(0.0754, lower: 0.0691, upper: 0.0820),
            noiseFloor: AuditReport.Estimate(0.0692, lower: 0.0611, upper: 0.0771)),
        AuditReport.Distance(
            symbol: "L2", name: "Euclidean distance of the probabilities",
            original: AuditReport.Estimate(0.2718, lower: 0.2601, upper: 0.2839),
            unlearned: AuditReport.Estimate(0.1871, lower: 0.1790, upper: 0.1955),
            noiseFloor: AuditReport.Estimate(0.1794, lower: 0.1688, upper: 0.1898)),
    ]

    private static let relativeTests = [
        AuditReport.RelativeTest(
            symbol: "JSD", name: "Jensen–Shannon divergence",
            difference: AuditReport.Estimate(0.0171, lower: 0.0148, upper: 0.0194), pValue: 0.00002,
            finding: .nearerToRetrained),
        AuditReport.RelativeTest(
            symbol: "L2", name: "Euclidean distance of the probabilities",
            difference: AuditReport.Estimate(-0.0012, lower: -0.0101, upper: 0.0077), pValue: 0.583, finding: .undecided
        ),
    ]

    private static let performance = [
        AuditReport.Performance(
            records: "Test records of people who stay", count: 5_000,
            original: scores(0.7183, 0.6702, 0.6021), unlearned: scores(0.7141, 0.6655, 0.6067),
            retrained: AuditReport.Scores(
                areaUnderROC: AuditReport.Estimate(0.7162, lower: 0.7120, upper: 0.7204),
                accuracy: AuditReport.Estimate(0.6671, lower: 0.6624, upper: 0.6718),
                logLoss: AuditReport.Estimate(0.6048, lower: 0.6011, upper: 0.6085))),
        AuditReport.Performance(
            records: "Forgotten records", count: 3_068,
            original: scores(0.8541, 0.7712, 0.4693), unlearned: scores(0.6402, 0.6031, 0.6612),
            retrained: AuditReport.Scores(
                areaUnderROC: AuditReport.Estimate(0.6315, lower: 0.6280, upper: 0.6350),
                accuracy: AuditReport.Estimate(0.5988, lower: 0.5941, upper: 0.6035),
                logLoss: AuditReport.Estimate(0.6689, lower: 0.6642, upper: 0.6736))),
    ]

    private static func scores(_ auc: Double, _ accuracy: Double, _ logLoss: Double) -> AuditReport.Scores {
        AuditReport.Scores(areaUnderROC: .init(auc), accuracy: .init(accuracy), logLoss: .init(logLoss))
    }

    private static let probabilityShift = AuditReport.ProbabilityShift(
        original: AuditReport.Distribution(
            counts: [
                0, 1, 3, 6, 11, 17, 24, 33, 47, 58, 72, 91, 118, 147, 176, 214, 252, 286, 309, 318, 301, 262, 190, 98,
                34,
            ],
            mean: 0.681),
        unlearned: AuditReport.Distribution(
            counts: [
                1, 4, 11, 24, 46, 71, 102, 138, 171, 203, 229, 248, 259, 262, 251, 230, 204, 172, 138, 104, 76, 52, 34,
                22, 16,
            ],
            mean: 0.534),
        retrained: AuditReport.Distribution(
            counts: [
                0, 3, 9, 22, 45, 74, 108, 144, 178, 209, 234, 252, 261, 261, 249, 227, 198, 165, 131, 98, 70, 47, 29,
                17, 9,
            ],
            mean: 0.527))

    private static let curve = AuditReport.Curve(
        title: "Loss of the retrained models by epoch", horizontalAxis: "epoch", verticalAxis: "loss (nats)",
        lines: (1...5).map { number in
            .init(
                name: "retrained \(number)",
                points: (1...6).map { epoch in
                    .init(x: Double(epoch), y: 0.5 + 0.002 * Double(number) + 0.19 / (0.1 + 0.9 * Double(epoch)))
                })
        })
}
