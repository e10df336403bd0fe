import LetheRequests
import Synchronization

/// What is counted, in Prometheus' text format 0.0.4. Labels are routes, methods and statuses: words of this program's own, so there are
/// few of them and none can be a personal datum.
final class Metrics: Sendable {
    private struct Counts {
        var calls: [Key: Int] = [:]
        var durations: [String: Durations] = [:]
        var undocumented = 0
        var limited = 0
        var callbacks: [CallbackKey: Int] = [:]
    }

    private struct CallbackKey: Hashable { let format: RequestFormat, outcome: CallbackOutcome }

    /// What became of an attempt to tell a sender of a status.
    enum CallbackOutcome: String {
        /// The host took it.
        case delivered
        /// It did not, and is tried again.
        case failed
        /// It did not, and is not tried again.
        case givenUp = "given-up"
        /// A URL at a host that the configuration does not allow: nothing is sent there.
        case notAllowed = "not-allowed"
    }

    private struct Key: Hashable { let operation: String, status: Int }

    private struct Durations {
        var buckets = Array(repeating: 0, count: Metrics.bounds.count)
        var count = 0
        var sum = 0.0
    }

    /// The upper ends of the histogram's buckets, seconds.
    static let bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

    private let counts = Mutex(Counts())

    /// Counts an answered call.
    func count(_ operation: String, status: Int, seconds: Double) {
        counts.withLock { counts in
            counts.calls[Key(operation: operation, status: status), default: 0] += 1
            var durations = counts.durations[operation] ?? Durations()
            durations.count += 1
            durations.sum += seconds
            if let bucket = Self.bounds.firstIndex(where: { seconds <= $0 }) { durations.buckets[bucket] += 1 }
            counts.durations[operation] = durations
        }
    }

    /// Counts an answer with a status that its route does not document: a fault of this program.
    func countUndocumented() { counts.withLock { $0.undocumented += 1 } }

    /// Counts a call that came too often.
    func countLimited() { counts.withLock { $0.limited += 1 } }

    /// Counts attempts to tell senders, or URLs that none will go to.
    func countCallbacks(_ format: RequestFormat, _ outcome: CallbackOutcome, _ number: Int = 1) {
        guard number > 0 else { return }
        counts.withLock { $0.callbacks[CallbackKey(format: format, outcome: outcome), default: 0] += number }
    }

    /// How many answers were not documented.
    var undocumented: Int { counts.withLock(\.undocumented) }

    /// The text, with gauges of the moment.
    func text(gauges: [(name: String, help: String, values: [(label: String, value: Double)])]) -> String {
        let counts = counts.withLock { $0 }
        var lines = [
            "# HELP lethe_http_requests_total Calls answered.", "# TYPE lethe_http_requests_total counter",
        ]
        for (key, count) in counts.calls.sorted(by: {
            ($0.key.operation, $0.key.status) < ($1.key.operation, $1.key.status)
        }) {
            lines.append("lethe_http_requests_total{operation=\"\(key.operation)\",status=\"\(key.status)\"} \(count)")
        }
        lines += [
            "# HELP lethe_http_request_seconds Time from the whole head to the answer.",
            "# TYPE lethe_http_request_seconds histogram",
        ]
        for (operation, durations) in counts.durations.sorted(by: { $0.key < $1.key }) {
            var sum = 0
            for (bound, count) in zip(Self.bounds, durations.buckets) {
                sum += count
                lines.append("lethe_http_request_seconds_bucket{operation=\"\(operation)\",le=\"\(bound)\"} \(sum)")
            }
            lines += [
                "lethe_http_request_seconds_bucket{operation=\"\(operation)\",le=\"+Inf\"} \(durations.count)",
                "lethe_http_request_seconds_sum{operation=\"\(operation)\"} \(durations.sum)",
                "lethe_http_request_seconds_count{operation=\"\(operation)\"} \(durations.count)",
            ]
        }
        lines += [
            "# HELP lethe_http_limited_total Calls turned away because they came too often.",
            "# TYPE lethe_http_limited_total counter", "lethe_http_limited_total \(counts.limited)",
            "# HELP lethe_http_undocumented_total Answers that the OpenAPI document does not have.",
            "# TYPE lethe_http_undocumented_total counter", "lethe_http_undocumented_total \(counts.undocumented)",
        ]
        lines += [
            "# HELP lethe_callbacks_total Attempts to tell senders of a status, and URLs at hosts that are not allowed.",
            "# TYPE lethe_callbacks_total counter",
        ]
        lines += counts.callbacks.map { key, count in
            "lethe_callbacks_total{format=\"\(key.format.rawValue)\",outcome=\"\(key.outcome.rawValue)\"} \(count)"
        }.sorted()
        for gauge in gauges {
            lines += ["# HELP \(gauge.name) \(gauge.help)", "# TYPE \(gauge.name) gauge"]
            lines += gauge.values.map { "\(gauge.name)\($0.label) \($0.value)" }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
