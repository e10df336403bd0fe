import HTTPMessages
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

/// Whether both are the same value, numbers compared as such: canonical JSON spells them anew.
private func isSame(_ a: JSONValue, _ b: JSONValue) -> Bool {
    switch (a, b) {
    case (.number, .number): a.doubleValue == b.doubleValue
    case (.array(let a), .array(let b)): a.count == b.count && zip(a, b).allSatisfy(isSame)
    case (.object(let a), .object(let b)):
        a.count == b.count && a.allSatisfy { member in b[member.key].map { isSame(member.value, $0) } ?? false }
    default: a == b
    }
}

private let key = try? SigningKey(seed: [UInt8](repeating: 7, count: 32))

/// What a witness was asked, and the witness.
private let asked: (request: WitnessRequest, witness: NoteVerifier)? = {
    guard let key, let log = try? NoteSigner(name: "fuzz.example/log", key: key),
        let checkpoint = try? Checkpoint(origin: "fuzz.example/log", size: 1, rootHash: Digest(sha256: [0])),
        let note = try? SignedNote(text: checkpoint.text, signers: [log]),
        let witness = try? NoteVerifier(name: "witness.example/w", key: key.publicKey, kind: .cosignatureV1)
    else { return nil }
    return (WitnessRequest(oldSize: 0, proof: [], note: note), witness)
}()

let targets: [Target] = [
    Target(name: "json") { bytes in
        guard let value = try? StrictJSON.parse(bytes), let canonical = try? value.canonicalBytes() else { return }
        let again = try? StrictJSON.parse(canonical)
        require(again.map { isSame($0, value) } ?? false, "canonical JSON reads back as the same value")
        require((try? StrictJSON.parse(canonical).canonicalBytes()) == canonical, "canonical JSON is its own canonical form")
    },
    Target(name: "dsse") { bytes in
        if let envelope = try? DSSEEnvelope(parsing: bytes) {
            require(envelope.canonicalBytes == bytes, "an envelope has one spelling")
        }
        if let proposal = try? Proposal(parsing: bytes) {
            let carried = proposal.approved(as: proposal.event).flatMap { try? Proposal(carriedBy: $0) }
            require(carried == proposal, "an entry carries the proposal that it approves")
        }
        if let rejection = try? Rejection(parsing: bytes) {
            require(rejection.envelope.canonicalBytes == bytes, "a rejection is one envelope")
        }
        if let envelope = try? DSSEEnvelope(importing: bytes), let again = try? DSSEEnvelope(importing: envelope.canonicalBytes) {
            require(again == envelope, "an imported envelope survives its canonical form")
        }
    },
    Target(name: "statement") { bytes in
        guard let statement = try? Statement(parsingUnverified: bytes) else { return }
        if let canonical = try? statement.canonicalBytes() {
            let again = try? Statement(parsingUnverified: canonical)
            require((try? again?.canonicalBytes()) == canonical, "a statement reads back")
        }
        _ = try? ErasureNotice(statement)
        if let event = try? LedgerEvent(statement), let again = try? event.statement() {
            require(again == statement, "an event has one statement")
            _ = try? Proposal(carriedBy: event)
        }
        _ = try? UnlearningCertificate(statement)
        _ = try? TestResult(statement)
    },
    Target(name: "event") { bytes in
        // Two readers of the same entries: what the one for the one spelling takes, the general one takes likewise, and the other way.
        let recognized = LedgerEvent(recognizing: bytes)
        let read = (try? Statement(parsingUnverified: bytes)).flatMap { try? LedgerEvent($0) }
        if let recognized {
            require(recognized == read, "both readers read the same event")
            require((try? recognized.statement().canonicalBytes()) == bytes, "an event has one spelling")
        } else if case .request(let event)? = read, event.extra.isEmpty {
            require((try? read?.statement().canonicalBytes()) != bytes, "a request's event in its one spelling is recognized")
        }
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
    Target(name: "witness-answer") { bytes in
        guard let asked else { return }
        for (status, type) in [(200, "text/plain"), (409, "text/x.tlog.size"), (403, "text/plain")] {
            let answer = WitnessAnswer(
                status: status, contentType: type, body: bytes, to: asked.request, witnesses: [asked.witness])
            if case .cosigned = answer { require(false, "nothing is cosigned without a signature") }
            if case .stale(let size) = answer { require(Array("\(size)\n".utf8) == bytes, "a size has one spelling") }
        }
    },
    Target(name: "http") { bytes in
        guard let (path, bodyCount, byteCount) = parseHTTPRequest(bytes) else { return }
        require(path.hasPrefix("/") && bodyCount < byteCount && byteCount <= bytes.count, "a request lies in its bytes")
        let again = parseHTTPRequest(Array(bytes.prefix(byteCount)))
        require(again?.path == path && again?.byteCount == byteCount, "what follows a request is no part of it")
        require(parseHTTPRequest(Array(bytes.prefix(byteCount - 1))) == nil, "a request is complete or not one")
    },
    Target(name: "tile") { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        if let tile = LogTile(path: text) {
            require(tile.path == text && (1...LogTile.fullWidth).contains(tile.width), "a tile has one path")
            require(tile.nodes.count == tile.width && tile.entryIndexes.count == tile.width, "a tile is as wide as it says")
        }
        if let entries = try? EntryBundle.decode(bytes) {
            require((try? EntryBundle.encode(entries)) == bytes, "a bundle of entries has one spelling")
        }
        // Eight bytes of size, and the same bytes as every tile of a log that large.
        let size = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        let reader = LogTileReader(size: size) { tile in Array(bytes.dropFirst(8).prefix(tile.width * Digest.byteCount)) }
        _ = try? reader.rootHash()
        _ = try? reader.node(level: Int(bytes.first ?? 0), position: size)
    },
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
    Target(name: "door") { bytes in
        // A body as it is, then one whose content is behind a good signature.
        guard let key, let now = try? Timestamp("2026-03-02T09:00:00Z") else { return }
        let drp = DRPChecker(businessID: "BIZ_B", agentID: "AGENT_A", agentKey: key.publicKey)
        let signed = Base64.encodedASCII(key.sign(bytes) + bytes)
        for request in [
            try? drp.check(bytes, now: now), try? drp.check(signed, now: now), try? OpenDSRChecker().check(bytes, now: now),
        ].compactMap(\.self) {
            require(!request.claims.isEmpty, "an accepted request names somebody")
            require(request.issuedAt < request.expiresAt, "an accepted request has a window")
        }
        _ = try? AgentDirectory(parsing: bytes)
        if let calendar = try? HolidayCalendar(parsing: bytes) {
            let text = calendar.days.sorted().map { "\($0)\n" }.joined()
            require((try? HolidayCalendar(parsing: Array(text.utf8))) == calendar, "holidays read back")
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
        if let response = try? TimestampResponse(der: bytes), let signer = response.signer,
            let verified = try? signer.verify(bytes, imprint: response.imprint)
        {
            require(verified.seconds == response.seconds, "the time that is verified is the one that is stated")
        }
        if let query = try? TimestampQuery(der: bytes) {
            require((try? TimestampQuery(der: query.der)) == query, "a query reads back")
        }
    },
    Target(name: "authority") { bytes in
        guard let authority = try? TimestampAuthority(pem: bytes) else { return }
        require((try? TimestampAuthority(pem: authority.pem)) == authority, "certificates read back")
        require(!authority.certificatesAlone.isEmpty, "an authority has a certificate")
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
    Target(name: "numpy") { bytes in
        guard let file = try? NumPyFile(bytes) else { return }
        require(file.values.count == file.shape.reduce(1, *), "an array has as many numbers as its shape says")
    },
    Target(name: "tokenizer") { bytes in _ = try? checkSentencePieceModel(bytes) },
]
