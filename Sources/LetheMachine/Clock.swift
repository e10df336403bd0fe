import Foundation
import LetheCrypto
public import LetheService
public import LetheStatements

/// What the programs are called by.
public enum Program {
    /// The version of all of them.
    public static let version = "0.1.0"
}

/// The machine's clocks, read at the edge only.
public enum Clock {
    /// The time of day; the epoch where the machine's clock is outside the years that RFC 3339 can write.
    public static func now() -> Timestamp {
        let seconds = Int64(Date().timeIntervalSince1970)
        return (try? Timestamp(secondsSinceEpoch: seconds)) ?? .epoch
    }

    /// What the program runs on, in the words that certificates and reports use.
    private static var machine: [String: String] {
        [
            "lethe": Program.version, "system": ProcessInfo.processInfo.operatingSystemVersionString,
            "processors": "\(ProcessInfo.processInfo.activeProcessorCount)", "architecture": architecture,
            ServiceEnvironment.linearAlgebra.name: ServiceEnvironment.linearAlgebra.value,
        ]
    }

    private static var architecture: String {
        #if arch(x86_64)
        "x86-64"
        #elseif arch(arm64)
        "arm64"
        #else
        "other"
        #endif
    }

    /// The clocks for the service, and the passphrase for encrypted keys, from the file that is named, or as `PassphraseSource` says.
    public static func environment(passphraseFile: String? = nil, isNew: Bool = false) -> ServiceEnvironment {
        let source = PassphraseSource(file: passphraseFile)
        let clock = ContinuousClock()
        let start = clock.now
        var environment = ServiceEnvironment(
            now: now, seconds: { (clock.now - start) / .seconds(1) },
            program: { try Digest(sha256OfFile: Bundle.main.executablePath ?? CommandLine.arguments[0]) },
            description: machine, passphrase: { try isNew ? source.readNew() : source.read() }, post: WebClient.post)
        environment.processorSeconds = processorSeconds
        environment.wait = { Thread.sleep(forTimeInterval: $0) }
        return environment
    }

    /// User and system time of this process so far.
    @Sendable private static func processorSeconds() -> Double {
        var usage = rusage()
        getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1_000_000 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }
}
