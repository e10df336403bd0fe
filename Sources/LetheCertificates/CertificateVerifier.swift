package import LetheCrypto
package import LetheLog
import LetheStatements

/// Verifies certificate files with nothing but the file and the keys that the caller trusts: no network, no workspace, no clock.
public enum CertificateVerifier {
    /// Verifies one file.
    ///
    /// In this order: form, controller's signature, statement, test result (digest, signature, statement, agreement), checkpoint
    /// signatures, origin and witness quorum, inclusion of exactly the certificate's bytes, that its tenant is whose log this is, that each
    /// key counted there, and that what the certificate builds on lies before it.
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
        let inclusion = try verifyInclusion(
            file.proof, leafHash: MerkleTree.leafHash(file.certificate.canonicalBytes), trusting: trust)

        guard names(certificate.tenant, theLog: inclusion.checkpoint.origin) else {
            throw .wrongTenant(expected: inclusion.checkpoint.origin, found: certificate.tenant)
        }
        let index = inclusion.index
        try requireValidity("controller", controller, trust, inclusion)
        try requireValidity("verifier", verifier, trust, inclusion)
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

    /// Whether a certificate's tenant is whose log this is: the origin, or what follows the host in it.
    private static func names(_ tenant: String, theLog origin: String) -> Bool {
        let (tenant, origin) = (Array(tenant.utf8), Array(origin.utf8))
        return tenant == origin || origin.drop { $0 != UInt8(ascii: "/") }.dropFirst().elementsEqual(tenant)
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

    /// Verifies that a leaf is in the log that `trust` names, under a checkpoint that counts: signed by a log's key valid for its size,
    /// cosigned as the trust file demands, without a line that could change unnoticed.
    package static func verifyInclusion(
        _ proof: TransparencyProof, leafHash: Digest, trusting trust: TrustFile
    ) throws(CertificateError) -> VerifiedInclusion {
        guard proof.extra == nil else { throw .proofHasExtra }
        let origin: String
        let size: UInt64
        do {
            let head = try Checkpoint(parsing: proof.checkpoint.text)
            size = head.size
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
        let signing = logs.filter { log in signatures.contains { log.isNamed(by: $0) } }
        let log = signing.first { trust.validity(of: $0.key).covers(checkpoint: size) } ?? signing.first ?? logs[0]
        let inclusion: VerifiedInclusion
        do {
            inclusion = try proof.verify(leafHash: leafHash, log: log, witnesses: known.filter { $0 != log })
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
        let validity = trust.validity(of: log.key)
        guard validity.covers(checkpoint: size) else {
            throw .keyNotValid(role: "log", keyID: log.key.keyID, validity: validity, at: size)
        }
        try requireWitness("log", log.key, validity, inclusion)
        if let quorum = trust.quorum {
            let cosigners = inclusion.cosignatures.map(\.verifier)
            guard quorum.isMet(by: cosigners) else {
                throw .quorumMissed(
                    demanded: quorum.demand, found: cosigners.filter { $0.kind == .cosignatureV1 }.map(\.name))
            }
        }
        return inclusion
    }

    /// The key must count for the certificate's entry. The test result's own entry is not in the file, but lies before it; so a verifier's
    /// key must not have ended in between, which the ledger sees to when keys change.
    package static func requireValidity(
        _ role: String, _ key: VerifyingKey, _ trust: TrustFile, _ inclusion: VerifiedInclusion
    ) throws(CertificateError) {
        let validity = trust.validity(of: key)
        guard validity.covers(entry: inclusion.index) else {
            throw .keyNotValid(role: role, keyID: key.keyID, validity: validity, at: inclusion.index)
        }
        try requireWitness(role, key, validity, inclusion)
    }

    /// What a compromised key signed counts only under a checkpoint that a witness cosigned before the compromise.
    private static func requireWitness(
        _ role: String, _ key: VerifyingKey, _ validity: KeyValidity, _ inclusion: VerifiedInclusion
    ) throws(CertificateError) {
        guard validity.isCompromised, let end = validity.until else { return }
        let size = inclusion.checkpoint.size
        guard size <= end, inclusion.cosignatures.contains(where: { $0.verifier.kind == .cosignatureV1 }) else {
            throw .compromisedKey(role: role, keyID: key.keyID, from: end, checkpointSize: size)
        }
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
