import LetheBytes
import LetheCertificates
import LetheLog
import LetheRequests
public import LetheStore

extension Workspace {
    /// What a backup or a restore was about.
    public struct LedgerCopy: Sendable {
        /// How many entries it holds.
        public let entries: UInt64
        /// Where the ledger is now that a restore has replaced.
        public let replaced: String?
        /// How many checkpoints are known that it had to contain.
        public let known: Int
    }

    /// Copies the ledger to a new file, while it may be written to, and audits the copy before it gets its name.
    ///
    /// - Throws: `AuditFailure` where the copy does not hold; `StoreError.alreadyExists`; the machine's failures.
    public func backUpLedger(to output: String) throws -> LedgerCopy {
        let trust = try auditTrust()
        let masterKey = Files.exists(paths.vaultKey) ? try masterKey : nil
        var entries: UInt64 = 0
        try store.backUp(to: output) { copy in
            try AuditFailure.require(LedgerAudit.examine(copy, trust: trust, masterKey: masterKey))
            entries = try copy.size()
        }
        return LedgerCopy(entries: entries, replaced: nil, known: 0)
    }

    /// Puts a backup in the place of the ledger of the workspace at `root`.
    ///
    /// Refused where the ledger that is there is whole and has at least as many entries, and where anything knows of a
    /// checkpoint that the backup does not contain: the record beside the database, the database itself, the certificates of
    /// the workspace, and `checkpoints`, files from elsewhere (checkpoints, proofs or certificates).
    /// - Throws: `ServiceError.restoreRefused`, `AuditFailure`, `StoreError.backupOlder`, `.backupForks`; nothing was changed then.
    public static func restoreLedger(
        from backup: String, at root: String, checkpoints: [String] = [], environment: ServiceEnvironment
    ) throws -> LedgerCopy {
        let paths = WorkspacePaths(root: root)
        guard Files.kind(root) == .folder, Files.exists(paths.trust) else {
            throw ServiceError.workspaceMissing(path: root)
        }
        let trust = try readTrust(paths.trust)
        let origin = trust.origin ?? ""
        let logs = try trust.logs.map { try NoteVerifier(name: origin, key: $0) }
        let present = try presentLedger(at: root, environment: environment)
        var known: [LedgerStore.KnownCheckpoint] = []
        if let published = try LedgerStore.publishedCheckpoint(of: paths.database) {
            known.append(.init(published, source: "recorded beside the database"))
        }
        if let checkpoint = present.checkpoint {
            known.append(.init(checkpoint, source: "in the ledger that is there"))
        }
        if Files.exists(paths.certificates) {
            for name in try Files.names(in: paths.certificates) {
                let path = Files.join(paths.certificates, name)
                if let checkpoint = try? Self.checkpoint(in: path, signedBy: logs) {
                    known.append(.init(checkpoint, source: path))
                }
            }
        }
        for path in checkpoints { known.append(.init(try Self.checkpoint(in: path, signedBy: logs), source: path)) }
        let rootKey = try rootKey(paths)
        let masterKey = Files.exists(paths.vaultKey) ? try MasterKey.load(paths.vaultKey) : nil
        var entries: UInt64 = 0
        let replaced = try LedgerStore.restore(backup, to: paths.database, known: known) { copy in
            entries = try copy.size()
            guard copy.origin == origin else {
                throw ServiceError.restoreRefused(
                    path: root, problem: "the backup is the log \(copy.origin), not \(origin)")
            }
            if let size = present.wholeSize, size >= entries {
                throw ServiceError.restoreRefused(
                    path: root, problem: "the ledger there is whole and has \(size) entries, the backup \(entries)")
            }
            try AuditFailure.require(
                LedgerAudit.examine(
                    copy, trust: AuditTrust(roots: [rootKey], noteVerifiers: logs + trust.witnesses),
                    masterKey: masterKey))
        }
        return LedgerCopy(entries: entries, replaced: replaced, known: known.count)
    }

    /// What is known of the ledger that a restore would replace: its newest checkpoint, and its size where an audit finds it whole.
    private static func presentLedger(
        at root: String, environment: ServiceEnvironment
    ) throws -> (checkpoint: Checkpoint?, wholeSize: UInt64?) {
        let workspace: Workspace
        do { workspace = try openForAudit(root, environment: environment) } catch ServiceError.workspaceMissing {
            return (nil, nil)
        } catch let error as StoreError {
            if case .locked = error { throw error }
            return (nil, nil)
        }
        let note = (try? workspace.store.lastCheckpoint()).flatMap(\.self)
        let checkpoint = note.flatMap { try? Checkpoint(parsing: $0.text) }
        guard let outcome = try? workspace.examine() else { return (checkpoint, nil) }
        // What a damaged ledger says of itself is no evidence; what was published is recorded beside it.
        return outcome.findings.isEmpty ? (checkpoint, outcome.entries) : (nil, nil)
    }

    /// The checkpoint in a file that is one, or has one: a signed note, a proof, a certificate.
    private static func checkpoint(in path: String, signedBy logs: [NoteVerifier]) throws -> Checkpoint {
        let bytes = try Files.read(path, limit: 1 << 20)
        let note: SignedNote
        if let certificate = try? CertificateFile(parsing: bytes) {
            note = certificate.proof.checkpoint
        } else if let proof = try? TransparencyProof(parsing: String(decoding: bytes, as: UTF8.self)) {
            note = proof.checkpoint
        } else {
            do { note = try SignedNote(parsing: bytes) } catch {
                throw ServiceError.restoreRefused(path: path, problem: "no checkpoint, proof or certificate: \(error)")
            }
        }
        do {
            _ = try note.verify(with: logs)
            return try Checkpoint(parsing: note.text)
        } catch {
            throw ServiceError.restoreRefused(path: path, problem: "\(error)")
        }
    }
}

/// A copy of a ledger that an audit has found something wrong with.
public struct AuditFailure: Error, CustomStringConvertible {
    /// What is wrong.
    public let findings: [AuditFinding]

    static func require(_ outcome: LedgerAudit.Outcome) throws {
        guard outcome.findings.isEmpty else { throw AuditFailure(findings: outcome.findings) }
    }

    /// One line: how much, and the first.
    public var description: String {
        "the audit of the copy found \(findings.count) faults, the first: \(findings.first.map { "\($0)" } ?? "")"
    }
}
