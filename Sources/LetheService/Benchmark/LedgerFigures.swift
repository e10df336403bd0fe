public import LetheBytes
import LetheStatements

/// What `LedgerBenchmark` measured.
public struct LedgerFigures: Sendable {
    struct Limits: Sendable {
        /// Of different messages.
        let verifications: Double
        /// Of one message over and over.
        let verificationsOfOne: Double
        let signatures: Double
        let synchronizations: Double
    }

    struct Append: Sendable {
        let entries: Int
        let milliseconds: Double
    }

    struct Audit: Sendable {
        let what: String
        let entries: Int
        let entriesPerSecond: Double
        /// Of all cores together, for one entry.
        let processorMicroseconds: Double
        /// What all cores together could verify in a second, the mean of just before and just after.
        let verificationsPerSecond: Double

        var share: Double { entriesPerSecond / verificationsPerSecond }
    }

    struct Peak: Sendable {
        let what: String
        let entries: Int
        let peakMebibytes: Double
    }

    struct Latencies: Sendable {
        let p50: Double
        let p99: Double
        let maximum: Double
        let meanGroup: Double
    }

    let at: Timestamp
    let machine: [String: String]
    let cores: Int
    let settings: LedgerBenchmark.Settings
    let limits: Limits
    var appends: [Append] = []
    var requestsPerSecond = 0.0
    /// Of all cores together, for one request.
    var processorMicroseconds = 0.0
    var largeRequestsPerSecond: Double?
    var latencies = Latencies(p50: 0, p99: 0, maximum: 0, meanGroup: 0)
    var certificateMilliseconds = 0.0
    var certificateProcessMilliseconds = 0.0
    var certificateBytes = 0
    var certificateEntry: UInt64?
    var audits: [Audit] = []
    var memory: [Peak] = []

    init(
        at: Timestamp, machine: [String: String], cores: Int, settings: LedgerBenchmark.Settings, limits: Limits
    ) {
        self.at = at
        self.machine = machine
        self.cores = cores
        self.settings = settings
        self.limits = limits
    }

    /// A target of the ledger, and what was measured.
    struct Target: Sendable {
        let name: String
        let target: String
        let measured: String
        let isMet: Bool
    }

    var targets: [Target] {
        let audit = audits.last { $0.what == "log" }?.share ?? 0
        return [
            Target(
                name: "signed requests accepted durably, in groups", target: "at least 5000/s",
                measured: "\(whole(requestsPerSecond))/s", isMet: requestsPerSecond >= 5_000),
            Target(
                name: "P99 latency at \(settings.arrivalsPerSecond) requests/s", target: "below 100 ms",
                measured: "\(decimal(latencies.p99)) ms", isMet: latencies.p99 < 100),
            Target(
                name: "certificate verification, whole process", target: "below 20 ms",
                measured: "\(decimal(certificateProcessMilliseconds)) ms", isMet: certificateProcessMilliseconds < 20),
            Target(
                name: "audit against the machine's signature checks", target: "at least 80%",
                measured: "\(decimal(100 * audit))%", isMet: audit >= 0.8),
        ] + [auditMemoryTarget].compactMap(\.self)
    }

    /// Whether an audit of the largest log takes hardly more memory than one of the smallest.
    private var auditMemoryTarget: Target? {
        let audits = memory.filter { $0.what == "audit of log" }
        guard let small = audits.first, let large = audits.last, large.entries > small.entries else { return nil }
        let growth = large.peakMebibytes - small.peakMebibytes
        return Target(
            name: "memory of an audit of \(large.entries) entries against one of \(small.entries)",
            target: "at most 16 MiB more", measured: "\(decimal(growth)) MiB", isMet: growth <= 16)
    }

    /// Whether every target was met.
    public var meetsTargets: Bool { targets.allSatisfy(\.isMet) }

    /// Everything as JSON.
    public var json: JSONValue {
        [
            "benchmark": "ledger", "at": .string("\(at)"), "cores": JSONValue(cores),
            "machine": .object(machine.mapValues { .string($0) }),
            "settings": [
                "requests": JSONValue(settings.requests), "groupSize": JSONValue(settings.groupSize),
                "arrivalsPerSecond": JSONValue(settings.arrivalsPerSecond),
                "arrivalSeconds": JSONValue(settings.arrivalSeconds),
            ],
            "limits": [
                "verificationsPerSecond": number(limits.verifications),
                "verificationsOfOneMessagePerSecond": number(limits.verificationsOfOne),
                "signaturesPerSecond": number(limits.signatures),
                "synchronizationsPerSecond": number(limits.synchronizations),
            ],
            "requestsPerSecond": number(requestsPerSecond),
            "processorMicrosecondsPerRequest": number(processorMicroseconds),
            "requestsPerSecondToLargeLog": largeRequestsPerSecond.map { number($0) } ?? .null,
            "latencyMilliseconds": [
                "p50": number(latencies.p50), "p99": number(latencies.p99), "maximum": number(latencies.maximum),
                "meanGroup": number(latencies.meanGroup),
            ],
            "certificate": [
                "bytes": JSONValue(certificateBytes), "libraryMilliseconds": number(certificateMilliseconds),
                "processMilliseconds": number(certificateProcessMilliseconds),
            ],
            "appends": .array(
                appends.map { ["entries": JSONValue($0.entries), "millisecondsForGroupOf8": number($0.milliseconds)] }),
            "audits": .array(
                audits.map {
                    [
                        "of": .string($0.what), "entries": JSONValue($0.entries),
                        "entriesPerSecond": number($0.entriesPerSecond),
                        "processorMicrosecondsPerEntry": number($0.processorMicroseconds),
                        "verificationsPerSecond": number($0.verificationsPerSecond),
                        "shareOfVerifications": number($0.share),
                    ]
                }),
            "memory": .array(
                memory.map {
                    [
                        "during": .string($0.what), "entries": JSONValue($0.entries),
                        "peakMebibytes": number($0.peakMebibytes),
                    ]
                }),
            "targets": .array(
                targets.map {
                    [
                        "name": .string($0.name), "target": .string($0.target), "measured": .string($0.measured),
                        "met": .bool($0.isMet),
                    ]
                }),
        ]
    }

    /// Everything as Markdown, with the command that measures it again.
    public func markdown(command: String) -> String {
        let environment = machine.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        var lines = [
            "# The ledger, measured", "",
            "`\(command)` on \(at): \(cores) cores; \(environment).", "",
            "## Targets", "", "| what | target | measured | met |", "| --- | --- | --- | --- |",
        ]
        lines += targets.map { "| \($0.name) | \($0.target) | \($0.measured) | \($0.isMet ? "yes" : "no") |" }
        lines += [
            "", "## The machine's own limits, in the same run", "", "| what | a second |", "| --- | --- |",
            "| Ed25519 verifications of different messages, all cores | \(whole(limits.verifications)) |",
            "| the same of one message over and over | \(whole(limits.verificationsOfOne)) |",
            "| Ed25519 signatures, all cores | \(whole(limits.signatures)) |",
            "| 4 KiB writes with fsync, one after another | \(whole(limits.synchronizations)) |",
            "", "## Requests", "",
            "A request costs one verification and two signatures, and is acknowledged when its group is on the disk.",
            "",
            "| what | measured |", "| --- | --- |",
            "| \(settings.requests) requests in groups of \(settings.groupSize) | \(whole(requestsPerSecond)) a second |",
        ]
        lines.append("| processor time for one of them, all cores together | \(whole(processorMicroseconds)) us |")
        if let largeRequestsPerSecond {
            lines.append("| up to the large log | \(whole(largeRequestsPerSecond)) a second |")
        }
        lines += [
            "| latency at \(settings.arrivalsPerSecond) a second, open loop, \(settings.arrivalSeconds) s: P50 | \(decimal(latencies.p50)) ms |",
            "| P99 | \(decimal(latencies.p99)) ms |", "| maximum | \(decimal(latencies.maximum)) ms |",
            "| requests in a group, mean | \(decimal(latencies.meanGroup)) |", "",
            "## A group of eight requests, by the size of the log", "", "| entries before | median |", "| --- | --- |",
        ]
        lines += appends.map { "| \($0.entries) | \(decimal($0.milliseconds)) ms |" }
        lines += [
            "", "## One certificate (\(certificateBytes) bytes)", "", "| what | median |", "| --- | --- |",
            "| in the library | \(decimal(certificateMilliseconds)) ms |",
            "| `lethe certificate verify`, the whole process | \(decimal(certificateProcessMilliseconds)) ms |", "",
            "## Audit", "",
            "| of | entries | entries a second | verifications a second, before and after | share | processor time for an entry |",
            "| --- | --- | --- | --- | --- | --- |",
        ]
        lines += audits.map {
            "| \($0.what) | \($0.entries) | \(whole($0.entriesPerSecond)) | \(whole($0.verificationsPerSecond)) | \(decimal(100 * $0.share))% | \(whole($0.processorMicroseconds)) us |"
        }
        lines += ["", "## Peak memory of the process", "", "| during | entries | MiB |", "| --- | --- | --- |"]
        lines += memory.map { "| \($0.what) | \($0.entries) | \(decimal($0.peakMebibytes)) |" }
        return lines.joined(separator: "\n") + "\n"
    }

    private func whole(_ value: Double) -> String { "\(Int(value.rounded()))" }
    private func decimal(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
    private func number(_ value: Double) -> JSONValue { .number("\((value * 1_000).rounded() / 1_000)") }
}
