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
    }

    /// What the data are.
    public let kind: Kind
    /// The folder with users.dat, movies.dat and ratings.dat.
    public let folder: String
    /// Whether a seeded subsample of users is used instead of all.
    public let isQuick: Bool

    /// A profile of the data in `folder`.
    public init(kind: Kind, folder: String, isQuick: Bool = false) {
        self.kind = kind
        self.folder = folder
        self.isQuick = isQuick
    }

    /// The name that reports show.
    public var name: String {
        switch kind {
        case .synthetic: "Synthetic, in MovieLens-1M's format"
        case .movieLens1M: isQuick ? "MovieLens-1M, subsample of the paper's split" : "MovieLens-1M, the paper's split"
        }
    }

    /// The protocol by which the data are split.
    var splitting: PaperProtocol {
        var splitting = PaperProtocol()
        switch kind {
        case .synthetic:
            splitting.historyLimit = 10
            splitting.pretrainingLimit = 12_000
            splitting.forgetting = .fraction(0.2)
        case .movieLens1M:
            splitting.pretrainingLimit = 40_000
            if isQuick {
                splitting.subsample = PaperProtocol.Subsample(users: 256, evaluationRecords: 5000)
            }
        }
        return splitting
    }

    /// Loads and splits the data.
    func load() throws -> (dataset: InteractionDataset, split: RecommendationSplit) {
        let dataset = try MovieLens.load(folder)
        return (dataset, try splitting.split(dataset))
    }

    var json: JSONValue {
        ["kind": .string(kind.rawValue), "folder": .string(folder), "quick": .bool(isQuick)]
    }

    init(_ json: JSONValue) throws {
        guard let kind = json["kind"]?.stringValue.flatMap(Kind.init), let folder = json["folder"]?.stringValue,
            let isQuick = json["quick"]?.boolValue
        else {
            throw ServiceError.workspaceDamaged(
                file: "workspace.json", problem: "expected dataset {kind, folder, quick}")
        }
        self.init(kind: kind, folder: folder, isQuick: isQuick)
    }
}
