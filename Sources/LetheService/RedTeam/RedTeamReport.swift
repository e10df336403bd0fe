import Foundation
public import LetheBytes
import LetheCrypto
import LetheVerification

/// How the candidates of a red team fared.
public struct RedTeamReport: Sendable {
    let options: RedTeam.Options
    let setting: String
    let users: Int
    let forgotten: Int
    let audited: Int
    let policy: Digest
    let thresholds: Thresholds
    let data: [String: Digest]
    let program: Digest
    let machine: [String: String]
    let cases: [RedTeam.Case]
    /// How false papers fared; nil where none were made.
    public var papers: PapersReport?

    /// One thing that must hold.
    struct Check: Sendable {
        let claim: String
        let found: String
        let holds: Bool

        /// A row of a table.
        var row: String { "| \(claim) | \(found) | \(holds ? "holds" : "**does not hold**") |" }
        var json: JSONValue { ["claim": .string(claim), "found": .string(found), "holds": .bool(holds)] }
    }

    var checks: [Check] {
        func passed(_ truth: RedTeam.Truth) -> (count: Int, of: Int) {
            let some = cases.filter { $0.truth == truth }
            return (some.count { $0.judgement.verdict.isPass }, some.count)
        }
        let (honest, originals) = (passed(.honest), passed(.original))
        let isFalse = cases.filter { $0.truth == .isFalse }
        let refused = isFalse.filter(\.isRightlyRefused)
        let needed = (9 * honest.of + 9) / 10
        return [
            Check(
                claim: "of \(honest.of) honestly retrained candidates at least \(needed) pass",
                found: "\(honest.count)", holds: honest.count >= needed),
            Check(
                claim: "no original passes, and the audit sees what it remembers",
                found: "\(originals.count) of \(originals.of) pass",
                holds: originals.count == 0 && cases.allSatisfy(\.isMeasurable)),
            Check(
                claim: "every false model is refused for a right reason", found: "\(refused.count) of \(isFalse.count)",
                holds: refused.count == isFalse.count),
        ] + (papers?.checks ?? [])
    }

    /// Whether everything that must hold does.
    public var holds: Bool { checks.allSatisfy(\.holds) }

    /// Writes `redteam.json` and `redteam.md` into the output folder.
    public func write() throws {
        try Files.write(json.prettyBytes(), to: Files.join(options.bench.output, "redteam.json"))
        try Files.write(Array(markdown.utf8), to: Files.join(options.bench.output, "redteam.md"))
    }

    /// Everything as a table for people.
    public var markdown: String {
        let name = options.bench.profile.name
        var lines = [
            "# Red team on \(name)", "",
            "Setting `\(setting)`, \(options.bench.shape.rawValue) T5: \(users) training users, \(forgotten) of them forgotten, "
                + "\(audited) records audited, \(options.references) references, all gates. RRM in brackets: 90% intervals. A false model "
                + "is refused for a right reason where one of the gates named for it stops it, and G0 shows that there is something to see. "
                + "U-LiRA: how much larger a share of the forgotten people is called members than by the retrained models' answers, against "
                + "the originals of other seeds.",
            "", setup, "", "| what must hold | found | |", "| --- | --- | --- |",
        ]
        lines += checks.map(\.row)
        lines += [
            "",
            "| candidate | what it is | verdict | RRM | JG | relearning | 4 bits | U-LiRA | AUC difference | stopped by | expected |",
            "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        ]
        lines += cases.map { item in
            let judged = item.judgement
            let cells = [
                "`\(item.name)`", item.story, judged.verdict.rawValue, Self.text(judged.forgetting?.relativeResidual),
                Self.text(judged.gates.first { $0.name == "JG" }), Self.text(judged.relearning?.relative),
                Self.text(judged.rounding?.relative), Self.text(judged.likelihoodRatio?.excess),
                Self.text(judged.utility?.areaDifference, decimals: 3), Self.names(item.stoppedBy),
                item.truth == .honest ? "a pass" : Self.names(item.expected.sorted { $0.rawValue < $1.rawValue }),
            ]
            return "| " + cells.joined(separator: " | ") + " |"
        }
        if let papers { lines += [""] + papers.table }
        lines += ["", "    " + options.bench.command, "", "| what | |", "| --- | --- |"]
        lines += machine.sorted { $0.key < $1.key }.map { "| \($0.key) | \($0.value) |" }
        lines += [
            "| program, SHA-256 | `\(program.hex)` |", "| policy | `\(policy.hex)` |",
        ]
        lines += data.sorted { $0.key < $1.key }.map { "| \($0.key), SHA-256 | `\($0.value.hex)` |" }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The margins of the gates, on what usefulness was measured, and how often an honest model would pass by the audit's own account.
    private var setup: String {
        let limits = thresholds
        var text =
            "Margins: RRM \(limits.residualMargin), JG \(limits.shapeMargin), membership AUC \(limits.membershipMargin), "
            + "AUC \(limits.areaLoss), log-loss \(limits.logLossRise)."
        let judged = cases.first?.judgement
        if let utility = judged?.utility {
            text += " Usefulness: \(utility.records) test records of \(utility.users) retained users."
        }
        if let power = judged?.power {
            text += " Power of G1 and G2, each reference in a candidate's place: \(power.passed) of \(power.tried)."
        }
        return text
    }

    /// Everything as JSON; nothing about single records or users.
    public var json: JSONValue {
        var members: [String: JSONValue] = [
            "format": "urn:lethe:red-team:v1", "command": .string(options.bench.command),
            "machine": .object(machine.mapValues { .string($0) }), "program": .string(program.hex),
            "dataset": .string(options.bench.profile.name),
            "files": .object(data.mapValues { .string($0.hex) }), "setting": .string(setting),
            "policy": .string(policy.hex), "shape": .string(options.bench.shape.rawValue),
            "references": JSONValue(options.references), "trainingUsers": JSONValue(users),
            "forgottenUsers": JSONValue(forgotten), "auditedRecords": JSONValue(audited), "holds": .bool(holds),
            "checks": .array(checks.map(\.json)), "candidates": .array(cases.map(json)),
        ]
        members["margins"] = [
            "relativeResidual": MethodsReport.number(thresholds.residualMargin),
            "shape": MethodsReport.number(thresholds.shapeMargin),
            "membershipAUC": MethodsReport.number(thresholds.membershipMargin),
            "AUC": MethodsReport.number(thresholds.areaLoss), "logLoss": MethodsReport.number(thresholds.logLossRise),
        ]
        members["papers"] = papers?.papers
        return .object(members)
    }

    private func json(_ item: RedTeam.Case) -> JSONValue {
        let judged = item.judgement
        var members: [String: JSONValue] = [
            "name": .string(item.name), "truth": .string(item.truth.rawValue), "story": .string(item.story),
            "verdict": .string(judged.verdict.rawValue),
            "expectedGates": .array(item.expected.map(\.rawValue).sorted().map { .string($0) }),
            "stoppedBy": .array(item.stoppedBy.map { .string($0.rawValue) }),
            "gates": .array(
                judged.gates.map { gate in
                    [
                        "gate": .string(gate.gate.rawValue), "statistic": .string(gate.name),
                        "value": gate.statistic.map(MethodsReport.number) ?? .null,
                        "lower": gate.interval.map { MethodsReport.number($0.lower) } ?? .null,
                        "upper": gate.interval.map { MethodsReport.number($0.upper) } ?? .null,
                        "threshold": .string(gate.threshold), "outcome": .string(gate.outcome.rawValue),
                    ]
                }),
        ]
        members["power"] = judged.power.map { ["passed": JSONValue($0.passed), "tried": JSONValue($0.tried)] }
        members["utility"] = judged.utility.map { ["records": JSONValue($0.records), "users": JSONValue($0.users)] }
        members["likelihoodRatio"] = judged.likelihoodRatio.map { audit in
            [
                "people": JSONValue(audit.users.count), "originals": JSONValue(audit.members),
                "candidate": MethodsReport.number(audit.candidateRate),
                "original": MethodsReport.number(audit.originalRate),
                "references": MethodsReport.number(audit.referenceRate),
                "excess": MethodsReport.number(audit.excess.value),
                "lower": audit.excess.interval.map { MethodsReport.number($0.lower) } ?? .null,
                "upper": audit.excess.interval.map { MethodsReport.number($0.upper) } ?? .null,
            ]
        }
        return .object(members)
    }

    private static func names(_ gates: [LetheVerification.Gate]) -> String {
        gates.isEmpty ? "nothing" : gates.map(\.rawValue).joined(separator: ", ")
    }

    private static func text(_ estimate: Estimate?, decimals: Int = 2) -> String {
        estimate.map { MethodsReport.text($0, scale: 1, decimals: decimals) } ?? "-"
    }

    private static func text(_ gate: GateResult?) -> String {
        text(gate?.statistic.map { Estimate(value: $0, interval: gate?.interval) })
    }
}
