import Glibc
import LetheBytes
public import LetheService
public import Logging

/// Writes each message as one line of JSON to standard error.
///
/// What it is given holds no personal data, no tokens and no addresses: the server's own code says what is logged of a call, and what
/// libraries say at levels below `warning` is left out.
public struct JSONLog: LogHandler {
    /// The least that is written.
    public var logLevel: Logger.Level
    /// What every line has.
    public var metadata: Logger.Metadata = [:]
    private let label: String
    private let environment: ServiceEnvironment
    private let write: @Sendable ([UInt8]) -> Void

    /// A log that writes with `write`, each time one whole line.
    public init(
        label: String, level: Logger.Level, environment: ServiceEnvironment,
        write: @escaping @Sendable ([UInt8]) -> Void
    ) {
        self.label = label
        logLevel = level
        self.environment = environment
        self.write = write
    }

    /// A value that every line has.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes a line.
    public func log(event: LogEvent) {
        var members: [String: JSONValue] = [
            "time": .string("\(environment.now())"), "level": .string(event.level.rawValue), "logger": .string(label),
            "message": .string("\(event.message)"),
        ]
        for (key, value) in metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 }) {
            members[key == "hb.request.id" ? "connectionRequest" : key] = .string("\(value)")
        }
        guard let line = try? JSONValue.object(members).canonicalBytes() else { return }
        write(line + [0x0A])
    }
}
