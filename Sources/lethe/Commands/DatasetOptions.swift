public import ArgumentParser
import LetheBytes
import LetheMachine
import LetheRequests
public import LetheService

/// Which data set, and how to read it.
struct DatasetOptions: ParsableArguments {
    @Option(
        name: .long,
        help: """
            The data set: synthetic, ml-1m, goodreads (goodbooks-10k or the UCSD Book Graph, in a split that is ours and not \
            the paper's), or mapping.
            """)
    var dataset: DatasetProfile.Kind?

    @Option(
        name: .long,
        help: ArgumentHelp("How to read the files of --dataset mapping, in YAML.", valueName: "file"))
    var mapping: String?

    /// The mapping, which must be there for its kind of data and no other.
    func readMapping(for kind: DatasetProfile.Kind) throws -> DatasetMapping? {
        guard (kind == .mapping) == (mapping != nil) else {
            throw InputError(
                kind == .mapping
                    ? "--dataset mapping needs --mapping FILE, which says how to read the log"
                    : "--mapping goes with --dataset mapping, not with \(kind.rawValue)")
        }
        return try mapping.map { try DatasetMapping.read($0) }
    }
}

/// What a command asks about the data, the policy for them, and how much of them is used.
struct RecommenderOptions: ParsableArguments {
    @OptionGroup var datasetOptions: DatasetOptions

    @Option(
        name: .long,
        help: ArgumentHelp("A policy in YAML; default: the built-in one for the data set.", valueName: "file"))
    var policy: String?

    @Flag(name: .long, help: "A subsample of the users of a real data set.")
    var quick = false

    /// The data in `folder`, of the kind that was asked for.
    func profile(folder: String, default kind: DatasetProfile.Kind) throws -> DatasetProfile {
        let kind = datasetOptions.dataset ?? kind
        return DatasetProfile(
            kind: kind, folder: folder, isQuick: quick, mapping: try datasetOptions.readMapping(for: kind))
    }

    /// The policy's bytes.
    func readPolicyBytes(for kind: DatasetProfile.Kind) throws -> [UInt8] {
        if let policy {
            _ = try readPolicy(policy)
            return try Files.read(policy, limit: Policy.maximumFileSize)
        }
        guard let builtIn = BuiltInPolicy.policy(for: kind) else {
            throw InputError("--dataset \(kind.rawValue) needs --policy FILE: there is no built-in policy for it")
        }
        return builtIn
    }
}

extension DatasetProfile.Kind: ExpressibleByArgument {}
