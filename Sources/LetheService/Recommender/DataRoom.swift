public import LetheBytes
import LetheCrypto
import LetheRecommendation
import LetheRequests
import LetheTransformer

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

    /// How long prompts are for a vocabulary, and how long they may be.
    public struct PromptLimit: Sendable {
        /// The serialized SentencePiece model, for instance a model folder's `spiece.model`.
        public var vocabulary: String
        /// The policy that says how prompts are written and when they are cut.
        public var policy: [UInt8]

        /// Creates a limit from a model's vocabulary and the text of a policy.
        public init(vocabulary: String, policy: [UInt8]) {
            self.vocabulary = vocabulary
            self.policy = policy
        }
    }

    /// Describes a data set and its split: what METHODS 2.3 wants always reported.
    ///
    /// - Parameters:
    ///   - prompts: also counts the prompts that a vocabulary would make too long.
    ///   - splits: a new folder that receives a file for every part of the split, whose digests the description has: the
    ///     canonical bytes of its records, one after the other. Personal data.
    public static func describe(
        _ profile: DatasetProfile, prompts: PromptLimit? = nil, splits: String? = nil
    ) throws -> Description {
        let (dataset, split) = try profile.load()
        var facts = facts(of: dataset, named: profile.name)
        facts += Self.facts(of: split)
        if let prompts { facts += try truncation(prompts, dataset: dataset, split: split) }
        let files = split.parts.filter { !$0.records.isEmpty }.map { part in
            (name: part.name, bytes: part.records.flatMap(\.canonicalBytes))
        }
        for file in files { facts.append(("sha256 \(file.name)", Digest(sha256: file.bytes).hex)) }
        for name in dataset.provenance.files {
            facts.append(("sha256 \(name)", try Digest(sha256OfFile: Files.join(profile.folder, name)).hex))
        }
        if let splits {
            try Files.writeFolder(splits) { (draft: String) throws(FileError) in
                for file in files { try Files.write(file.bytes, to: Files.join(draft, file.name + ".records")) }
            }
        }
        return Description(facts: facts.filter { !$0.value.isEmpty })
    }

    private typealias Facts = [(name: String, value: String)]

    private static func facts(of dataset: InteractionDataset, named name: String) -> Facts {
        let description = DatasetDescription(dataset)
        var facts: Facts = [
            ("data set", name), ("users", "\(description.users), \(description.activeUsers) with ratings"),
            ("items", "\(description.items), \(description.ratedItems) with ratings"),
            ("ratings", "\(description.ratings)\(percent(description.likedShare).map { ", \($0) liked" } ?? "")"),
        ]
        if description.ratingsByStars.count <= 10 {
            let counts = zip(dataset.scale.steps, description.ratingsByStars).map { "\(dataset.scale.word($0)): \($1)" }
            facts.append(("by rating", counts.joined(separator: ", ")))
        }
        if let spread = description.ratingsPerUser {
            facts.append(("ratings of a user", "\(spread.least) to \(spread.most), median \(spread.median)"))
        }
        for omission in dataset.provenance.omissions {
            facts.append(
                (
                    "left out of \(omission.file)",
                    "\(omission.rows) rows: \(omission.reason), first in line \(omission.firstLine)"
                ))
        }
        return facts
    }

    private static func facts(of split: RecommendationSplit) -> Facts {
        let summary = SplitSummary(split)
        var facts: Facts = []
        for part in summary.parts {
            let liked = percent(part.likedShare).map { ", \($0) liked" } ?? ""
            facts.append((part.name, "\(part.records) records of \(part.users) users\(liked)"))
        }
        for part in summary.parts where ["validation", "test"].contains(part.name) {
            facts.append(
                (
                    "users in \(part.name)",
                    "\(part.retainedUsers) retained (\(part.recordsOfRetainedUsers) records), \(part.forgottenUsers) to be "
                        + "forgotten (\(part.recordsOfForgottenUsers)), \(part.untrainedUsers) without training records "
                        + "(\(part.recordsOfUntrainedUsers))"
                ))
        }
        return facts + [
            ("users to forget", "\(summary.forgottenUsers) of \(summary.trainingUsers)"),
            ("records to forget", "\(split.forgottenRecords.count)"),
            ("retained records", "\(split.retainedRecords.count)"),
            ("SISA shards", summary.retainedShardSizes.map(String.init).joined(separator: "/")),
            ("training root", recordsRoot(split.training).hex), ("validation root", recordsRoot(split.validation).hex),
            ("test root", recordsRoot(split.test).hex),
        ]
    }

    private static func truncation(
        _ limit: PromptLimit, dataset: InteractionDataset, split: RecommendationSplit
    ) throws -> Facts {
        let model = try Policy(yaml: limit.policy).model
        let template: PromptTemplate = model.promptTemplate == .paper ? .paper : .compact
        let bytes = try Files.read(limit.vocabulary, limit: 1 << 26)
        let tokenizer: SentencePieceTokenizer
        do {
            tokenizer = try SentencePieceTokenizer.load(bytes)
        } catch {
            throw FileError.malformed(path: limit.vocabulary, reason: "\(error)")
        }
        return try split.parts.filter { !["forgotten", "retained"].contains($0.name) && !$0.records.isEmpty }.map {
            part in
            let lengths = try part.records.map { tokenizer.encode(try template.render($0, dataset)).count }.sorted()
            let cut = lengths.count { $0 > model.maximumTokens }
            return (
                "prompts of \(part.name)",
                "\(cut) of \(lengths.count) cut at \(model.maximumTokens) tokens; median \(lengths[(lengths.count - 1) / 2]), "
                    + "longest \(lengths[lengths.count - 1])"
            )
        }
    }

    private static func percent(_ share: Double?) -> String? {
        share.map { "\(($0 * 1000).rounded() / 10)%".replacing(".0%", with: "%") }
    }
}
