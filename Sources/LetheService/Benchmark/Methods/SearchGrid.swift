import Foundation
import LetheRequests

/// The candidates of every method: the policy's own setting first, then others of a grid over the two knobs that matter most.
enum SearchGrid {
    /// Candidates of every method.
    static let most = 9

    /// Steps along the two knobs: the policy's own setting, each knob alone in both directions, both at once; then two steps at a time,
    /// for a knob that stands at an end of its range.
    private static let steps: [(Int, Int)] =
        [(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1), (1, -1), (-1, 1)]
        + [(2, 0), (-2, 0), (0, 2), (0, -2), (1, 2), (-1, 2), (1, -2), (-1, -2), (2, 1), (-2, 1), (2, -1), (-2, -1)]

    /// Changes of a method's fields, no two the same: `most` of them, or fewer where the knobs' ranges have no more.
    static func candidates(_ method: Policy.Method) -> [[String: String]] {
        let knobs = knobs(method)
        var candidates: [[String: String]] = []
        for (first, second) in steps {
            var changes: [String: String] = [:]
            for (knob, steps) in zip(knobs, [first, second]) where steps != 0 {
                guard let own = method.fields.first(where: { $0.name == knob.field })?.value, let value = Double(own)
                else { continue }
                let scaled = value * pow(knob.factor, Double(steps))
                let inRange = min(max(scaled, knob.range.lowerBound), knob.range.upperBound)
                let text = knob.isWhole ? "\(Int(inRange.rounded()))" : decimal(inRange)
                if Double(text) != value { changes[knob.field] = text }
            }
            if !candidates.contains(changes) { candidates.append(changes) }
        }
        return Array(candidates.prefix(most))
    }

    private struct Knob {
        let field: String
        var isWhole = false
        var range = 0.0...1.0
        /// What one step multiplies by; 1.5 for shares, so that one step does not leave the range.
        var factor = 2.0
    }

    /// A rate and a strength.
    private static func knobs(_ method: Policy.Method) -> [Knob] {
        let rate = Knob(field: "learningRate", range: 1e-9...1)
        switch method {
        case .retrain: return []
        // Their shards train as the original did; what is left to choose is how many there are.
        case .sisa:
            return [
                Knob(field: "shards", isWhole: true, range: 2...8), Knob(field: "slices", isWhole: true, range: 1...4),
            ]
        case .receraser:
            return [
                Knob(field: "attention.learningRate", range: 1e-9...1),
                Knob(field: "attention.epochs", isWhole: true, range: 1...8),
            ]
        case .negKL, .negGrad, .badTeacherReference, .randomLabel:
            return [rate, Knob(field: "lambda", range: 1e-6...100)]
        case .badTeacher: return [rate, Knob(field: "retainedShare", range: 0.01...1, factor: 1.5)]
        case .e2urec: return [rate, Knob(field: "alpha", range: 1e-6...100)]
        case .calibratedE2URec: return [rate, Knob(field: "beta", range: 0...0.9, factor: 1.5)]
        case .rewind: return [rate, Knob(field: "share", range: 0...0.95, factor: 1.5)]
        case .adapters: return [rate, Knob(field: "epochs", isWhole: true, range: 1...16)]
        }
    }

    /// A decimal without an exponent, as policies are written.
    private static func decimal(_ value: Double) -> String {
        var text = String(format: "%.12f", value)
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
        return text
    }
}
