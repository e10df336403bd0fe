import LetheReports

extension Fixtures {
    /// A report with `text` in every field that takes one, and a number that is none in every figure.
    static func hostile(_ text: String, number: Double = .nan) -> AuditReport {
        let estimate = AuditReport.Estimate(number, lower: number, upper: number)
        let scores = AuditReport.Scores(areaUnderROC: estimate, accuracy: estimate, logLoss: estimate)
        let distribution = AuditReport.Distribution(counts: [], mean: number)
        return change(report(.fail)) { report in
            report.reasons = [text]
            report.claim.auditSet = text
            report.claim.residualMemoryMargin = number
            report.claim.alpha = number
            report.claim.power = number
            report.runID = text
            report.issuedAt = text
            report.log = .init(origin: text, checkpointSize: 1, checkpointRoot: text)
            report.policy = .init(name: text, digest: text)
            report.dataset = .init(
                name: text, digestBefore: text, digestAfter: text, recordsBefore: 2, recordsRemoved: 1)
            report.requests = [
                .init(
                    id: text, subject: text, receivedAt: text, dueAt: text, clock: .paused, state: .received,
                    certificateFile: text)
            ]
            report.refusals = [.init(id: text, receivedAt: text, kind: text, reason: text)]
            report.run = .init(
                startedAt: text, finishedAt: text,
                method: .init(name: text, summary: text, parameters: [.init(text, text)]),
                seeds: .init(
                    checkpointSize: 1, checkpointRoot: text, referenceCheckpointSize: 2, referenceCheckpointRoot: text,
                    values: [.init(text, text)]),
                models: [.init(role: .original, name: text, digest: text)], steps: [.init(name: text, seconds: number)],
                residue: [.init(name: text, fate: .kept, detail: text, digest: text)], environment: [.init(text, text)])
            report.gates = [gate(text, text, text, estimate, text, .failed)]
            report.distances = [
                .init(
                    symbol: text, name: text, unit: text, original: estimate, unlearned: estimate, noiseFloor: estimate)
            ]
            report.relativeTests = [
                .init(symbol: text, name: text, difference: estimate, pValue: number, finding: .undecided)
            ]
            report.likelihoodRatio = .init(
                people: 1, originals: 1, original: number, unlearned: number, retrained: number, excess: estimate,
                originalExcess: estimate, margin: number)
            report.worstUsers = .init(users: 1, original: number, unlearned: number, retrained: estimate)
            report.residualMemory = estimate
            report.performance = [
                .init(records: text, count: 1, original: scores, unlearned: scores, retrained: scores)
            ]
            report.probabilityShift = .init(original: distribution, unlearned: distribution, retrained: distribution)
            report.curves = [
                .init(
                    title: text, horizontalAxis: text, verticalAxis: text,
                    lines: [.init(name: text, points: [.init(x: number, y: 0), .init(x: 0, y: number)])])
            ]
            report.notMeasured = [.init(test: text, reason: text)]
            report.check = .init(
                trustFile: text, keyID: text, workspace: text, furtherCommands: [.init(purpose: text, line: text)])
        }
    }
}
