import LetheCrypto
import LetheLog
import LetheStatements

/// Verifies certificate files with nothing but the file and the keys that the caller trusts: no network, no workspace, no clock.
public enum CertificateVerifier {
    /// Verifies one file.
    ///
    /// In this order: form, controller's signature, statement, test result (digest, signature, statement, agreement), checkpoint
    /// signatures, origin and witness quorum, inclusion of exactly the certificate's bytes, and that what the certificate builds on lies before it.
    /// - Throws: the first check that fails.
    public static func verify(
        _ file: [UInt8], trusting trust: TrustFile
    ) throws(CertificateError) -> VerifiedCertificate {
        try verify(CertificateFile(parsing: file), trusting: trust)
    }

    /// Verifies a file that was read or put together.
    public static func verify(
        _ file: CertificateFile, trusting trust: TrustFile
    ) throws(CertificateError) -> VerifiedCertificate {
        let (certificate, controller) = try verifyCertificate(file, trust)
        let verifier = try verifyTestResult(file, trust, certificate, controller)
        let inclusion = try verifyInclusion(file, trust)

        let index = inclusion.index
        func requireBefore(_ other: UInt64?, _ field: String) throws(CertificateError) {
            if let other, other >= index {
                throw .notBefore(field: "predicate." + field, index: other, certificateIndex: index)
            }
        }
        try requireBefore(certificate.request.receivedEntry.index, "request.receivedEntry.index")
        try requireBefore(certificate.previous?.index, "previousCertificate.index")
        // A checkpoint of size n covers the entries below n, so its seeds were fixed before entry n.
        for (source, field) in [
            (certificate.unlearning.seedSource, "unlearning.seedCheckpoint.size"),
            (certificate.verification.referenceSeedSource, "verification.seedCheckpoint.size"),
        ] {
            if let source, source.size > index {
                throw .notBefore(field: "predicate." + field, index: source.size, certificateIndex: index)
            }
        }
        return VerifiedCertificate(
            certificate: certificate, envelopeDigest: file.certificate.digest, controller: controller,
            verifier: verifier, testResultDigest: file.testResult.digest, inclusion: inclusion,
            rolesAreApart: trust.hasRoles, quorum: trust.quorum?.quorum == nil ? nil : trust.quorum?.demand)
    }

    /// Verifies several files of one log and the links between their certificates.
    ///
    /// - Returns: the certificates in the order of the log.
    /// - Throws: what `verify` throws for any of them; `.conflictingIndex`, `.splitView`, `.brokenLink`, `.skippedCertificate`.
    public static func verifyChain(
        _ files: [[UInt8]], trusting trust: TrustFile
    ) throws(CertificateError) -> [VerifiedCertificate] {
        guard !files.isEmpty else { throw .noCertificates }
        var certificates: [VerifiedCertificate] = []
        for file in files {
            certificates.append(try verify(file, trusting: trust))
        }
        certificates.sort { $0.index < $1.index }
        try requireOneHistory(certificates)
        for position in certificates.indices.dropFirst() {
            let (earlier, later) = (certificates[position - 1], certificates[position])
            if earlier.index == later.index {
                guard earlier.envelopeDigest == later.envelopeDigest else {
                    throw .conflictingIndex(index: later.index)
                }
                continue
            }
            guard let named = later.certificate.previous, named.index >= earlier.index else {
                throw .skippedCertificate(
                    index: later.index, previousIndex: later.certificate.previous?.index, skipped: earlier.index)
            }
            if named.index == earlier.index {
                guard named.envelope == earlier.envelopeDigest else {
                    throw .brokenLink(
                        index: later.index, previousIndex: named.index, expected: named.envelope,
                        found: earlier.envelopeDigest)
                }
                certificates[position].isLinkVerified = true
            }
        }
        return certificates
    }

    /// Checkpoints of one log and size have one root.
    private static func requireOneHistory(_ certificates: [VerifiedCertificate]) throws(CertificateError) {
        var heads: [Checkpoint] = []
        for head in certificates.map(\.inclusion.checkpoint) {
            for other in heads where other.size == head.size && other.origin == head.origin {
                guard other.rootHash == head.rootHash else {
                    throw .splitView(size: head.size, first: other.rootHash, second: head.rootHash)
                }
            }
            heads.append(head)
        }
    }

    private static func verifyCertificate(
        _ file: CertificateFile, _ trust: TrustFile
    ) throws(CertificateError) -> (UnlearningCertificate, VerifyingKey) {
        let (payload, signer) = try verifySignature(file.certificate, by: trust.controllers) {
            .controllerSignature($0)
        }
        do {
            return (try UnlearningCertificate(Statement(verified: payload)), signer)
        } catch {
            throw .certificate(error)
        }
    }

    private static func verifyTestResult(
        _ file: CertificateFile, _ trust: TrustFile, _ certificate: UnlearningCertificate, _ controller: VerifyingKey
    ) throws(CertificateError) -> VerifyingKey {
        // The digest covers every byte of the envelope, the unauthenticated key hint included.
        let digest = file.testResult.digest
        guard let expected = certificate.testResultDigest, digest == expected else {
            throw .wrongTestResult(expected: certificate.testResultDigest ?? digest, found: digest)
        }
        let (payload, verifier) = try verifySignature(file.testResult, by: trust.verifiers) { .verifierSignature($0) }
        guard !trust.hasRoles || verifier != controller else { throw .sameSigner(keyID: verifier.keyID) }
        let result: TestResult
        do {
            result = try TestResult(Statement(verified: payload))
        } catch {
            throw .testResult(error)
        }
        for (field, left, right) in [
            ("subject name", certificate.modelName, result.modelName),
            ("subject digest", certificate.model.digest.hex, result.model.hex),
            ("run", certificate.unlearning.runID, result.runID),
            ("policy", certificate.policy.hex, result.policy.hex),
            ("verdict", certificate.verification.verdict.rawValue, result.test.verdict.rawValue),
        ] where left != right {
            throw .testResultDisagrees(field: field, certificate: left, testResult: right)
        }
        guard certificate.verification == result.test else {
            throw .testResultDisagrees(
                field: "measurements", certificate: certificate.verification.summary, testResult: result.test.summary)
        }
        return verifier
    }

    private static func verifyInclusion(
        _ file: CertificateFile, _ trust: TrustFile
    ) throws(CertificateError) -> VerifiedInclusion {
        let proof = file.proof
        guard proof.extra == nil else { throw .proofHasExtra }
        let origin: String
        do {
            let head = try Checkpoint(parsing: proof.checkpoint.text)
            origin = trust.origin ?? head.origin
        } catch {
            throw .proof(.checkpoint(error))
        }
        var logs: [NoteVerifier] = []
        do {
            for key in trust.logs {
                let log = try NoteVerifier(name: origin, key: key)
                if !logs.contains(log) { logs.append(log) }
            }
        } catch {
            throw .logKey(error)
        }
        let known = logs + trust.witnesses
        let signatures = proof.checkpoint.signatures
        let log = logs.first { log in signatures.contains { log.isNamed(by: $0) } } ?? logs[0]
        let inclusion: VerifiedInclusion
        do {
            inclusion = try proof.verify(
                leafHash: MerkleTree.leafHash(file.certificate.canonicalBytes), log: log,
                witnesses: known.filter { $0 != log })
        } catch {
            throw .proof(error)
        }
        // Notes let a verifier ignore lines of unknown keys, but then their bytes could change without notice. Not in this file.
        for (index, signature) in signatures.enumerated() {
            let isRepeated = signatures[..<index].contains { $0.name == signature.name && $0.keyID == signature.keyID }
            guard !isRepeated, known.contains(where: { $0.isNamed(by: signature) }) else {
                throw .unknownCheckpointSignature(name: signature.name)
            }
        }
        if let quorum = trust.quorum {
            let cosigners = inclusion.cosignatures.map(\.verifier)
            guard quorum.isMet(by: cosigners) else {
                throw .quorumMissed(
                    demanded: quorum.demand, found: cosigners.filter { $0.kind == .cosignatureV1 }.map(\.name))
            }
        }
        return inclusion
    }

    private static func verifySignature(
        _ envelope: DSSEEnvelope, by keys: [VerifyingKey],
        failure: (SignatureError) -> CertificateError
    ) throws(CertificateError) -> (VerifiedPayload, VerifyingKey) {
        do throws(SignatureError) {
            let payload = try envelope.verify(trusting: keys)
            guard let signer = payload.signers.first else {
                throw SignatureError.tooFewSigners(required: 1, found: 0, trusted: keys.count)
            }
            return (payload, signer)
        } catch {
            throw failure(error)
        }
    }
}

extension ForgettingTest {
    /// Enough of the numbers to see where two statements part.
    fileprivate var summary: String {
        measurements.map { "\($0.name)=\($0.value?.text ?? "none")" }.joined(separator: " ")
            + " references=\(references.count) notAssessed=\(notAssessed.count)"
    }
}
