import LetheBytes
import LetheRequests

/// Why a configuration is none: where, what was expected and found.
public struct ConfigurationError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file with its line, or the variable.
    public let place: String
    /// What was expected.
    public let expected: String
    /// What was found.
    public let found: String

    /// One line.
    public var description: String { "\(place): expected \(expected), found \(found)" }
}

extension ServerConfiguration {
    /// The most bytes that a configuration file may have.
    static let maximumFileSize = 65_536

    /// The defaults, changed by a file where one is given, then by the environment's variables `LETHE_SERVER_…`.
    ///
    /// - Throws: `ConfigurationError` with line or variable; `FileError`.
    public static func read(file: String?, environment: [String: String]) throws -> ServerConfiguration {
        var configuration = ServerConfiguration()
        if let file { try configuration.apply(yaml: Files.read(file, limit: maximumFileSize + 1), file: file) }
        try configuration.apply(environment: environment)
        try configuration.requireWhole(file ?? "configuration")
        return configuration
    }

    /// Takes what a file says; a field that is not known is an error.
    mutating func apply(yaml bytes: [UInt8], file: String) throws(ConfigurationError) {
        guard bytes.count <= Self.maximumFileSize, let text = String(validating: bytes, as: UTF8.self) else {
            throw ConfigurationError(
                place: file, expected: "UTF-8 text of at most \(Self.maximumFileSize) bytes", found: "something else")
        }
        do {
            var root = try PolicySection.root(of: text)
            _ = try root.integer("version", 1...1)
            try apply(Setting.all.filter { $0.section.isEmpty }, from: &root)
            for name in Set(Setting.all.map(\.section)).subtracting([""]).sorted() {
                guard var section = try root.optionalSection(name) else { continue }
                try apply(Setting.all.filter { $0.section == name }, from: &section)
                try section.finish()
            }
            try root.finish()
        } catch {
            let place = [error.line.map { "line \($0)" }, error.field.isEmpty ? nil : error.field].compactMap(\.self)
            throw ConfigurationError(
                place: ([file] + place).joined(separator: ", "), expected: error.expected, found: error.found)
        }
    }

    private mutating func apply(_ settings: [Setting], from section: inout PolicySection) throws(PolicyError) {
        for setting in settings where section.has(setting.field) {
            switch setting.form {
            case .number(let range, let place): self[keyPath: place] = try section.integer(setting.field, range)
            case .flag(let place): self[keyPath: place] = try section.flag(setting.field)
            case .level(let place): self[keyPath: place] = try section.choice(setting.field)
            case .text, .optionalText, .hosts:
                let text = try section.text(setting.field, limit: Setting.textLimit)
                guard setting.set(text, in: &self) else {
                    throw section.conflict(setting.field, expected: setting.expectation, found: "something else")
                }
            }
        }
    }

    /// Takes what the environment says; a variable of this program's that is not known is an error, for it was meant to do something.
    mutating func apply(environment: [String: String]) throws(ConfigurationError) {
        let settings = Dictionary(uniqueKeysWithValues: Setting.all.map { ($0.variable, $0) })
        for (variable, value) in environment.sorted(by: { $0.key < $1.key }) where variable.hasPrefix("LETHE_SERVER_") {
            guard let setting = settings[variable] else {
                throw ConfigurationError(place: variable, expected: "no variable of this name", found: "it")
            }
            guard setting.set(value, in: &self) else {
                throw ConfigurationError(place: variable, expected: setting.expectation, found: "something else")
            }
        }
    }

    /// What only the whole can be: pairs are there together.
    private func requireWhole(_ place: String) throws(ConfigurationError) {
        let groups: [(section: String, fields: [(name: String, value: String?)])] = [
            ("tls", [("certificate", certificate), ("key", certificateKey)]),
            ("drp", [("business", drpBusiness), ("agents", drpAgents)]),
            ("opendsr", [("domain", opendsrDomain), ("certificate", opendsrCertificate), ("key", opendsrKey)]),
        ]
        for (section, fields) in groups where Set(fields.map { $0.value == nil }).count > 1 {
            throw ConfigurationError(
                place: "\(place), \(section)", expected: fields.map(\.name).joined(separator: " and "),
                found: "only \(fields.filter { $0.value != nil }.map(\.name).joined(separator: " and "))")
        }
        guard callbacks.hosts.isEmpty || drpBusiness != nil || opendsrDomain != nil else {
            throw ConfigurationError(
                place: "\(place), callbacks.hosts", expected: "drp or opendsr besides, whose senders are called back",
                found: "neither")
        }
        if let publicURL {
            let isWhole =
                ["https://", "http://"].contains { publicURL.hasPrefix($0) && publicURL != $0 }
                && !publicURL.hasSuffix("/") && publicURL.utf8.allSatisfy { (0x21...0x7E).contains($0) }
            guard isWhole else {
                throw ConfigurationError(
                    place: "\(place), publicURL", expected: "an http or https URL without a slash at the end",
                    found: "something else")
            }
        }
    }

    /// The configuration as a file that says all of it. It names files with secrets; it holds none.
    public var yaml: String {
        var lines = ["version: 1"]
        var section = ""
        for setting in Setting.all {
            guard let text = setting.text(in: self) else { continue }
            if setting.section != section {
                section = setting.section
                lines.append("\(section):")
            }
            let value =
                switch setting.form {
                case .text, .optionalText, .hosts:
                    "\"" + text.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : "\($0)" }.joined() + "\""
                default: text
                }
            lines.append((section.isEmpty ? "" : "  ") + "\(setting.field): \(value)")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
