import LetheBytes

/// Where things are in a workspace.
public struct WorkspacePaths: Sendable, Equatable {
    /// The workspace's folder.
    public let root: String

    /// The paths below `root`.
    public init(root: String) {
        self.root = root
    }

    /// The ledger: log, requests, vault, runs.
    var database: String { Files.join(root, "ledger.sqlite") }
    /// Origin and data set.
    var configuration: String { Files.join(root, "workspace.json") }
    /// The policy as its authors wrote it.
    var policy: String { Files.join(root, "policy.yaml") }
    /// The texts of policies that were in force or are about to be, by digest.
    var policies: String { Files.join(root, "policies") }
    /// Decisions that wait for a second person.
    var proposals: String { Files.join(root, "proposals") }
    /// Public holidays besides the policy's; only where the controller has put the file.
    public var holidays: String { Files.join(root, "holidays.txt") }
    /// What the controller states of itself; only where it has put the file.
    public var controller: String { Files.join(root, "controller.yaml") }
    /// How many requests were turned away at the door, a file a year.
    var refusals: String { Files.join(root, "refusals") }
    /// Private keys.
    var keys: String { Files.join(root, "keys") }
    /// New keys whose events are not in the log yet.
    var pendingKeys: String { Files.join(keys, "pending") }
    /// Keys that were replaced.
    var archivedKeys: String { Files.join(keys, "archive") }
    /// The key that wraps the vault's keys.
    var vaultKey: String { Files.join(keys, "vault.key") }
    /// The public half of the root key.
    var rootKey: String { Files.join(keys, "root.pub") }
    /// The public keys that a verifier starts from.
    public var trust: String { Files.join(root, "trust.txt") }
    /// The witnesses that must cosign checkpoints, a tlog-policy file; only where the operator has put one.
    public var witnesses: String { Files.join(root, "witnesses.txt") }
    /// The certificates of timestamp authorities, one PEM file each; only where the operator has put them.
    public var timestamping: String { Files.join(root, "timestamping") }
    /// Base and original model.
    var models: String { Files.join(root, "models") }
    /// Checkpoints of shards, for methods that train shards.
    var checkpoints: String { Files.join(root, "checkpoints") }
    /// The key that says who is in which shard; made by the first method that asks.
    var shardKey: String { Files.join(keys, "sharding.key") }
    /// States of trainings that are under way, one folder a computation.
    var trainings: String { Files.join(root, "trainings") }
    /// One folder a run.
    var runs: String { Files.join(root, "runs") }
    /// One file a certificate.
    public var certificates: String { Files.join(root, "certificates") }
    /// Audit reports.
    public var reports: String { Files.join(root, "reports") }

    /// A model trained on the way to the original.
    public func model(_ role: String) -> String { Files.join(models, role) }
    /// Where a computation's training states are: `base`, `original`, or a run's id with what it does.
    func training(_ name: String) -> String { Files.join(trainings, name) }
    /// The key that they are sealed under.
    func trainingKey(_ name: String) -> String { Files.join(keys, "training-\(name).key") }
    /// The key that a run's list of rows to delete is sealed under.
    func tombstoneKey(_ id: String) -> String { Files.join(keys, "tombstones-\(id).key") }
    /// The folder of one run.
    func run(_ id: String) -> String { Files.join(runs, id) }
    /// The text of one policy.
    func keptPolicy(_ digest: String) -> String { Files.join(policies, "\(digest).yaml") }
    /// The proposal about one request.
    func proposal(_ request: String) -> String { Files.join(proposals, "\(request).json") }
    /// What is left of proposals that were turned down.
    var rejections: String { Files.join(proposals, "rejected") }
    /// The file of one private key.
    func key(_ role: String) -> String { Files.join(keys, "\(role).pem") }
}
