/// One setting: its name in the file, its name in the environment, its form, and the place that it fills. File, environment and
/// `--print-config` all go through this list.
struct Setting {
    /// What a value must be.
    enum Form {
        case number(ClosedRange<Int>, WritableKeyPath<ServerConfiguration, Int>)
        case flag(WritableKeyPath<ServerConfiguration, Bool>)
        case text(WritableKeyPath<ServerConfiguration, String>)
        case optionalText(WritableKeyPath<ServerConfiguration, String?>)
        case level(WritableKeyPath<ServerConfiguration, ServerConfiguration.LogLevel>)
        case hosts(WritableKeyPath<ServerConfiguration, [CallbackHost]>)
    }

    /// The section of the file; empty for the document itself.
    let section: String
    let field: String
    let form: Form

    init(_ section: String = "", _ field: String, _ form: Form) {
        (self.section, self.field, self.form) = (section, field, form)
    }

    /// The dotted name.
    var name: String { section.isEmpty ? field : "\(section).\(field)" }

    /// `LETHE_SERVER_` and the name in capitals, words apart.
    var variable: String {
        "LETHE_SERVER_"
            + name.flatMap { character -> [Character] in
                if character == "." { return ["_"] }
                return character.isUppercase ? ["_", character] : Array(character.uppercased())
            }
    }

    /// What the value must be, in words.
    var expectation: String {
        switch form {
        case .number(let range, _): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .flag: "true or false"
        case .text, .optionalText: "text of 1 to \(Self.textLimit) bytes without line breaks"
        case .level: "one of \(ServerConfiguration.LogLevel.allCases.map(\.rawValue).joined(separator: ", "))"
        case .hosts:
            "1 to \([CallbackHost].limit) different host names, each with a port or without, one space between them"
        }
    }

    static let textLimit = 1024

    /// Sets the value that `text` is; false where it is none.
    func set(_ text: String, in configuration: inout ServerConfiguration) -> Bool {
        switch form {
        case .number(let range, let place):
            guard let value = Int(text), "\(value)" == text, range.contains(value) else { return false }
            configuration[keyPath: place] = value
        case .flag(let place):
            guard let value = Bool(text) else { return false }
            configuration[keyPath: place] = value
        case .text(let place):
            guard Self.isText(text) else { return false }
            configuration[keyPath: place] = text
        case .optionalText(let place):
            guard Self.isText(text) else { return false }
            configuration[keyPath: place] = text
        case .level(let place):
            guard let value = ServerConfiguration.LogLevel(rawValue: text) else { return false }
            configuration[keyPath: place] = value
        case .hosts(let place):
            guard Self.isText(text), let hosts = [CallbackHost](hosts: text) else { return false }
            configuration[keyPath: place] = hosts
        }
        return true
    }

    /// The value as a file would say it; nil where there is none.
    func text(in configuration: ServerConfiguration) -> String? {
        switch form {
        case .number(_, let place): "\(configuration[keyPath: place])"
        case .flag(let place): "\(configuration[keyPath: place])"
        case .text(let place): configuration[keyPath: place]
        case .optionalText(let place): configuration[keyPath: place]
        case .level(let place): configuration[keyPath: place].rawValue
        case .hosts(let place):
            configuration[keyPath: place].isEmpty
                ? nil : configuration[keyPath: place].map(\.description).joined(separator: " ")
        }
    }

    private static func isText(_ text: String) -> Bool {
        (1...textLimit).contains(text.utf8.count) && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    }

    /// Every setting, in the order of the printed file.
    static var all: [Setting] {
        [
            Setting("", "workspace", .text(\.workspace)),
            Setting("", "state", .optionalText(\.state)),
            Setting("", "host", .text(\.host)),
            Setting("", "port", .number(0...65_535, \.port)),
            Setting("", "publicURL", .optionalText(\.publicURL)),
            Setting("", "readers", .number(1...64, \.readers)),
            Setting("", "sessionMinutes", .number(1...10_080, \.sessionMinutes)),
            Setting("", "metricsNeedToken", .flag(\.metricsNeedToken)),
            Setting("", "passphraseFile", .optionalText(\.passphraseFile)),
            Setting("", "benchmarks", .optionalText(\.benchmarks)),
            Setting("", "cleanedData", .optionalText(\.cleanedData)),
            Setting("", "logLevel", .level(\.logLevel)),
            Setting("", "shutdownSeconds", .number(1...600, \.shutdownSeconds)),
            Setting("tls", "certificate", .optionalText(\.certificate)),
            Setting("tls", "key", .optionalText(\.certificateKey)),
            Setting("drp", "business", .optionalText(\.drpBusiness)),
            Setting("drp", "agents", .optionalText(\.drpAgents)),
            Setting("drp", "tokenDays", .number(1...3_650, \.drpTokenDays)),
            Setting("opendsr", "domain", .optionalText(\.opendsrDomain)),
            Setting("opendsr", "certificate", .optionalText(\.opendsrCertificate)),
            Setting("opendsr", "key", .optionalText(\.opendsrKey)),
            Setting("callbacks", "hosts", .hosts(\.callbacks.hosts)),
            Setting("callbacks", "attempts", .number(1...50, \.callbacks.attempts)),
            Setting("callbacks", "backoffSeconds", .number(1...3_600, \.callbacks.backoffSeconds)),
            Setting("callbacks", "timeoutSeconds", .number(1...15, \.callbacks.timeoutSeconds)),
            Setting("limits", "bodyBytes", .number(1_024...67_108_864, \.limits.bodyBytes)),
            Setting("limits", "headerBytes", .number(1_024...1_048_576, \.limits.headerBytes)),
            Setting("limits", "headerFields", .number(8...1_000, \.limits.headerFields)),
            Setting("limits", "connections", .number(1...65_536, \.limits.connections)),
            Setting("limits", "perMinuteAndAddress", .number(0...10_000_000, \.limits.perMinuteAndAddress)),
            Setting("limits", "perMinuteAndToken", .number(0...10_000_000, \.limits.perMinuteAndToken)),
            Setting("limits", "idleSeconds", .number(1...3_600, \.limits.idleSeconds)),
            Setting("limits", "bodySeconds", .number(1...3_600, \.limits.bodySeconds)),
            Setting("limits", "writeSeconds", .number(1...3_600, \.limits.writeSeconds)),
            Setting("limits", "waiting", .number(1...1_000_000, \.limits.waiting)),
            Setting("limits", "streams", .number(0...10_000, \.limits.streams)),
        ]
    }
}
