import Foundation
import LetheBytes
import LetheCrypto
import LetheRecommendation
import LetheReports
import LetheRequests
import LetheVerification

/// The table as values and as files.
public struct MethodsReport {
    let options: MethodsBenchmark.Options
    let machine: [String: String]
    let dataset: String
    let provenance: [(name: String, digest: String)]
    let tables: [MethodsTable]
    let checks: [MethodsCheck]
    let isPublishedSplit: Bool
    /// Programs that trained or measured anything of this table.
    let programs: [String]

    /// The Markdown that is also printed.
    public var markdown: String { MethodsMarkdown(self).text }

    /// Whether everything that must hold does.
    public var holds: Bool { checks.allSatisfy(\.holds) }

    /// Writes `methods.json`, `methods.md`, `methods.csv` and the figures into the output folder.
    public func write() throws {
        func write(_ text: String, _ name: String) throws {
            try Files.write(Array(text.utf8), to: Files.join(options.output, name))
        }
        try Files.write(json.prettyBytes(), to: Files.join(options.output, "methods.json"))
        try write(markdown, "methods.md")
        try write(csv, "methods.csv")
        for table in tables {
            for (figure, svg) in figures(table) { try write(svg, figure.file(table.setting.name)) }
        }
    }

    // MARK: numbers as text

    static func fixed(_ value: Double, _ decimals: Int) -> String {
        value.isFinite ? String(format: "%.\(decimals)f", value) : "-"
    }

    static func text(_ estimate: Estimate, scale: Double, decimals: Int) -> String {
        guard estimate.value.isFinite else { return "-" }
        let value = fixed(scale * estimate.value, decimals)
        return estimate.interval.map {
            "\(value) [\(fixed(scale * $0.lower, decimals)), \(fixed(scale * $0.upper, decimals))]"
        } ?? value
    }

    static func number(_ value: Double) -> JSONValue { value.isFinite ? .number("\(value)") : .null }

    static func json(_ estimate: Estimate) -> JSONValue {
        [
            "value": number(estimate.value), "lower": estimate.interval.map { number($0.lower) } ?? .null,
            "upper": estimate.interval.map { number($0.upper) } ?? .null,
        ]
    }

    // MARK: CSV

    private var csv: String {
        var lines = [
            "setting,method,auc,auc_lower,auc_upper,accuracy,log_loss,auc_minus_retrain,"
                + "jsd,jsd_lower,jsd_upper,jsd_above_floor,jsd_above_floor_lower,jsd_above_floor_upper,symmetric_kl,l2,l2_two_way,"
                + "gold_margin_gap,membership_auc,auc_on_forgotten,processor_seconds,share_of_retrain,trainable,trainable_t5_base"
        ]
        for table in tables {
            let retrain = table.row("retrain")?.seconds ?? .nan
            for row in table.rows {
                func ends(_ estimate: Estimate) -> [Double] {
                    [estimate.value, estimate.interval?.lower ?? .nan, estimate.interval?.upper ?? .nan]
                }
                let measures = Self.shown.map { row.distances[$0] }
                let values =
                    ends(row(.auc)) + [row(.accuracy).value, row(.logLoss).value, row(.aucDifference).value]
                    + ends(measures[0]) + ends(row.aboveFloor[Self.shown[0]])
                    + [measures[1].value, measures[2].value, measures[3].value]
                    + [
                        row(.marginGap).value, row(.membershipAUC).value, row(.forgottenAUC).value, row.seconds,
                        row.seconds / retrain,
                    ]
                let cells = values.map { $0.isFinite ? "\($0)" : "" }
                lines.append(
                    ([table.setting.name, row.method] + cells
                        + ["\(row.models.first?.trainable ?? 0)", "\(row.models.first?.trainableAtT5Base ?? 0)"])
                        .joined(separator: ","))
            }
        }
        return lines.joined(separator: "\r\n") + "\r\n"
    }

    /// JSD and symmetric KL over the vocabulary, L2 over the vocabulary and over the two answers: places in `DistanceMeasure.all`.
    static let shown: [Int] = [
        DistanceMeasure(.jensenShannon, over: .vocabulary), DistanceMeasure(.symmetrizedKL, over: .vocabulary),
        DistanceMeasure(.euclidean, over: .vocabulary), DistanceMeasure(.euclidean, over: .answers),
    ].map { DistanceMeasure.all.firstIndex(of: $0) ?? 0 }

    // MARK: figures

    /// A figure of a setting.
    enum Figure: String, CaseIterable {
        case forgetting, time, curves

        /// Its file beside the table.
        func file(_ setting: String) -> String { "\(rawValue)-\(setting).svg" }

        /// What it shows.
        var caption: String {
            switch self {
            case .forgetting: "Forgetting against utility"
            case .time: "Processor time in its parts"
            case .curves: "Training objectives over steps"
            }
        }
    }

    private func figures(_ table: MethodsTable) -> [(Figure, svg: String)] {
        func measure(_ estimate: Estimate, _ scale: Double) -> MethodsFigure.Measure {
            .init(
                scale * estimate.value,
                estimate.interval.map { scale * min($0.lower, $0.upper)...scale * max($0.lower, $0.upper) })
        }
        let jsd = Self.shown[0]
        // Variants are rows of the table alone: their names would cover the methods'.
        let points = table.rows.filter { !$0.isVariant }.map {
            MethodsFigure.Point(
                name: $0.method, utility: measure($0(.aucDifference), 100), distance: measure($0.distances[jsd], 100))
        }
        let name = table.setting.name
        let forgetting = MethodsFigure.forgetting(
            points, floor: measure(table.floor[jsd], 100), title: "Forgetting against utility, \(name)",
            utilityAxis: "AUC on test records minus Retrain's, points",
            distanceAxis: "JSD to retrained models, hundredths of a nat")
        let time = MethodsFigure.time(
            table.rows.filter { $0.method != "base" }.map { row in
                .init(name: row.method, parts: row.parts.map { ($0.name, $0.seconds) })
            }, title: "Time, \(name)")
        // Trainings of different lengths share an axis as shares of their points; losses of different objectives do not
        // compare, so each is drawn relative to its first point.
        let lines = table.rows.compactMap { row -> AuditReport.Line? in
            let points = row.models.first?.curve ?? []
            guard points.count > 1, let first = points.first(where: { $0.loss != 0 })?.loss,
                row.method != "base", !row.isVariant
            else { return nil }
            return AuditReport.Line(
                name: row.method,
                points: points.enumerated().map {
                    AuditReport.Point(
                        x: 100 * Double($0.offset + 1) / Double(points.count), y: ($0.element.loss - first) / abs(first)
                    )
                })
        }
        let curves = MethodsFigure.curves(
            lines, title: "Training objectives, \(name), first seed", horizontalAxis: "steps taken, percent",
            verticalAxis: "change of the objective, of its start")
        return [(.forgetting, forgetting.svg), (.time, time.svg), (.curves, curves.svg)]
    }
}

extension MethodsBench {
    /// The table of everything that was measured.
    func report() throws -> MethodsReport {
        let isPublished = MethodsCheck.hasPublishedSplit(options, dataset)
        let tables = try settings.map { try MethodsTable(self, $0) }
        let provenance = dataset.provenance.files.compactMap { name in
            dataDigests[name].map { (name: name, digest: $0.hex) }
        }
        let programs = Set(tables.flatMap { $0.rows.flatMap { $0.models.map(\.program) } }).sorted()
        let counts = tables.first { $0.setting.users == nil }.map {
            MethodsCheck.counts($0.setting.data.split, isPublished: isPublished, setting: $0.setting.name)
        }
        return MethodsReport(
            options: options, machine: environment.description, dataset: options.profile.name, provenance: provenance,
            tables: tables, checks: (counts ?? []) + tables.flatMap(MethodsCheck.checks), isPublishedSplit: isPublished,
            programs: programs)
    }
}
