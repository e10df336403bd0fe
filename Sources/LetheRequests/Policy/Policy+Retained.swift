import LetheBytes

extension Policy {
    /// An item of section `retained`: data that the controller keeps although their erasure was asked for, because the law excepts them
    /// (GDPR Art. 17(3), CCPA 1798.105(d)). May be left out.
    public struct Retained: Sendable, Hashable {
        /// What kind of data, `[a-z0-9-]`: it stands on certificates.
        public let category: String
        /// The exception.
        public let ground: RefusalGround
        /// Days from a certificate on for which they are kept, 1 to 36500; nil (written `none`) where the ground sets no end.
        public let days: Int?
    }
}

extension RefusalGround {
    /// Whether the law excepts data by this ground: the others are reasons to refuse a request, not to keep data.
    fileprivate var exceptsData: Bool {
        switch self {
        case .freedomOfExpression, .legalObligation, .publicHealth, .archivingAndResearch, .legalClaims,
            .statutoryException:
            true
        case .unfoundedOrExcessive, .cannotIdentify: false
        }
    }
}

extension Policy.Retained {
    static func all(in root: inout PolicySection) throws(PolicyError) -> [Policy.Retained] {
        guard root.has("retained") else { return [] }
        var retained: [Policy.Retained] = []
        for item in try root.sections("retained", 1...64) { retained.append(try Policy.Retained(item)) }
        let names = retained.map { "\($0.category) on \($0.ground.rawValue)" }
        guard Set(names).count == names.count else {
            throw root.conflict(
                "retained", expected: "a category once for each ground", found: names.joined(separator: ", "))
        }
        return retained
    }

    private init(_ section: PolicySection) throws(PolicyError) {
        var section = section
        category = try section.identifier("category")
        ground = try section.choice("ground")
        guard ground.exceptsData else {
            throw section.conflict(
                "ground",
                expected: RefusalGround.allCases.filter(\.exceptsData).map(\.rawValue).joined(separator: ", "),
                found: ground.rawValue)
        }
        days = try section.integerOrNone("days", 1...36_500)
        try section.finish()
    }

    var json: JSONValue {
        [
            "category": .string(category), "ground": .string(ground.rawValue),
            "days": .string(days.map { "\($0)" } ?? "none"),
        ]
    }

    /// In plain words.
    var explanation: String {
        let end = days.map { "for \($0) day\($0 == 1 ? "" : "s") more" } ?? "without an end that the law sets"
        return "Kept although erasure was asked for: \(category), on \(ground.citation), \(end); certificates say so."
    }
}
