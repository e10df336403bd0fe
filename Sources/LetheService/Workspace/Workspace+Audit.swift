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
    public func audit() throws -> [AuditFinding] { try examine().findings }

    /// As `audit`, with everything else that an audit finds out.
    func examine(checksSignatures: Bool = true, listing: Int = 0) throws -> LedgerAudit.Outcome {
        try LedgerAudit.examine(
            store, trust: auditTrust(), masterKey: Files.exists(paths.vaultKey) ? masterKey : nil,
            checksSignatures: checksSignatures, listing: listing)
    }

    /// Whom an audit trusts: the root key, and the log's and the witnesses' keys of the public trust file.
    func auditTrust() throws -> AuditTrust {
        try AuditTrust(
            roots: [rootKey()],
            noteVerifiers: logVerifiers() + knownWitnesses(),
            timestampAuthorities: timestampAuthorities())
    }

    /// The proof that entry `index` is in the log, as a `.tlog-proof` file: under the newest checkpoint that is
    /// cosigned and stamped as the workspace demands, or the newest of all.
    /// - Throws: `ServiceError.unknownEntry` beyond the newest checkpoint.
    public func prove(_ index: UInt64) throws -> TransparencyProof {
        let note = try vouchedCheckpoint(covering: index) ?? checkpoint()
        let size = try Checkpoint(parsing: note.text).size
        guard index < size else { throw ServiceError.unknownEntry(index: index, size: size) }
        return TransparencyProof(index: index, path: try store.inclusionProof(index, size: size), checkpoint: note)
    }
}

extension Workspace {
    /// As `prove`, under the newest checkpoint that others may see; nothing is signed for it.
    /// - Throws: `ServiceError.unknownEntry` beyond that checkpoint.
    package func proveServed(_ index: UInt64) throws -> TransparencyProof {
        let note = try servedCheckpoint()
        let size = try Checkpoint(parsing: note.text).size
        guard index < size else { throw ServiceError.unknownEntry(index: index, size: size) }
        return TransparencyProof(index: index, path: try store.inclusionProof(index, size: size), checkpoint: note)
    }

    /// Audits the ledger of the workspace at `root`, also one too damaged to be opened for work.
    ///
    /// - Parameters:
    ///   - checksSignatures: false to look at the structure only.
    ///   - listing: how many requests without a certificate to name.
    /// - Throws: `ServiceError.workspaceMissing`; the machine's failures.
    public static func auditLedger(
        at root: String, environment: ServiceEnvironment, checksSignatures: Bool = true, listing: Int = 0
    ) throws -> LedgerAudit.Outcome {
        do {
            let workspace = try openForAudit(root, environment: environment)
            var outcome = try workspace.examine(checksSignatures: checksSignatures, listing: listing)
            if outcome.findings.isEmpty {
                do {
                    _ = try workspace.underLoggedPolicy(finishesAdoption: false)
                } catch ServiceError.workspaceDamaged(let file, let problem) {
                    outcome.findings.append(
                        AuditFinding(.file(file), field: "policy", expected: "the policy in the log", found: problem))
                } catch ServiceError.policyChanged(let file, let expected, let found) {
                    outcome.findings.append(
                        AuditFinding(
                            .file(file), field: "digest", expected: "\(expected), the policy in the log", found: found))
                }
            }
            return outcome
        } catch let error as StoreError {
            switch error {
            case .notALedger, .schemaVersion, .corrupt, .rootMismatch, .badCheckpoint:
                return LedgerAudit.Outcome(unreadable: error)
            default: throw error
            }
        }
    }
}
