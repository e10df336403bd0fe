import LetheBytes
import LetheCertificates
import LetheCrypto
public import LetheLog
import LetheRequests
public import LetheStore

extension Workspace {
    /// Derives the whole ledger again from its entries and compares everything stored; nothing where all holds.
    ///
    /// Trust starts at the root key and the log key of the workspace's public files.
    public func audit() throws -> [AuditFinding] {
        try LedgerAudit.run(
            store,
            trust: AuditTrust(
                roots: [rootKey()],
                noteVerifiers: logVerifiers() + knownWitnesses(),
                timestampAuthorities: timestampAuthorities()),
            masterKey: Files.exists(paths.vaultKey) ? masterKey : nil)
    }

    /// The proof that entry `index` is in the log, as a `.tlog-proof` file: under the newest checkpoint that meets the workspace's
    /// witness policy, or the newest of all.
    /// - Throws: `ServiceError.unknownEntry` beyond the newest checkpoint.
    public func prove(_ index: UInt64) throws -> TransparencyProof {
        let note = try cosignedCheckpoint(covering: index) ?? checkpoint()
        let size = try Checkpoint(parsing: note.text).size
        guard index < size else { throw ServiceError.unknownEntry(index: index, size: size) }
        return TransparencyProof(index: index, path: try store.inclusionProof(index, size: size), checkpoint: note)
    }
}

extension Workspace {
    /// Audits the ledger of the workspace at `root`, also one too damaged to be opened for work.
    ///
    /// - Returns: the number of entries, where it can be told, and the findings as lines.
    /// - Throws: `ServiceError.workspaceMissing`; the machine's failures.
    public static func auditLedger(
        at root: String, environment: ServiceEnvironment
    ) throws -> (entries: UInt64?, findings: [String]) {
        do {
            let workspace = try openForAudit(root, environment: environment)
            var findings = try workspace.audit().map { "\($0)" }
            if findings.isEmpty {
                do {
                    try workspace.requireLoggedPolicy()
                } catch let error as ServiceError {
                    findings.append("\(error)")
                }
            }
            return (try workspace.store.size(), findings)
        } catch let error as StoreError {
            switch error {
            case .notALedger, .schemaVersion, .corrupt, .rootMismatch, .badCheckpoint: return (nil, ["\(error)"])
            default: throw error
            }
        }
    }
}
