import LetheBytes
import LetheRecommendation

/// Which records of a data set a workspace works on: part of what the log commits to.
public struct DatasetProfile: Sendable, Equatable {
    /// The kinds of data set, by the name a user gives.
    public enum Kind: String, Sendable, CaseIterable {
        /// Data in MovieLens-1M's format that `lethe data synthesize` made.
        case synthetic
        /// MovieLens-1M under the paper's protocol (METHODS 2.1).
        case movieLens1M = "ml-1m"
        /// GoodReads, as goodbooks-10k or as the UCSD Book Graph, under our protocol (METHODS 2.2).
        case goodReads = "goodreads"
        /// Any log, read as a mapping says.
        case mapping
    }

    /// What the data are.
    public let kind: Kind
    /// The folder with the data set's files.
    public let folder: String
    /// Whether a seeded subsample of users is used instead of all.
    public let isQuick: Bool
    /// How to read the files; for the kind `mapping` and no other.
    public let mapping: DatasetMapping?

    /// A profile of the data in `folder`, which `mapping` reads where the kind says so.
    public init(kind: Kind, folder: String, isQuick: Bool = false, mapping: DatasetMapping? = nil) {
        self.kind = kind
        self.folder = folder
        self.isQuick = isQuick
        self.mapping = kind == .mapping ? mapping : nil
    }

    /// The name that reports show. Where a split is not the paper's, the name says so.
    public var name: String {
        switch kind {
        case .synthetic: "Synthetic, in MovieLens-1M's format"
        case .movieLens1M: isQuick ? "MovieLens-1M, subsample of the paper's split" : "MovieLens-1M, the paper's split"
        case .goodReads: "GoodReads, \(isQuick ? "subsample of " : "")our split (ours, not the paper's)"
        case .mapping:
            "\(mapping?.name ?? "a mapped log"), \(isQuick ? "subsample of " : "")the mapping's split (ours, not the paper's)"
        }
    }

    /// The protocol by which the data are split.
    var splitting: PaperProtocol {
        var splitting: PaperProtocol
        switch kind {
        case .synthetic:
            splitting = PaperProtocol()
            splitting.historyLimit = 10
            splitting.pretrainingLimit = 12_000
            splitting.forgetting = .fraction(0.2)
        case .movieLens1M:
            splitting = PaperProtocol()
            splitting.pretrainingLimit = 40_000
        case .goodReads:
            splitting = .goodReads
            splitting.pretrainingLimit = isQuick ? 20_000 : 40_000
        case .mapping: splitting = mapping?.rules ?? PaperProtocol()
        }
        if isQuick, kind != .synthetic {
            splitting.subsample = PaperProtocol.Subsample(users: 256, evaluationRecords: 5000)
        }
        return splitting
    }

    /// Loads and splits the data.
    func load() throws -> (dataset: InteractionDataset, split: RecommendationSplit) {
        let dataset = try dataset()
        return (dataset, try splitting.split(dataset))
    }

    /// Loads the data alone.
    func dataset() throws -> InteractionDataset {
        switch kind {
        case .synthetic, .movieLens1M: try MovieLens.load(folder)
        case .goodReads: try GoodReads.load(folder)
        case .mapping: try requiredMapping().log.load(from: folder)
        }
    }

    private func requiredMapping() throws -> DatasetMapping {
        guard let mapping else { throw ServiceError.mappingMissing }
        return mapping
    }

    // The mapping itself is kept, not its path: what a workspace reads must not change with a file elsewhere.
    var json: JSONValue {
        var members: [String: JSONValue] = [
            "kind": .string(kind.rawValue), "folder": .string(folder), "quick": .bool(isQuick),
        ]
        members["mapping"] = mapping.map { .string($0.yaml) }
        return .object(members)
    }

    init(_ json: JSONValue) throws {
        guard let kind = json["kind"]?.stringValue.flatMap(Kind.init), let folder = json["folder"]?.stringValue,
            let isQuick = json["quick"]?.boolValue, (kind == .mapping) == (json["mapping"]?.stringValue != nil)
        else {
            throw ServiceError.workspaceDamaged(
                file: "workspace.json", problem: "expected dataset {kind, folder, quick}, and mapping for that kind")
        }
        let mapping = try json["mapping"]?.stringValue.map {
            try DatasetMapping(yaml: Array($0.utf8), file: "workspace.json, mapping")
        }
        self.init(kind: kind, folder: folder, isQuick: isQuick, mapping: mapping)
    }
}
