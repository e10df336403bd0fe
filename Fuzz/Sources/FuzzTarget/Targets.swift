import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheLog
import LetheRequests
import LetheStatements
import ModelFiles

// Each target feeds one parser and states what must hold of whatever it accepts; a broken promise stops the process, as a trap would.

/// Where a parser of hostile bytes begins.
struct Target: Sendable {
    let name: String
    let run: @Sendable ([UInt8]) -> Void
}

/// What must hold of accepted input.
private func require(_ holds: Bool, _ promise: String) {
    precondition(holds, promise)
}

private let key = try? SigningKey(seed: [UInt8](repeating: 7, count: 32))

let targets: [Target] = [
    Target(name: "json") { bytes in
        guard let value = try? StrictJSON.parse(bytes), let canonical = try? value.canonicalBytes() else { return }
        require((try? StrictJSON.parse(canonical)) == value, "canonical JSON reads back as the same value")
        require((try? StrictJSON.parse(canonical).canonicalBytes()) == canonical, "canonical JSON is its own canonical form")
    },
    Target(name: "dsse") { bytes in
        if let envelope = try? DSSEEnvelope(parsing: bytes) {
            require(envelope.canonicalBytes == bytes, "an envelope has one spelling")
        }
        if let envelope = try? DSSEEnvelope(importing: bytes), let again = try? DSSEEnvelope(importing: envelope.canonicalBytes) {
            require(again == envelope, "an imported envelope survives its canonical form")
        }
    },
    Target(name: "statement") { bytes in
        guard let statement = try? Statement(parsingUnverified: bytes) else { return }
        if let canonical = try? statement.canonicalBytes() {
            require((try? Statement(parsingUnverified: canonical)) == statement, "a statement reads back")
        }
        if let event = try? LedgerEvent(statement), let again = try? event.statement() {
            require(again == statement, "an event has one statement")
        }
        _ = try? UnlearningCertificate(statement)
        _ = try? TestResult(statement)
    },
    Target(name: "note") { bytes in
        guard let note = try? SignedNote(parsing: bytes) else { return }
        require(note.bytes == bytes, "a note has one spelling")
        if let key, let verifier = try? NoteVerifier(name: "fuzz.example/log", key: key.publicKey) {
            _ = try? note.verify(with: [verifier])
        }
    },
    Target(name: "checkpoint") { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        guard let checkpoint = try? Checkpoint(parsing: text) else { return }
        require(Array(checkpoint.text.utf8) == Array(text.utf8), "a checkpoint has one spelling")
    },
    Target(name: "proof") { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        guard let proof = try? TransparencyProof(parsing: text) else { return }
        require(Array(proof.text.utf8) == Array(text.utf8), "a proof has one spelling")
        let name = (try? Checkpoint(parsing: proof.checkpoint.text))?.origin ?? "fuzz.example/log"
        if let key, let log = try? NoteVerifier(name: name, key: key.publicKey) {
            require(
                (try? proof.verify(leafHash: Digest(sha256: [1]), log: log)) == nil, "nothing verifies without a signature")
        }
    },
    Target(name: "vkey") { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        guard let key = try? NoteVerifier(vkey: text) else { return }
        require(Array(key.vkey.utf8).count == bytes.count, "a verifier key has one length")
    },
    Target(name: "witness-request") { bytes in _ = try? WitnessRequest(parsing: bytes) },
    Target(name: "witness-policy") { bytes in _ = try? WitnessPolicy(parsing: bytes) },
    Target(name: "certificate") { bytes in
        guard let file = try? CertificateFile(parsing: bytes) else { return }
        require((try? file.bytes()) == bytes, "a certificate file has one spelling")
        if let key {
            require(
                (try? CertificateVerifier.verify(bytes, trusting: TrustFile(key: key.publicKey))) == nil,
                "nothing verifies without a signature")
        }
    },
    Target(name: "trust") { bytes in
        guard let trust = try? TrustFile(parsing: String(decoding: bytes, as: UTF8.self)) else { return }
        require((try? TrustFile(parsing: trust.text)) == trust, "a trust file reads back")
    },
    Target(name: "policy") { bytes in
        guard let policy = try? Policy(yaml: bytes) else { return }
        _ = policy.digest
        _ = policy.explanation
    },
    Target(name: "request") { bytes in
        // The payload behind a good signature: nothing of it is read before.
        guard let key, let now = try? Timestamp("2026-03-02T09:00:00Z") else { return }
        let checker = RequestChecker(audience: "fuzz.example/log", requesterKeys: [key.publicKey])
        _ = try? checker.check(bytes, now: now)
        if let envelope = try? DSSEEnvelope(signing: bytes, with: [key]) {
            _ = try? checker.check(envelope.canonicalBytes, now: now)
        }
    },
    Target(name: "pem") { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        if let key = try? VerifyingKey(pem: text) {
            require((try? VerifyingKey(pem: key.pem)) == key, "a public key reads back")
        }
        if let key = try? SigningKey(pem: text) {
            require((try? SigningKey(pem: key.pem))?.publicKey == key.publicKey, "a private key reads back")
        }
        _ = try? VerifyingKey(der: bytes)
    },
    Target(name: "timestamp") { bytes in
        _ = try? TimestampResponse(der: bytes)
        _ = try? TimestampQuery(der: bytes)
    },
    Target(name: "number") { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        if let moment = try? Timestamp(text) { require("\(moment)" == text, "a time has one spelling") }
        if let number = DecimalNumber(text) {
            require(number.isEqual(to: number) && !number.isLess(than: number), "a number equals itself")
        }
        _ = try? CivilDate(text)
        _ = RequestID(text)
    },
    Target(name: "gzip") { bytes in _ = try? Gzip.inflate(bytes, limit: 1 << 16) },
    Target(name: "safetensors") { bytes in
        guard let file = try? SafetensorsFile.parse(bytes) else { return }
        for tensor in file.tensors.values {
            require(tensor.range.lowerBound >= 0 && tensor.range.upperBound <= bytes.count, "a tensor lies in its file")
        }
    },
    Target(name: "tokenizer") { bytes in _ = try? checkSentencePieceModel(bytes) },
]
