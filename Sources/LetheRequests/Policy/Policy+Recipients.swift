import LetheBytes

extension Policy {
    /// Section `recipients`: whom the personal data were disclosed to, and who is told of an erasure (GDPR Art. 19; CCPA 1798.105(c)).
    /// May be left out.
    public struct Recipients: Sendable, Hashable {
        /// How often one command tries to reach a recipient, 1 to 10; 3 by default.
        public let attempts: Int
        /// Seconds before the second attempt, 0 to 60, doubled before each further one; 2 by default.
        public let backoffSeconds: Int
        /// Days after the verdict from which on a recipient that still cannot be reached is given up, 0 to 30; 7 by default.
        public let giveUpDays: Int
        /// The recipients, 1 to 64, with different names.
        public let list: [Recipient]
    }

    /// Somebody whom the personal data were disclosed to.
    public struct Recipient: Sendable, Hashable {
        /// A short name, `[a-z0-9-]`, never a person's: it stands in the log and on certificates.
        public let name: String
        /// What is done about it.
        public let duty: Duty

        /// What is done about a recipient.
        public enum Duty: Sendable, Hashable {
            /// It is told, by a signed notice that is posted to this URL.
            case tell(url: String)
            /// It is not told, on this ground; the reason is for whoever reads the policy.
            case exempt(Exemption, reason: String)
        }

        /// Why a recipient need not be told: both are exceptions of GDPR Art. 19, and of CCPA 1798.105(c)(1).
        public enum Exemption: String, Sendable, Hashable, CaseIterable {
            /// Telling it proves impossible.
            case impossible
            /// Telling it involves disproportionate effort.
            case disproportionateEffort = "disproportionate-effort"
        }
    }

    /// Whether `name` may be that of a recipient.
    static func isName(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { "abcdefghijklmnopqrstuvwxyz0123456789-".utf8.contains($0) }
    }
}

extension Policy.Recipients {
    init(_ section: PolicySection) throws(PolicyError) {
        var section = section
        attempts = try section.integer("attempts", 1...10, missing: 3)
        backoffSeconds = try section.integer("backoffSeconds", 0...60, missing: 2)
        giveUpDays = try section.integer("giveUpDays", 0...30, missing: 7)
        var list: [Policy.Recipient] = []
        for item in try section.sections("list", 1...64) { list.append(try Policy.Recipient(item)) }
        guard Set(list.map(\.name)).count == list.count else {
            throw section.conflict(
                "list", expected: "different names", found: list.map(\.name).joined(separator: ", "))
        }
        self.list = list
        try section.finish()
    }

    var json: JSONValue {
        [
            "attempts": .string("\(attempts)"), "backoffSeconds": .string("\(backoffSeconds)"),
            "giveUpDays": .string("\(giveUpDays)"), "list": .array(list.map(\.json)),
        ]
    }

    /// In plain words.
    var explanation: [String] {
        let tries = "\(attempts) attempt\(attempts == 1 ? "" : "s") a command"
        let end =
            giveUpDays == 0 ? "given up after the first command" : "given up \(giveUpDays) days after the verdict"
        return [
            "Once the model has forgotten, \(list.count) recipient\(list.count == 1 ? "" : "s") of the data must be told "
                + "(Art. 19): \(tries), \(backoffSeconds) s apart and doubling, \(end). Until then a request is blocked in part."
        ] + list.map { "  \($0.name): \($0.explanation)" }
    }
}

extension Policy.Recipient {
    fileprivate init(_ section: PolicySection) throws(PolicyError) {
        var section = section
        name = try section.identifier("name")
        if section.has("url") {
            let url = try section.url("url")
            guard Policy.isSafeWebhook(url) else {
                throw section.conflict(
                    "url",
                    expected:
                        "https with a host and without a password, or http to this machine: personal data go there",
                    found: "another URL")
            }
            duty = .tell(url: url)
        } else if section.has("outcome") {
            let exemption: Exemption = try section.choice("outcome")
            duty = .exempt(exemption, reason: try section.text("reason"))
        } else {
            throw section.conflict("url", expected: "url, or outcome with reason", found: "neither")
        }
        try section.finish()
    }

    fileprivate var json: JSONValue {
        switch duty {
        case .tell(let url): ["name": .string(name), "url": .string(url)]
        case .exempt(let exemption, let reason):
            ["name": .string(name), "outcome": .string(exemption.rawValue), "reason": .string(reason)]
        }
    }

    fileprivate var explanation: String {
        switch duty {
        case .tell(let url): "a signed notice to \(url)"
        case .exempt(.impossible, let reason): "not told, because this proves impossible: \(reason)"
        case .exempt(.disproportionateEffort, let reason):
            "not told, because this involves disproportionate effort: \(reason)"
        }
    }
}

extension Policy {
    /// Whether personal data may be posted there: https, or http that does not leave the machine; no name or password in the URL.
    static func isSafeWebhook(_ url: String) -> Bool {
        let isSecure = url.hasPrefix("https://")
        let rest = url.dropFirst(isSecure ? 8 : 7)
        let authority = rest.prefix { !"/?#\\".contains($0) }
        guard !authority.contains("@") else { return false }
        let host: Substring
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return false }
            host = authority[...end]
            guard authority[authority.index(after: end)...].isEmpty || authority[end...].hasPrefix("]:") else {
                return false
            }
        } else {
            host = authority.prefix { $0 != ":" }
        }
        guard !host.isEmpty else { return false }
        return isSecure || ["localhost", "127.0.0.1", "[::1]"].contains(host.lowercased())
    }
}
