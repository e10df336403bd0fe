import LetheBytes

extension Policy {
    /// An item of section `backups`: a system whose copies hold the erased data until they are purged. May be left out.
    public struct Backup: Sendable, Hashable {
        /// A short name, `[a-z0-9-]`: it stands on certificates.
        public let system: String
        /// Days from a certificate to the purge that it promises, 1 to 3650.
        public let purgeDays: Int
    }
}

extension Policy.Backup {
    static func all(in root: inout PolicySection) throws(PolicyError) -> [Policy.Backup] {
        guard root.has("backups") else { return [] }
        var backups: [Policy.Backup] = []
        for item in try root.sections("backups", 1...64) { backups.append(try Policy.Backup(item)) }
        guard Set(backups.map(\.system)).count == backups.count else {
            throw root.conflict(
                "backups", expected: "different systems", found: backups.map(\.system).joined(separator: ", "))
        }
        return backups
    }

    private init(_ section: PolicySection) throws(PolicyError) {
        var section = section
        system = try section.identifier("system")
        purgeDays = try section.integer("purgeDays", 1...3_650)
        try section.finish()
    }

    var json: JSONValue { ["system": .string(system), "purgeDays": .string("\(purgeDays)")] }

    /// In plain words.
    var explanation: String {
        "Backup \(system) holds the data for at most \(purgeDays) day\(purgeDays == 1 ? "" : "s") more; certificates name the day."
    }
}
