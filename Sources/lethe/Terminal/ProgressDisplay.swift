import Foundation
import LetheService

/// Shows a long computation on standard error: a bar with the time left on a terminal, a plain line now and then elsewhere.
///
/// Used from the one thread that computes.
final class ProgressDisplay {
    private let isTerminal: Bool
    private let isQuiet: Bool
    private let clock = ContinuousClock()
    private var stage = ""
    private var units = 0
    private var done = 0
    private var began: ContinuousClock.Instant
    private var lastShown: ContinuousClock.Instant
    private var lineIsOpen = false

    /// A display on standard error; a quiet one shows nothing.
    init(isQuiet: Bool = false) {
        self.isQuiet = isQuiet
        isTerminal = isatty(STDERR_FILENO) != 0
        began = clock.now
        lastShown = clock.now
    }

    /// A heading or a fact, on a line of its own.
    func note(_ text: String) {
        guard !isQuiet else { return }
        closeLine()
        StandardError.write(text + "\n")
    }

    /// A stage of about `units` units of work begins.
    func begin(_ stage: String, units: Int) {
        finish()
        self.stage = stage
        self.units = max(units, 1)
        done = 0
        began = clock.now
        lastShown = began
        show()
    }

    /// More of the stage is done.
    func advance(_ units: Int) {
        done += units
        let interval: Duration = isTerminal ? .milliseconds(100) : .seconds(10)
        if clock.now - lastShown >= interval {
            lastShown = clock.now
            show()
        }
    }

    /// The stage is over; says how long it took.
    func finish() {
        guard !stage.isEmpty else { return }
        if !isQuiet {
            let line = "  \(stage): \(Self.duration(seconds(since: began)))"
            StandardError.write(isTerminal ? "\r\u{1B}[K\(line)\n" : line + "\n")
        }
        lineIsOpen = false
        stage = ""
    }

    private func show() {
        guard !isQuiet else { return }
        let share = min(Double(done) / Double(units), 1)
        let elapsed = seconds(since: began)
        let left = share > 0.02 ? Self.duration(elapsed * (1 - share) / share) + " left" : "…"
        if isTerminal {
            let filled = Int(share * 24)
            let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 24 - filled)
            StandardError.write("\r\u{1B}[K  \(stage) \(bar) \(Int(share * 100))% \(left)")
            lineIsOpen = true
        } else if done > 0 {
            StandardError.write("  \(stage): \(Int(share * 100))%, \(left)\n")
        }
    }

    private func closeLine() {
        guard lineIsOpen else { return }
        StandardError.write("\n")
        lineIsOpen = false
    }

    private func seconds(since instant: ContinuousClock.Instant) -> Double {
        (clock.now - instant) / .seconds(1)
    }

    /// "0.4 s", "12 s", "3 min 05 s".
    static func duration(_ seconds: Double) -> String {
        if seconds < 10 { return String(format: "%.1f s", seconds) }
        if seconds < 60 { return "\(Int(seconds)) s" }
        return String(format: "%d min %02d s", Int(seconds) / 60, Int(seconds) % 60)
    }
}

extension ProgressDisplay {
    /// Shows what a computation of the service tells.
    func show(_ progress: ServiceProgress) {
        switch progress {
        case .began(let stage, let units): begin(stage, units: units)
        case .advanced(let units): advance(units)
        case .resumed(let steps, let epochs):
            note("    continues after step \(steps)" + (epochs == 0 ? "" : ", \(epochs) epochs done"))
        case .ended: finish()
        case .notice(let text): note("  " + text)
        case .epoch(let number, let trainingLoss, let validationLoss):
            let validation = validationLoss.map { String(format: ", validation %.4f", $0) } ?? ""
            note(String(format: "    epoch %d: training loss %.4f", number, trainingLoss) + validation)
        }
    }
}
