import LetheBytes
import LetheCertificates
import LetheCrypto
public import LetheLog
import LetheRequests
import LetheStore

extension Workspace {
    /// A checkpoint, and what became of having it cosigned.
    public struct Publication: Sendable, Equatable {
        /// The checkpoint with every cosignature that is known.
        public let note: SignedNote
        /// One line a witness that was asked.
        public let outcomes: [WitnessOutcome]
        /// What the policy demands, in words; nil where there is no policy.
        public let demand: String?
        /// Whether the policy is met; true where there is none.
        public let isMet: Bool
        /// Whether it would be, had every witness answered.
        public let couldBeMet: Bool
    }

    /// Publishes a checkpoint over all entries and has witnesses cosign it.
    ///
    /// - Parameters:
    ///   - policy: whose witnesses are asked and whose quorum is judged; nil for none.
    ///   - witnesses: others that are asked besides.
    /// - Returns: what came of it; a missed quorum is no error here.
    /// - Throws: errors of the store; `ServiceError.witnessPolicy` for a policy for other logs.
    public func publishCheckpoint(
        policy: WitnessPolicy?, witnesses: [WitnessEndpoint] = []
    ) throws -> Publication {
        let logs = try logVerifiers()
        if let policy, !policy.logs.isEmpty, !policy.logs.contains(where: { logs.contains($0.verifier) }) {
            throw ServiceError.witnessPolicy(file: paths.witnesses, problem: "is for other logs than \(origin)")
        }
        let asked =
            (policy?.witnesses ?? []).compactMap { witness in
                witness.url.map { WitnessEndpoint(url: $0, keys: [witness.verifier]) }
            } + witnesses
        let outcomes = try WitnessExchange(store: store, post: environment.post).cosign(checkpoint(), asked)
        let note = try checkpoint()
        let cosigners = try cosigners(of: note, policy)
        let silent = Set(
            outcomes.compactMap { outcome in
                if case .unreachable = outcome.result { outcome.url } else { nil }
            })
        let couldSign = (policy?.witnesses ?? []).filter { $0.url.map(silent.contains) == true }.map(\.verifier)
        return Publication(
            note: note, outcomes: outcomes, demand: policy?.demand, isMet: policy?.isMet(by: cosigners) ?? true,
            couldBeMet: policy?.isMet(by: cosigners + couldSign) ?? true)
    }

    /// The policy that every published checkpoint of this workspace must meet: `witnesses.txt`, where it exists.
    /// - Throws: `ServiceError.witnessPolicy`.
    public func witnessPolicy() throws -> WitnessPolicy? {
        guard Files.exists(paths.witnesses) else { return nil }
        return try Self.witnessPolicy(at: paths.witnesses)
    }

    /// Reads a policy file.
    /// - Throws: `ServiceError.witnessPolicy`; `FileError`.
    public static func witnessPolicy(at path: String) throws -> WitnessPolicy {
        do {
            return try WitnessPolicy(parsing: Files.read(path, limit: WitnessPolicy.maximumByteCount + 1))
        } catch let error as WitnessPolicyError {
            throw ServiceError.witnessPolicy(file: path, problem: "\(error)")
        }
    }

    /// The newest checkpoint, cosigned as `witnesses.txt` demands and stamped as the policy's section `timestamping` does.
    /// - Throws: `ServiceError.quorumMissed`, `.timestampsMissed`.
    func publishedCheckpoint() throws -> SignedNote {
        let policy = try witnessPolicy()
        let publication = try publishCheckpoint(policy: policy)
        guard publication.isMet else {
            throw ServiceError.quorumMissed(
                demand: policy?.demand ?? "", outcomes: publication.outcomes.map(\.line),
                isMachineFailure: publication.couldBeMet)
        }
        try requireStamps(of: publication.note)
        return publication.note
    }

    /// A stored checkpoint over entry `index` that is cosigned and stamped as it must be, asked of nobody; nil where there is none,
    /// or nothing is demanded.
    func vouchedCheckpoint(covering index: UInt64) throws -> SignedNote? {
        let witnesses = try witnessPolicy()
        guard witnesses != nil || policy.timestamping != nil else { return nil }
        for size in try store.vouchedSizes(covering: index) {
            if let note = try store.checkpoint(size: size), try isVouched(note, by: witnesses) { return note }
        }
        return nil
    }

    /// Whether a stored checkpoint is cosigned as `witnesses` demand and stamped as the policy does; yes where nothing is demanded.
    func isVouched(_ note: SignedNote, by witnesses: WitnessPolicy?) throws -> Bool {
        if let witnesses {
            guard (try? cosigners(of: note, witnesses)).map(witnesses.isMet) ?? false else { return false }
        }
        return try hasStamps(note)
    }

    /// The newest stored checkpoint that others may see, asked of nobody: cosigned and stamped as the workspace demands, or the newest
    /// of all where it demands nothing.
    /// - Throws: `ServiceError.quorumMissed` where none is vouched for yet.
    package func servedCheckpoint() throws -> SignedNote {
        if let note = try vouchedCheckpoint(covering: 0) { return note }
        let policy = try witnessPolicy()
        guard policy == nil, self.policy.timestamping == nil, let note = try store.lastCheckpoint() else {
            throw ServiceError.quorumMissed(demand: policy?.demand ?? "", outcomes: [], isMachineFailure: true)
        }
        return note
    }

    /// The checkpoint that a certificate file for entry `index` carries: one that is cosigned and stamped as it must be, with
    /// signature lines by none but those whom the workspace's trust file names, so that whoever holds that file can check every byte.
    /// - Throws: `ServiceError.quorumMissed`, `.timestampsMissed`: the certificate is in the log, and can be written later.
    func certificateCheckpoint(covering index: UInt64) throws -> SignedNote {
        let trust = try trust()
        for witness in try witnessPolicy()?.witnesses ?? [] where !trust.witnesses.contains(witness.verifier) {
            throw ServiceError.witnessPolicy(
                file: paths.trust,
                problem: "does not name the witness \(witness.name) of \(Files.name(of: paths.witnesses)): append the "
                    + "witness, group and quorum lines of that file, and hand the new trust file out")
        }
        let note = try vouchedCheckpoint(covering: index) ?? publishedCheckpoint()
        let known = try logVerifiers() + trust.witnesses
        return try SignedNote(
            text: note.text, signatures: note.signatures.filter { line in known.contains { $0.isNamed(by: line) } })
    }

    /// Whose cosignatures an audit checks: those of the trust file and of the workspace's policy.
    func knownWitnesses() throws -> [NoteVerifier] {
        let witnesses = try trust().witnesses
        return witnesses + (try witnessPolicy()?.witnessKeys ?? []).filter { !witnesses.contains($0) }
    }

    private func cosigners(of note: SignedNote, _ policy: WitnessPolicy?) throws -> [NoteVerifier] {
        try note.verify(with: logVerifiers() + (policy?.witnessKeys ?? [])).map(\.verifier)
    }
}
