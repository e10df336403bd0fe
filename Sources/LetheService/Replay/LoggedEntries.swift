import LetheCrypto
import LetheLog
import LetheRequests
import LetheStatements
import LetheStore

/// Entries of a log, each handed out only where it is proved to be the leaf that the tree has at its place.
protocol LoggedEntries {
    /// The size of the tree.
    var size: UInt64 { get }
    /// The entry at a place; nil where it is not at hand.
    func envelope(_ index: UInt64) throws -> DSSEEnvelope?
    /// The root of the first `size` entries, proved to be a beginning of the whole log; nil where there are not so many.
    func root(at size: UInt64) throws -> Digest?
    /// The newest entry that registers the original of this digest; nil where there is none at hand.
    func registration(ofOriginal digest: Digest) throws -> UInt64?
    /// What is wrong with an entry.
    func damaged(_ index: UInt64, _ problem: String) -> ServiceError
}

extension LoggedEntries {
    /// The event of an entry; nil where it is none.
    func event(_ index: UInt64) throws -> LedgerEvent? {
        try envelope(index).flatMap { try LedgerEvent(Statement(parsingUnverified: $0.payload)) }
    }
}

/// The entries of a workspace's ledger.
struct StoredEntries: LoggedEntries {
    private let workspace: Workspace
    private let store: LedgerStore
    let size: UInt64
    private let root: Digest

    init(_ workspace: Workspace) throws {
        self.workspace = workspace
        store = workspace.store
        size = try store.size()
        root = try store.rootHash(size: size)
    }

    func envelope(_ index: UInt64) throws -> DSSEEnvelope? {
        let bytes = try store.entry(index)
        do {
            try MerkleTree.verifyInclusion(
                of: MerkleTree.leafHash(bytes), at: index, size: size,
                proof: store.inclusionProof(index, size: size), root: root)
        } catch is InclusionError {
            throw damaged(index, "not the entry that the log's tree has there; `lethe log audit` says more")
        }
        return try DSSEEnvelope(parsing: bytes)
    }

    func root(at size: UInt64) throws -> Digest? {
        guard size > 0, size <= self.size else { return nil }
        let old = try store.rootHash(size: size)
        do {
            try MerkleTree.verifyConsistency(
                from: size, oldRoot: old, to: self.size, newRoot: root,
                proof: store.consistencyProof(from: size, to: self.size))
        } catch is ConsistencyError {
            throw ServiceError.workspaceDamaged(
                file: store.path,
                problem: "the tree of \(size) entries is no beginning of the log's; `lethe log audit` says more")
        }
        return old
    }

    func registration(ofOriginal digest: Digest) throws -> UInt64? {
        try workspace.registration(.original, of: digest)?.index
    }

    func damaged(_ index: UInt64, _ problem: String) -> ServiceError {
        .workspaceDamaged(file: store.path, problem: "entry \(index): \(problem)")
    }
}

extension LoggedRun {
    /// A run of a workspace's ledger.
    /// - Throws: `ServiceError.runNotReady`; `.workspaceDamaged` where an entry is not the one in the log's tree, or not the step of this
    ///   run that the ledger's tables call it.
    init(_ record: LetheRequests.RunRecord, in workspace: Workspace) throws {
        try self.init(
            record.runID, at: record.stage.rawValue, indexes: record.indexes, in: StoredEntries(workspace))
    }
}
