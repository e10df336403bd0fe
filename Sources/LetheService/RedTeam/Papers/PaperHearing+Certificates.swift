import Foundation
import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheLog
import LetheRequests
import LetheStatements
import LetheStore

/// Papers whose certificate is false, or true and shown for something else.
extension PaperHearing {
    /// A certificate that says of its run what the run's own entries do not: offline it verifies, and only the log can tell.
    func hearCertificate(_ paper: FalsePaper, _ forger: Forger) throws -> ([String], [PaperVerifier: [String]]) {
        let workspace = forger.workspace
        let trust = try workspace.trust()
        let file = try CertificateFile(
            parsing: honest.certificate(paper == .searchedSeed ? honest.current : honest.compared))
        var certificate = try CertificateVerifier.verify(file, trusting: trust).certificate
        var test = file.testResult
        let said = certificate.verification
        switch paper {
        case .searchedSeed:
            certificate.unlearning = certificate.unlearning.stating(seed: certificate.unlearning.seed &+ 1)
        case .publishedChoice:
            certificate.verification = ForgettingTest(
                verdict: said.verdict, measurements: said.measurements, references: said.references.dropLast(),
                referenceSeedSource: said.referenceSeedSource, notAssessed: said.notAssessed)
        default:
            certificate.verification = ForgettingTest(
                verdict: said.verdict, measurements: said.measurements, references: said.references,
                referenceSeedSource: said.referenceSeedSource, notAssessed: said.notAssessed.dropLast())
        }
        if certificate.verification != said {
            test = try TestResult(
                modelName: certificate.modelName, model: certificate.model.digest, runID: certificate.unlearning.runID,
                policy: certificate.policy, test: certificate.verification
            ).signed(by: workspace.keys.verifier)
            try forger.append(test)
        }
        let forged = try forger.issue(certificate, test: test)
        return (try audit(workspace), [.certificate: verify(forged, trusting: trust)])
    }

    /// A certificate that does not count where it stands.
    func hearVerification(of paper: FalsePaper, _ forger: Forger) throws -> [String] {
        let workspace = forger.workspace
        let file = try CertificateFile(parsing: honest.certificate(honest.current))
        let verified = try CertificateVerifier.verify(file, trusting: workspace.trust())
        var certificate = verified.certificate
        switch paper {
        case .retiredKey:
            let retired = try workspace.keys.controller
            try workspace.rotateKey(.controller)
            return verify(
                try forger.issue(certificate, test: file.testResult, by: retired), trusting: try workspace.trust())
        case .otherTenant:
            certificate.tenant = HonestPapers.otherOrigin
            return verify(
                try forger.issue(certificate, test: file.testResult), trusting: try workspace.trust())
        case .otherLog:
            certificate.tenant = HonestPapers.otherOrigin
            let envelope = try certificate.signed(by: workspace.keys.controller)
            // As many entries before it as it speaks of.
            let hashes =
                try (0..<verified.index).map { MerkleTree.leafHash(try workspace.store.entry($0)) }
                + [MerkleTree.leafHash(envelope.canonicalBytes)]
            let head = try Checkpoint(
                origin: HonestPapers.otherOrigin, size: UInt64(hashes.count),
                rootHash: MerkleTree.rootHash(of: hashes))
            // Signed under this log's name, as a signature under the other's would not even be looked at.
            let note = try SignedNote(
                text: head.text, signers: [workspace.keys.noteSigner(origin: workspace.origin)])
            let proof = TransparencyProof(
                index: verified.index, path: try MerkleTree.inclusionProof(of: verified.index, in: hashes),
                checkpoint: note)
            return verify(
                CertificateFile(certificate: envelope, testResult: file.testResult, proof: proof),
                trusting: try workspace.trust())
        default:
            let (said, removed) = (file.certificate, certificate.dataset.recordsRemoved)
            let payload = String(decoding: said.payload, as: UTF8.self).replacing(
                "\"recordsRemoved\":\"\(removed)\"", with: "\"recordsRemoved\":\"\(removed + 1)\"")
            let changed = try DSSEEnvelope(
                payloadType: said.payloadType, payload: Array(payload.utf8), signatures: said.signatures)
            return verify(
                CertificateFile(certificate: changed, testResult: file.testResult, proof: file.proof),
                trusting: try workspace.trust())
        }
    }

    /// A model that is not the one in service, though papers say so.
    func hearModel(_ paper: FalsePaper, _ forger: Forger) throws -> [String] {
        let workspace = forger.workspace
        func candidate(_ answer: HonestPapers.Answer) -> String {
            Files.join(workspace.paths.run(answer.run), "candidate")
        }
        switch paper {
        case .originalServed: return try check(workspace.paths.model("original"), in: workspace)
        case .patchedServed:
            let patched = Files.join(workspace.paths.root, "patched")
            try FileManager.default.copyItem(atPath: candidate(honest.current), toPath: patched)
            try Files.flipBit(inModel: patched)
            return try check(patched, in: workspace)
        default:
            // The certificate is true, and names this very model: that alone must not put it into service.
            let stale = try CertificateVerifier.verify(
                honest.certificate(honest.replaced), trusting: workspace.trust()
            ).certificate
            guard try ModelDigest(folder: candidate(honest.replaced)) == stale.model else { return ["another model"] }
            return try check(candidate(honest.replaced), in: workspace)
        }
    }
}
