import Foundation
public import LetheBytes
import LetheVerification

extension ErrorRates {
    /// Everything as JSON; the same bytes for the same arguments, whatever the threads.
    ///
    /// - Parameter version: of the program that simulated.
    public func json(command: String, version: String) -> JSONValue {
        [
            "format": "urn:lethe:error-rates:v1", "command": .string(command), "version": .string(version),
            "seed": .string(String(seed)), "repetitions": JSONValue(repetitions),
            "policy": policyName.map { JSONValue.string($0) } ?? .null,
            "thresholds": [
                "residualMargin": number(thresholds.residualMargin), "shapeMargin": number(thresholds.shapeMargin),
                "minimumUsers": JSONValue(thresholds.minimumUsers),
                "minimumReferences": JSONValue(thresholds.minimumReferences),
                "bootstrapReplicates": JSONValue(thresholds.bootstrapReplicates),
                "required": .array(thresholds.requiredGates.map(\.rawValue).sorted().map { .string($0) }),
            ],
            "model": model, "falseCertificationAtMost": number(Self.level), "holds": .bool(holds),
            "rows": .array(rows.map(json)),
        ]
    }

    private var model: JSONValue {
        let audit = SimulatedAudit()
        return [
            "recordsPerUser": JSONValue(audit.recordsPerUser), "memorised": number(audit.memorised),
            "globalDeviation": number(audit.globalDeviation), "userDeviation": number(audit.userDeviation),
            "recordDeviation": number(audit.recordDeviation),
        ]
    }

    private func json(_ row: Row) -> JSONValue {
        let (tally, audit) = (row.tally, row.tally.audit)
        return [
            "users": JSONValue(audit.users), "references": JSONValue(audit.references), "candidate": .string(row.name),
            "truth": .string(row.truth.rawValue), "isErrorToCertify": .bool(row.isError),
            "residual": audit.residual.map(number) ?? "original", "memorised": number(audit.memorised),
            "candidateDrift": number(audit.candidateDrift), "originalDrift": number(audit.originalDrift),
            "certified": [
                "count": JSONValue(tally.certified.successes), "share": number(tally.certified.share),
                "lower95": number(tally.certified.lowerBound), "upper95": number(tally.certified.upperBound),
            ],
            "verdicts": .object(
                Dictionary(
                    uniqueKeysWithValues: Verdict.allCases.map {
                        ($0.rawValue, JSONValue(tally.verdicts[$0, default: 0]))
                    })),
            "gatesPassed": .object(
                Dictionary(
                    uniqueKeysWithValues: Self.gates.map { ($0, JSONValue(tally.passed[$0, default: 0])) })),
            "withinNoiseFloor": JSONValue(tally.withinFloor),
            "nearerToRetrained": JSONValue(tally.nearerToRetrained),
            "nearerToOriginal": JSONValue(tally.nearerToOriginal),
        ]
    }

    /// The statistics whose gates are counted.
    private static let gates = ["S(o)", "D(o) - D0", "RRM", "JG"]

    /// The page for people.
    public func markdown(command: String, version: String) -> String {
        let audit = SimulatedAudit()
        let head = """
            # How often the decision rule errs

            `\(command)`, version \(version): \(repetitions) audits a row, seed \(seed), \(thresholds.bootstrapReplicates) bootstrap \
            replicates, |RRM| < \(number: thresholds.residualMargin), JG < \(number: thresholds.shapeMargin)\
            \(policyName.map { ", thresholds of policy \($0)" } ?? ""). **\(holds ? "Holds" : "Does not hold")**: where certifying \
            is an error, at most 5% are certified.

            Every audit is drawn from a Gaussian model whose truth is known, and judged by the function that judges runs. Users have \
            \(audit.recordsPerUser) records on average (geometric); the original leans to a forgotten answer by \
            \(number: audit.memorised) logits; margins of honest models differ by \(number: audit.globalDeviation) in common, by \
            \(number: audit.userDeviation) for a user and by \(number: audit.recordDeviation) for a record (standard deviations). These \
            are assumptions: the power that a certificate states is estimated from its own references. Provenance counts as verified; \
            usefulness (G5) and membership (G3) are not simulated.

            *Certified* is the share that gets PASS-STATISTICAL, with the exact 95% bounds of Clopper and Pearson. The columns of gates \
            say how often each passes alone. *Floor* is what the test "no farther from references than these from each other" would have \
            passed: it is printed in reports and decides nothing. *Nearer* is how often the relative three-sample test finds the \
            candidate nearer to retrained models than to the original.

            """
        return settings.reduce(head) { $0 + "\n" + table($1) }
    }

    private var settings: [Setting] {
        rows.map { Setting(users: $0.tally.audit.users, references: $0.tally.audit.references) }
            .reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    private func table(_ setting: Setting) -> String {
        let lines = rows.filter {
            $0.tally.audit.users == setting.users && $0.tally.audit.references == setting.references
        }
        .map { row in
            let tally = row.tally
            let certified = tally.certified
            let text =
                "\(percent(certified.share)) (\(percent(certified.lowerBound)) to \(percent(certified.upperBound)))"
            let cells =
                [
                    row.name, row.isError ? "error" : row.truth == .retrained ? "power" : "right",
                    row.isError ? "**\(text)**" : text,
                ]
                + Self.gates.map { percent(tally.share(tally.passed[$0, default: 0]).share) }
                + [
                    percent(tally.share(tally.withinFloor).share),
                    percent(tally.share(tally.nearerToRetrained).share),
                ]
            return "| " + cells.joined(separator: " | ") + " |\n"
        }
        return """
            ## \(setting.users) users, \(setting.references) references

            | candidate | to certify is | certified | G0 S(o) | G0 D(o) - D0 | G1 RRM | G2 JG | floor | nearer |
            | --- | --- | --- | --- | --- | --- | --- | --- | --- |

            """ + lines.joined()
    }

    private func number(_ value: Double) -> JSONValue { .number("\((value * 1e6).rounded() / 1e6)") }

    private func percent(_ share: Double) -> String { String(format: "%.1f%%", 100 * share) }
}

extension String.StringInterpolation {
    /// A number without needless digits.
    fileprivate mutating func appendInterpolation(number: Double) { appendLiteral(String(format: "%g", number)) }
}
