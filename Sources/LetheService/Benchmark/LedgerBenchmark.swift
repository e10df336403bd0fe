import Dispatch
import Glibc
import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheStore
import Synchronization

/// Measures the ledger on this machine, and beside it what the machine itself can do, in the same run.
public struct LedgerBenchmark {
    /// How much is measured.
    public struct Settings: Sendable {
        /// Signed requests that are received in groups.
        public var requests = 20_000
        /// Requests that become durable together.
        public var groupSize = Workspace.groupSize
        /// Requests a second that arrive in the latency measurement, whatever the ledger does meanwhile.
        public var arrivalsPerSecond = 200
        /// How long they arrive.
        public var arrivalSeconds = 15
        /// Entries of the large log; the log of the throughput measurement where nil.
        public var largeEntries: Int?

        /// The defaults.
        public init() {}
    }

    private let settings: Settings
    private let folder: String
    private let environment: ServiceEnvironment
    /// Runs the program itself on a certificate and a trust file, and returns the seconds that took.
    private let verifyAsProcess: (_ file: String, _ trust: String) throws -> Double

    /// A benchmark that works in `folder`, which must exist and be on the disk that is meant.
    public init(
        _ settings: Settings, in folder: String, environment: ServiceEnvironment,
        verifyAsProcess: @escaping (_ file: String, _ trust: String) throws -> Double
    ) {
        self.settings = settings
        self.folder = folder
        self.environment = environment
        self.verifyAsProcess = verifyAsProcess
    }

    /// Measures everything.
    public func run(progress: (String) -> Void) throws -> LedgerFigures {
        progress("the machine's own limits")
        var figures = LedgerFigures(
            at: environment.now(), machine: environment.description, cores: Cores.count, settings: settings,
            limits: try limits())
        let ledger = try BenchmarkLedger(path: Files.join(folder, "ledger.sqlite"), environment: environment)

        progress("appends to a small log")
        let users = settings.requests + Self.smallEntries + 4_096 + settings.arrivalsPerSecond * settings.arrivalSeconds
        let total = Swift.max(users, (settings.largeEntries ?? 0) / 2 + 4_096)
        // Held from the first measurement to the last: what they say of memory is comparable.
        let subjects = DataSubjects(names: (0..<total).lazy.map { (name: "\($0)", user: $0) })
        var next = 0
        func requests(_ count: Int) throws -> [[UInt8]] {
            defer { next += count }
            return try ledger.sign(next..<(next + count))
        }
        func medianAppend() throws -> LedgerFigures.Append {
            var seconds: [Double] = []
            let size = try ledger.store.size()
            for _ in 0..<31 {
                let group = try requests(8)
                seconds.append(try time { try ledger.receive(group, groupSize: 8, of: subjects) })
            }
            return .init(entries: Int(size), milliseconds: 1_000 * median(seconds))
        }
        figures.appends.append(try medianAppend())

        let missing = Self.smallEntries - Int(try ledger.store.size())
        try ledger.receive(requests((missing + 1) / 2), groupSize: settings.groupSize, of: subjects)
        progress("audit of \(try ledger.store.size()) entries")
        try audit(ledger, into: &figures)

        progress("\(settings.requests) signed requests in groups of \(settings.groupSize)")
        let waiting = try requests(settings.requests)
        Memory.resetPeak()
        let before = environment.processorSeconds()
        let seconds = try time { try ledger.receive(waiting, groupSize: settings.groupSize, of: subjects) }
        figures.processorMicroseconds = 1_000_000 * (environment.processorSeconds() - before) / Double(waiting.count)
        figures.requestsPerSecond = Double(waiting.count) / seconds
        figures.memory.append(
            .init(what: "receive", entries: Int(try ledger.store.size()), peakMebibytes: Memory.peakMebibytes()))

        progress("latency at \(settings.arrivalsPerSecond) requests a second")
        let arriving = try requests(settings.arrivalsPerSecond * settings.arrivalSeconds)
        figures.latencies = try latencies(of: arriving, ledger: ledger, subjects: subjects)

        progress("certificate verification")
        try measureCertificate(ledger, into: &figures)

        progress("audit of \(try ledger.store.size()) entries")
        try audit(ledger, into: &figures)
        if let large = settings.largeEntries, try ledger.store.size() < large {
            let before = Int(try ledger.store.size())
            progress("a log of \(large) entries")
            Memory.resetPeak()
            var receiving = 0.0
            while try ledger.store.size() < large {
                let group = try requests(Swift.min(16_384, (large - Int(ledger.store.size()) + 1) / 2))
                receiving += try time { try ledger.receive(group, groupSize: settings.groupSize, of: subjects) }
            }
            figures.memory.append(
                .init(what: "receive", entries: Int(try ledger.store.size()), peakMebibytes: Memory.peakMebibytes()))
            figures.largeRequestsPerSecond = Double(Int(try ledger.store.size()) - before) / 2 / receiving
            progress("audit of \(try ledger.store.size()) entries")
            try audit(ledger, into: &figures)
        }
        progress("appends to a large log")
        figures.appends.append(try medianAppend())
        return figures
    }

    /// Entries of the small log that a larger one is compared with.
    private static let smallEntries = 10_000

    // MARK: Parts

    private func time(_ body: () throws -> Void) rethrows -> Double {
        let start = environment.seconds()
        try body()
        return environment.seconds() - start
    }

    /// Audits, each between two looks at what the machine can verify at that time: it is not the same at all times.
    private func audit(_ ledger: BenchmarkLedger, into figures: inout LedgerFigures) throws {
        var limit = verificationRate()
        for (what, masterKey) in [("log", nil), ("log and vault", ledger.masterKey)] as [(String, MasterKey?)] {
            Memory.resetPeak()
            let entries = Int(try ledger.store.size())
            let signatures = try entries + ledger.store.checkpointCount()
            let before = environment.processorSeconds()
            let seconds = try time {
                let findings = try LedgerAudit.run(ledger.store, trust: ledger.trust, masterKey: masterKey)
                // The benchmark's certificate belongs to no request of its log; nothing else may be found.
                guard findings.allSatisfy({ $0.entryIndex == figures.certificateEntry }) else {
                    throw ServiceError.workspaceDamaged(file: ledger.store.path, problem: "\(findings[0])")
                }
            }
            let processorSeconds = environment.processorSeconds() - before
            let (limitBefore, limitAfter) = (limit, verificationRate())
            limit = limitAfter
            figures.audits.append(
                .init(
                    what: what, entries: entries, entriesPerSecond: Double(entries) / seconds,
                    signaturesPerSecond: Double(signatures) / seconds,
                    processorMicroseconds: 1_000_000 * processorSeconds / Double(entries),
                    verificationsPerSecond: (limitBefore + limitAfter) / 2))
            figures.memory.append(
                .init(what: "audit of \(what)", entries: entries, peakMebibytes: Memory.peakMebibytes()))
        }
    }

    private func measureCertificate(_ ledger: BenchmarkLedger, into figures: inout LedgerFigures) throws {
        figures.certificateEntry = try ledger.store.size()
        let (file, trust) = try ledger.certificate()
        let (path, trustPath) = (Files.join(folder, "certificate.json"), Files.join(folder, "trust.txt"))
        try Files.write(file, to: path)
        try Files.write(Array(trust.text.utf8), to: trustPath)
        let inLibrary = try (0..<201).map { _ in
            try time { _ = try CertificateVerifier.verify(file, trusting: trust) }
        }
        let asProcess = try (0..<51).map { _ in try verifyAsProcess(path, trustPath) }
        figures.certificateMilliseconds = 1_000 * median(inLibrary)
        figures.certificateProcessMilliseconds = 1_000 * median(asProcess)
        figures.certificateBytes = file.count
    }

    /// Open loop: requests arrive by the clock; whatever waits when the ledger is free becomes one group.
    private func latencies(
        of requests: [[UInt8]], ledger: BenchmarkLedger, subjects: DataSubjects
    ) throws -> LedgerFigures.Latencies {
        struct Arrival: Sendable {
            let request: [UInt8]
            let due: Double
        }
        let hasArrived = DispatchSemaphore(value: 0)
        let seconds = environment.seconds
        let interval = 1 / Double(settings.arrivalsPerSecond)
        let start = seconds() + 0.05
        let box = Shared(Mutex<[Arrival]>([]))
        DispatchQueue.global(qos: .userInteractive).async {
            for (number, request) in requests.enumerated() {
                let due = start + Double(number) * interval
                let wait = due - seconds()
                if wait > 0 { usleep(UInt32(wait * 1_000_000)) }
                box.value.withLock { $0.append(Arrival(request: request, due: due)) }
                hasArrived.signal()
            }
        }
        var latencies: [Double] = []
        var groups = 0
        while latencies.count < requests.count {
            hasArrived.wait()
            let group = box.value.withLock { waiting in
                defer { waiting = [] }
                return waiting
            }
            if group.isEmpty { continue }
            try ledger.receive(group.map(\.request), groupSize: settings.groupSize, of: subjects)
            let now = seconds()
            latencies += group.map { now - $0.due }
            groups += 1
        }
        latencies.sort()
        func percentile(_ share: Double) -> Double {
            1_000 * latencies[Swift.min(latencies.count - 1, Int(share * Double(latencies.count)))]
        }
        return .init(
            p50: percentile(0.50), p99: percentile(0.99), maximum: percentile(1),
            meanGroup: Double(latencies.count) / Double(Swift.max(1, groups)))
    }

    /// Ed25519 verifications of messages of 1 KiB in a second, on all cores.
    ///
    /// - Parameters:
    ///   - different: how many messages take turns. Of one alone the processor learns how its verification branches, so that it is
    ///     faster than any real work could be.
    ///   - isPrepared: whether OpenSSL prepares for the key once for all, as an audit lets it, and not for each.
    private func verificationRate(different: Int = 1_024, isPrepared: Bool = false) -> Double {
        let key = SigningKey.generate()
        let signed = (0..<different).map { _ in
            let message = secureRandomBytes(1_024)
            return (message: message, signature: key.sign(message))
        }
        return rate {
            let check = isPrepared ? SignatureCheck(key: key.publicKey) : nil
            return { number in
                let next = signed[number % different]
                if let check {
                    _ = check.isValid(signature: next.signature, for: next.message)
                } else {
                    _ = key.publicKey.isValid(signature: next.signature, for: next.message)
                }
            }
        }
    }

    private func limits() throws -> LedgerFigures.Limits {
        let key = SigningKey.generate()
        let message = secureRandomBytes(1_024)
        let signing = rate { { _ in _ = key.sign(message) } }
        let path = Files.join(folder, "limit")
        defer { try? Files.remove(path) }
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw ServiceError.workspaceDamaged(file: path, problem: "cannot be written") }
        defer { close(descriptor) }
        var syncs = 0
        let block = [UInt8](repeating: 0, count: 4_096)
        let seconds = time {
            for _ in 0..<300 where write(descriptor, block, block.count) == block.count && fsync(descriptor) == 0 {
                syncs += 1
            }
        }
        return .init(
            verifications: verificationRate(), verificationsPrepared: verificationRate(isPrepared: true),
            verificationsOfOne: verificationRate(different: 1), signatures: signing,
            synchronizations: Double(syncs) / seconds)
    }

    /// How often all cores together do something in a second.
    private func rate(_ makeBody: @Sendable () -> (Int) -> Void) -> Double {
        let seconds = environment.seconds
        let count = Mutex(0)
        let start = seconds()
        DispatchQueue.concurrentPerform(iterations: Cores.count) { _ in
            let body = makeBody()
            var done = 0
            while seconds() - start < 1.5 {
                for number in done..<(done + 50) { body(number) }
                done += 50
            }
            count.withLock { [done] in $0 += done }
        }
        return Double(count.withLock { $0 }) / (seconds() - start)
    }

    private func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
}

/// A value that cannot be copied, for several threads.
private final class Shared<Value: ~Copyable & Sendable>: Sendable {
    let value: Value

    init(_ value: consuming Value) { self.value = value }
}

/// The most memory this process has held, as the system counts it.
private enum Memory {
    /// Starts anew, after what was freed before was given back: the peak is then that of what follows.
    static func resetPeak() {
        Allocator.trim()
        let descriptor = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        _ = write(descriptor, "5", 1)
        close(descriptor)
    }

    static func peakMebibytes() -> Double {
        guard let status = try? Files.read("/proc/self/status", limit: 1 << 16) else { return 0 }
        let line = String(decoding: status, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        let kibibytes = line?.split(separator: " ").dropFirst().first.flatMap { Double($0) }
        return (kibibytes ?? 0) / 1_024
    }
}
