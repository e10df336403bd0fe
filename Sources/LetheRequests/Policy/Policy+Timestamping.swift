import LetheBytes
public import LetheCrypto

extension Policy {
    /// Section `timestamping`: who must vouch for the time of published checkpoints (RFC 3161). May be left out.
    public struct Timestamping: Sendable, Hashable {
        /// How many of the authorities must have stamped a checkpoint, 1 to all of them.
        public let minimum: Int
        /// The authorities, 1 to 16, with different names.
        public let authorities: [Authority]

        /// A timestamp authority.
        public struct Authority: Sendable, Hashable {
            /// A short name, `[a-z0-9-]`: its certificate is the workspace's file `timestamping/NAME.pem`.
            public let name: String
            /// Where it answers.
            public let url: String
            /// SHA-256 of that file.
            public let certificate: Digest
        }
    }
}

extension Policy.Timestamping {
    init(_ section: PolicySection) throws(PolicyError) {
        var section = section
        var authorities: [Authority] = []
        for item in try section.sections("authorities", 1...16) {
            authorities.append(try Authority(item))
        }
        guard Set(authorities.map(\.name)).count == authorities.count else {
            throw section.conflict(
                "authorities", expected: "different names", found: authorities.map(\.name).joined(separator: ", "))
        }
        minimum = try section.integer("minimum", 1...authorities.count)
        self.authorities = authorities
        try section.finish()
    }

    var json: JSONValue {
        [
            "minimum": .string("\(minimum)"),
            "authorities": .array(
                authorities.map {
                    [
                        "name": .string($0.name), "url": .string($0.url), "certificate": .string($0.certificate.hex),
                    ]
                }),
        ]
    }

    /// What is demanded, in a few words.
    public var demand: String { "\(minimum) of \(authorities.map(\.name).joined(separator: ", "))" }

    /// In plain words.
    var explanation: String {
        "Published checkpoints are stamped with the time by at least \(minimum) of "
            + "\(authorities.map { "\($0.name) (\($0.url))" }.joined(separator: ", ")), RFC 3161."
    }
}

extension Policy.Timestamping.Authority {
    fileprivate init(_ section: PolicySection) throws(PolicyError) {
        var section = section
        name = try section.identifier("name")
        url = try section.url("url")
        certificate = try section.digest("certificate")
        try section.finish()
    }
}
