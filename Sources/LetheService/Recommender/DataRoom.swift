public import LetheBytes
import LetheCrypto
import LetheRecommendation

/// Making and describing data sets.
public enum DataRoom {
    /// What `lethe data describe` tells: counts, and digests of the files and of the split.
    public struct Description: Sendable, Equatable {
        /// Name and value, in order.
        public let facts: [(name: String, value: String)]

        /// Two descriptions are equal when all they say is.
        public static func == (left: Description, right: Description) -> Bool { left.text == right.text }

        /// One line a fact.
        public var text: String {
            let width = facts.map(\.name.count).max() ?? 0
            return facts.map { $0.name + String(repeating: " ", count: width - $0.name.count) + "  " + $0.value }
                .joined(separator: "\n")
        }

        /// One member a fact.
        public var json: JSONValue {
            .object(Dictionary(facts.map { ($0.name, .string($0.value)) }) { first, _ in first })
        }
    }

    /// Writes invented data into a new or empty folder.
    /// - Throws: `ServiceError.outputExists`; `SynthesisError` where the files cannot be written.
    public static func synthesize(to folder: String, seed: UInt64) throws -> Description {
        guard try !Files.exists(folder) || Files.names(in: folder).isEmpty else {
            throw ServiceError.outputExists(path: folder)
        }
        try DataSynthesizer(seed: seed).write(to: folder)
        return try describe(DatasetProfile(kind: .synthetic, folder: folder))
    }

    /// Describes a data set and its split.
    public static func describe(_ profile: DatasetProfile) throws -> Description {
        let (dataset, split) = try profile.load()
        let summary = SplitSummary(split)
        var facts: [(name: String, value: String)] = [
            ("data set", profile.name), ("users", "\(dataset.users.count)"), ("items", "\(dataset.items.count)"),
            ("ratings", "\(dataset.ratings.count)"),
        ]
        for part in summary.parts {
            let liked =
                part.likedShare.map { ", \(Int(($0 * 1000).rounded()) / 10)% liked".replacing(".0%", with: "%") } ?? ""
            facts.append((part.name, "\(part.records) records of \(part.users) users\(liked)"))
        }
        facts += [
            ("users to forget", "\(summary.forgottenUsers) of \(summary.trainingUsers)"),
            ("records to forget", "\(split.forgottenRecords.count)"),
            ("retained records", "\(split.retainedRecords.count)"),
            ("SISA shards", summary.retainedShardSizes.map(String.init).joined(separator: "/")),
            ("training root", recordsRoot(split.training).hex), ("validation root", recordsRoot(split.validation).hex),
            ("test root", recordsRoot(split.test).hex),
        ]
        for name in try Files.names(in: profile.folder) where name.contains(".dat") {
            facts.append(("sha256 \(name)", try Digest(sha256OfFile: Files.join(profile.folder, name)).hex))
        }
        return Description(facts: facts.filter { !$0.value.isEmpty })
    }
}
