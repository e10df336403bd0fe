import Foundation
public import LetheBytes
import LetheVerification

extension DistanceAudit {
    /// What may be claimed of outputs whose origin nobody has checked.
    public var claim: String {
        measurements.claim + (passes ? " How the model came to be was not checked." : "")
    }

    /// Everything as JSON: the file of measurements that a run has, and what it rests on.
    /// - Throws: an encoder's error.
    public func json() throws -> JSONValue {
        let value = try StrictJSON.parse(measurements.bytes())
        return .object(
            (value.objectValue ?? [:]).merging([
                "claim": .string(claim), "provenance": "not checked",
                "seed": .string("\(options.seed)"), "values": .string(options.kind.rawValue),
            ]) { $1 })
    }

    /// Everything for people, as Markdown.
    public var markdown: String {
        let figures = measurements
        func text(_ value: Measurements.Value?) -> String {
            guard let value else { return "-" }
            let interval = value.lower.flatMap { lower in value.upper.map { (lower, $0) } }
            return Self.number(value.value)
                + (interval.map { " [\(Self.number($0.0)), \(Self.number($0.1))]" } ?? "")
        }
        var lines = [
            "# \(figures.verdict)", "", claim, "",
            "\(figures.auditRecords) forgotten records of \(figures.auditSubjects) people, \(figures.references) retrained models; in "
                + "brackets 90% intervals.", "",
        ]
        lines += figures.reasons.map { "- \($0)" } + (figures.reasons.isEmpty ? [] : [""])
        lines += ["| gate | statistic | value | accepted | |", "| --- | --- | --- | --- | --- |"]
        lines += figures.gates.map { gate in
            gate.gate == "P0"
                ? "| P0 | provenance | - | a log | not checked |"
                : "| \(gate.gate) | \(gate.statistic) | \(text(gate.value)) | \(gate.threshold) | \(gate.outcome) |"
        }
        lines += [
            "", "| distance to the retrained models | original | candidate | noise floor |",
            "| --- | --- | --- | --- |",
        ]
        lines += figures.distances.map {
            "| \($0.divergence), \($0.space) | \(text($0.original)) | \(text($0.unlearned)) | \(text($0.floor)) |"
        }
        if let tests = figures.relativeTests, !tests.isEmpty {
            lines += [
                "", "| nearer to which | candidate to original minus to retrained | p | finding |",
                "| --- | --- | --- | --- |",
            ]
            lines += tests.map {
                "| \($0.divergence), \($0.space) | \(text($0.difference)) | \(Self.number($0.pValue)) | \($0.finding) |"
            }
        }
        if let test = figures.likelihoodRatio {
            lines += [
                "",
                "Called members by their likelihood ratio (U-LiRA), of \(test.users) people, against \(test.originals) further originals:",
                "", "| model | share | more than retrained |", "| --- | --- | --- |",
                "| original | \(Self.number(test.original)) | \(text(test.originalExcess)) |",
                "| candidate | \(Self.number(test.unlearned)) | \(text(test.excess)) |",
                "| retrained | \(Self.number(test.retrained)) | - |",
            ]
        }
        if !figures.performance.isEmpty {
            lines += ["", "| records | | AUC | accuracy | log-loss |", "| --- | --- | --- | --- | --- |"]
            for set in figures.performance {
                let rows =
                    [("original", set.original), ("candidate", set.unlearned)]
                    + set.retrained.enumerated().map {
                        ("retrained \($0.offset + 1)", $0.element)
                    }
                lines += rows.map {
                    "| \(set.records) (\(set.count)) | \($0.0) | \(Self.number($0.1.auc)) | \(Self.number($0.1.accuracy)) | "
                        + "\(Self.number($0.1.logLoss)) |"
                }
            }
        }
        lines += ["", "Not measured:", ""] + figures.notAssessed.map { "- \($0.name): \($0.value)" }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Four significant digits.
    private static func number(_ value: Double) -> String { value.isFinite ? String(format: "%.4g", value) : "-" }
}
