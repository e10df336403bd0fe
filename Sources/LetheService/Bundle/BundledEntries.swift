import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheLog
import LetheRequests
import LetheStatements

/// The entries of a bundle, each signed by a trusted controller whose key counted at its place, and proved to be in the log of the
/// certificate's checkpoint.
struct BundledEntries: LoggedEntries {
    let size: UInt64
    private let file: String
    private let envelopes: [UInt64: DSSEEnvelope]
    private let roots: [UInt64: Digest]
    /// The entry of each step of the run, by its name.
    let steps: [String: UInt64]

    /// - Parameters:
    ///   - test: the forgetting test and its place, whose signature the certificate's verification has checked.
    ///   - file: where the document was read from.
    /// - Throws: `ServiceError.bundleDoesNotHold` that names the entry.
    init(
        _ document: ReplayDocument, test: (envelope: DSSEEnvelope, proof: TransparencyProof),
        certificate: VerifiedCertificate, trusting trust: TrustFile, file: String
    ) throws(ServiceError) {
        func refused(_ problem: String) -> ServiceError { .bundleDoesNotHold(file: file, problem: problem) }
        let head = certificate.inclusion.checkpoint
        var envelopes = [test.proof.index: test.envelope]
        var steps: [String: UInt64] = [:]
        for entry in document.entries {
            let event: LedgerEvent?
            do {
                event = try Self.event(of: entry, under: test.proof.checkpoint, trusting: trust)
            } catch {
                throw refused("entry \(entry.index): \(error)")
            }
            guard envelopes.updateValue(entry.envelope, forKey: entry.index) == nil else {
                throw refused("entry \(entry.index): is the forgetting test's place")
            }
            guard case .run(let step)? = event, step.runID == document.runID else { continue }
            if case .residue = step.step { continue }
            if let other = steps.updateValue(entry.index, forKey: step.step.name) {
                throw refused("entry \(entry.index): \(step.step.name) again, after entry \(other)")
            }
        }
        var roots: [UInt64: Digest] = [:]
        for root in document.roots {
            do {
                try MerkleTree.verifyConsistency(
                    from: root.size, oldRoot: root.rootHash, to: head.size, newRoot: head.rootHash, proof: root.path)
            } catch {
                throw refused("the tree of \(root.size) entries is no beginning of the log's: \(error)")
            }
            roots[root.size] = root.rootHash
        }
        (size, self.file, self.envelopes, self.roots, self.steps) = (head.size, file, envelopes, roots, steps)
    }

    /// What a verified entry says; nil where it is no event.
    private static func event(
        of entry: ReplayDocument.Entry, under checkpoint: SignedNote, trusting trust: TrustFile
    ) throws -> LedgerEvent? {
        let payload = try entry.envelope.verify(trusting: trust.controllers)
        let inclusion = try CertificateVerifier.verifyInclusion(
            TransparencyProof(index: entry.index, path: entry.path, checkpoint: checkpoint),
            leafHash: MerkleTree.leafHash(entry.envelope.canonicalBytes), trusting: trust)
        for signer in payload.signers.prefix(1) {
            try CertificateVerifier.requireValidity("controller", signer, trust, inclusion)
        }
        return try LedgerEvent(Statement(verified: payload))
    }

    func envelope(_ index: UInt64) throws -> DSSEEnvelope? { envelopes[index] }

    func root(at size: UInt64) throws -> Digest? {
        guard size > 0, size <= self.size else { return nil }
        guard let root = roots[size] else {
            throw ServiceError.bundleDoesNotHold(
                file: file, problem: "nothing proves the root of the first \(size) entries, which seeds are drawn from")
        }
        return root
    }

    func registration(ofOriginal digest: Digest) throws -> UInt64? {
        try envelopes.keys.sorted().last { index in
            guard case .model(let event)? = try event(index) else { return false }
            return event.role == .original && event.action == .registered && event.digest == digest
        }
    }

    func damaged(_ index: UInt64, _ problem: String) -> ServiceError {
        .bundleDoesNotHold(file: file, problem: "entry \(index): \(problem)")
    }
}
