import LetheCrypto
import LetheLog
import LetheRequests
import LetheStatements

extension AuditPass {
    /// Reads every entry in order: position, form, signatures, meaning; builds tree, keys, views and certificate chain.
    mutating func replayEntries() throws {
        var next: UInt64 = 0
        noteRoot()
        // The closure must not capture `self` while it changes: collect one row at a time.
        var pass = self
        try Cells.forEach(db, "SELECT idx, bytes FROM entries ORDER BY idx") { row in
            guard let index = row[0].unsigned, let bytes = row[1].blob else {
                pass.report(.schema("entries"), "row", expected: "an index and bytes", found: row[0].excerpt)
                return
            }
            // A missing entry is stood in for by its stored leaf hash, so that the entries after it are judged on their own.
            while next < index, let leafHash = try? pass.tables.node(level: 0, position: next) {
                pass.report(.entry(next), "row", expected: "one in table entries", found: "none")
                pass.grow(by: leafHash, at: next)
                next += 1
            }
            guard index == next else {
                pass.report(.entry(index), "row", expected: "none beyond entry \(next)", found: "a row")
                return
            }
            next += 1
            pass.replay(bytes, at: index)
        }
        while let leafHash = try? pass.tables.node(level: 0, position: next) {
            pass.report(.entry(next), "row", expected: "one in table entries", found: "none")
            pass.grow(by: leafHash, at: next)
            next += 1
        }
        self = pass
    }

    private mutating func grow(by leafHash: Digest, at index: UInt64) {
        checkNode(level: 0, position: index, leafHash, entry: index)
        for node in range.append(leafHash) {
            checkNode(level: node.level, position: node.position, node.hash, entry: index)
        }
        noteRoot()
    }

    private mutating func replay(_ bytes: [UInt8], at index: UInt64) {
        let leafHash = MerkleTree.leafHash(bytes)
        grow(by: leafHash, at: index)
        let content: EntryContent
        do { content = try EntryContent(bytes) } catch {
            report(.entry(index), "form", expected: "an entry of this log", found: "\(error)")
            return
        }
        let signers = checkSignatures(content, at: index)
        switch content.event {
        case .key(let event)?:
            do { try keys.apply(event, at: index, signers: signers) } catch {
                report(.entry(index), "key event", expected: "one that takes effect", found: "\(error)")
            }
        case let event?:
            do { try state.apply(event, at: index) } catch {
                report(.entry(index), "event", expected: "one that follows from the entries before", found: "\(error)")
                return
            }
            checkReferences(of: event, at: index)
        case nil:
            if content.statement.predicateType == PredicateType.unlearningCertificate {
                checkCertificate(content, bytes, leafHash, at: index)
            }
        }
    }

    /// Every signature must be by a key that is valid at this index, one of them by a key with the entry's role.
    private mutating func checkSignatures(_ content: EntryContent, at index: UInt64) -> [VerifyingKey] {
        let valid = keys.keys(at: index)
        let signers = (try? content.envelope.verify(trusting: valid))?.signers ?? []
        let named = content.envelope.signatures.map(\.keyID)
        if !keys.keys(content.role, at: index).contains(where: signers.contains) {
            report(
                .entry(index), "signature", expected: "a valid one by a \(content.role.rawValue) key registered before",
                found: signers.isEmpty
                    ? "none by any registered key (names \(named.map { Printable.quoted($0, limit: 16) }.joined(separator: ", ")))"
                    : "one by key \(signers.map(\.keyID).joined(separator: ", "))")
        } else if Set(named) != Set(signers.map(\.keyID)) || named.count != signers.count {
            report(
                .entry(index), "signatures", expected: "one by each key named, all valid",
                found: "\(named.count) of which \(signers.count) are valid")
        }
        return signers
    }

    /// What an event refers to must exist and be what it says.
    private mutating func checkReferences(of event: LedgerEvent, at index: UInt64) {
        switch event {
        case .run(let event):
            switch event.step {
            case .seedsDrawn(let source), .referenceSeedsDrawn(let source):
                let stored = roots[source.checkpointSize]
                if stored != source.rootHash {
                    report(
                        .entry(index), "checkpoint",
                        expected: stored.map { "root \($0)" } ?? "a stored checkpoint of size \(source.checkpointSize)",
                        found: "root \(source.rootHash)")
                }
            default: break
            }
        case .request(let event):
            if case .changed(.fulfilled(let entry), _) = event.kind,
                certificates.requests[entry] != event.requestID.text
            {
                report(
                    .entry(index), "certificateEntry",
                    expected: "the index of a certificate of request \(event.requestID)",
                    found: "\(entry)")
            }
        case .key, .policy, .model, .shred: break
        }
    }

    private mutating func checkCertificate(
        _ content: EntryContent, _ bytes: [UInt8], _ leafHash: Digest, at index: UInt64
    ) {
        let claim: CertificateClaim
        do { claim = try CertificateClaim(content.statement) } catch {
            report(.entry(index), "certificate", expected: "the members of a certificate", found: "\(error)")
            return
        }
        if claim.previous != certificates.last {
            report(
                .entry(index), "previousCertificate",
                expected: certificates.last.map { "entry \($0.index) with SHA-256 \($0.sha256)" } ?? "null",
                found: claim.previous.map { "entry \($0.index) with SHA-256 \($0.sha256)" } ?? "null")
        }
        certificates.last = CertificateChain.Link(sha256: Digest(sha256: bytes), index: index)
        certificates.requests[index] = claim.requestID
        guard let request = RequestID(claim.requestID).flatMap({ state.requests[$0] }) else {
            report(
                .entry(index), "request", expected: "one that was received before",
                found: Printable.quoted(claim.requestID))
            return
        }
        if claim.receivedIndex != request.receivedIndex {
            report(
                .entry(index), "request.receivedEntry.index", expected: "\(request.receivedIndex)",
                found: "\(claim.receivedIndex)")
        } else if let entry = try? tables.entry(request.receivedIndex),
            MerkleTree.leafHash(entry) != claim.receivedLeafHash
        {
            report(
                .entry(index), "request.receivedEntry.leafHash", expected: "\(MerkleTree.leafHash(entry))",
                found: "\(claim.receivedLeafHash)")
        }
        if claim.subjectCommitment != request.subjectCommitment {
            report(
                .entry(index), "request.subjectCommitment", expected: "\(request.subjectCommitment)",
                found: "\(claim.subjectCommitment)")
        }
    }

    private mutating func noteRoot() {
        if wantedSizes.contains(range.size) { roots[range.size] = range.rootHash }
    }

    private mutating func checkNode(level: Int, position: UInt64, _ hash: Digest, entry: UInt64) {
        nodeCount += 1
        let stored = try? tables.node(level: level, position: position)
        guard stored != hash else { return }
        let isLeaf = level == 0
        report(
            isLeaf ? .entry(entry) : .node(level: "\(level)", position: "\(position)"), entry: entry,
            isLeaf ? "leaf hash" : "hash", expected: stored.map { "\($0) as stored in the tree" } ?? "a stored node",
            found: "\(hash) from the entries")
    }
}

/// The certificates of a log so far.
struct CertificateChain {
    struct Link: Equatable {
        let sha256: Digest
        let index: UInt64
    }

    var last: Link?
    /// Whose certificate an entry is.
    var requests: [UInt64: String] = [:]
}

/// What ties a certificate to the log; the rest of it is the certificate verifier's business.
private struct CertificateClaim {
    let requestID: String
    let subjectCommitment: Digest
    let receivedIndex: UInt64
    let receivedLeafHash: Digest
    let previous: CertificateChain.Link?

    init(_ statement: Statement) throws(FieldError) {
        let fields = statement.fields
        let request = try fields.member("request")
        let received = try request.member("receivedEntry")
        requestID = try request.member("requestId").string()
        subjectCommitment = try request.member("subjectCommitment").digest()
        receivedIndex = try received.member("index").wholeNumber()
        receivedLeafHash = try received.member("leafHash").digest()
        previous = try fields.nullable("previousCertificate").map { (previous) throws(FieldError) in
            CertificateChain.Link(
                sha256: try previous.member("sha256").digest(), index: try previous.member("index").wholeNumber())
        }
    }
}
