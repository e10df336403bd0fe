import LetheBytes
import LetheCrypto
import LetheLog
import LetheRequests
import LetheStatements

/// What can be found out about an entry without the entries before it: the expensive part, done on all cores.
///
/// A class for the same reason as `EntryContent`.
final class ReadEntry: Sendable {
    let index: UInt64
    let bytes: [UInt8]
    let leafHash: Digest
    let content: Result<EntryContent, EntryRefusal>
    /// Keys whose signature was found to be valid, tried by the hint that comes with it.
    let signers: [VerifyingKey]
    /// Whether every signature is by the key that it names.
    let isResolved: Bool

    fileprivate init(
        index: UInt64, bytes: [UInt8], content: Result<EntryContent, EntryRefusal>, signers: [VerifyingKey],
        isResolved: Bool
    ) {
        self.index = index
        self.bytes = bytes
        leafHash = MerkleTree.leafHash(bytes)
        self.content = content
        self.signers = signers
        self.isResolved = isResolved
    }
}

/// Reads entries one after the other on one core.
private struct EntryReader {
    /// Keys by their id, whether they may sign at an index or not.
    let known: [String: VerifyingKey]
    /// False to believe the hints.
    let checksSignatures: Bool
    private var checks: [String: SignatureCheck] = [:]

    init(known: [String: VerifyingKey], checksSignatures: Bool) {
        self.known = known
        self.checksSignatures = checksSignatures
    }

    mutating func read(_ index: UInt64, _ bytes: [UInt8]) -> ReadEntry {
        let content = Result { () throws(EntryRefusal) in try EntryContent(bytes) }
        var signers: [VerifyingKey] = []
        var isResolved = true
        if case .success(let content) = content {
            let envelope = content.envelope
            let message =
                checksSignatures
                ? DSSEEnvelope.preAuthenticationEncoding(type: envelope.payloadType, payload: envelope.payload) : []
            for signature in envelope.signatures {
                guard let key = signer(of: signature, over: message) else {
                    isResolved = false
                    continue
                }
                if !signers.contains(key) { signers.append(key) }
            }
        }
        return ReadEntry(index: index, bytes: bytes, content: content, signers: signers, isResolved: isResolved)
    }

    /// The key that the signature names, where it is by that.
    private mutating func signer(of signature: DSSEEnvelope.Signature, over message: [UInt8]) -> VerifyingKey? {
        guard checksSignatures else { return known[signature.keyID] }
        if checks[signature.keyID] == nil { checks[signature.keyID] = known[signature.keyID].map(SignatureCheck.init) }
        guard let check = checks[signature.keyID], check.isValid(signature: signature.bytes, for: message) else {
            return nil
        }
        return check.key
    }
}

extension AuditPass {
    /// How many entries are read, checked on one core and forgotten together: few, so that they are still in its cache when the
    /// replay takes them.
    private static var window: Int { 128 }
    /// How many windows are on their way: more than there are cores, so that none waits for the next to be read.
    private static var windowsAhead: Int { 2 * Cores.count + 2 }

    /// Reads every entry in order: position, form, signatures, meaning; builds tree, keys, views and certificate chain.
    mutating func replayEntries() throws {
        var rows = try RowStream(db, "SELECT idx, bytes FROM entries ORDER BY idx")
        var next: UInt64 = 0
        let named = try keysNamedInTheLog()
        try noteCheckpoint()
        var ahead: [Ahead<[ReadEntry]>] = []
        while true {
            while ahead.count < Self.windowsAhead, let window = try readWindow(&rows, naming: named) {
                ahead.append(window)
            }
            guard !ahead.isEmpty else { break }
            for entry in ahead.removeFirst().take() {
                try standIn(from: &next, to: entry.index)
                guard entry.index == next else {
                    report(.entry(entry.index), "row", expected: "none beyond entry \(next)", found: "a row")
                    continue
                }
                next += 1
                try replay(entry)
            }
            try checkReachedCheckpoints()
        }
        try standIn(from: &next, to: .max)
        try checkReachedCheckpoints()
    }

    /// The keys of the first key events that table `registrations` leads to, by id, so that the signatures of a window can be checked
    /// before the entries in front of it have registered their keys. Whether a key may sign is decided later and elsewhere: a table that
    /// lies costs time alone.
    private func keysNamedInTheLog() throws -> [String: VerifyingKey] {
        var named: [String: VerifyingKey] = [:]
        var rows = try RowStream(
            db,
            """
            SELECT bytes FROM registrations JOIN entries USING (idx) WHERE type = CAST(? AS TEXT) ORDER BY idx LIMIT 1024
            """, [.text(PredicateType.keyEvent)])
        while let row = try rows.next() {
            guard let bytes = row[0].blob, case .key(let event)? = try? EntryContent(bytes).event else { continue }
            named[event.key.keyID] = event.key
        }
        return named
    }

    /// The next entries, being read by themselves on a core; nil after the last.
    private mutating func readWindow(
        _ rows: inout RowStream, naming named: [String: VerifyingKey]
    ) throws -> Ahead<[ReadEntry]>? {
        var window: [(index: UInt64, bytes: [UInt8])] = []
        while window.count < Self.window,
            let row = try rows.next({ (index: Cells.cell($0, 0), bytes: Cells.cell($0, 1)) })
        {
            guard let index = row.index.unsigned, let bytes = row.bytes.blob else {
                report(.schema("entries"), "row", expected: "an index and bytes", found: row.index.excerpt)
                continue
            }
            window.append((index, bytes))
        }
        guard !window.isEmpty else { return nil }
        let known = keys.registrations.mapValues(\.key).merging(named) { registered, _ in registered }
        return Ahead { [checksSignatures, window] in
            var reader = EntryReader(known: known, checksSignatures: checksSignatures)
            return window.map { reader.read($0.index, $0.bytes) }
        }
    }

    /// A missing entry is stood in for by its stored leaf hash, so that the entries after it are judged on their own.
    private mutating func standIn(from next: inout UInt64, to index: UInt64) throws {
        while next < index, let leafHash = try? tables.node(level: 0, position: next) {
            report(.entry(next), "row", expected: "one in table entries", found: "none")
            try grow(by: leafHash, at: next)
            next += 1
        }
    }

    private mutating func grow(by leafHash: Digest, at index: UInt64) throws {
        try checkNode(level: 0, position: index, leafHash, entry: index)
        for node in range.append(leafHash) {
            try checkNode(level: node.level, position: node.position, node.hash, entry: index)
        }
        try noteCheckpoint()
    }

    private mutating func checkNode(level: Int, position: UInt64, _ hash: Digest, entry: UInt64) throws {
        let stored = try nodes.stored(level: level, position: position)
        guard stored != hash else { return }
        let isLeaf = level == 0
        report(
            isLeaf ? .entry(entry) : .node(level: "\(level)", position: "\(position)"), entry: entry,
            isLeaf ? "leaf hash" : "hash", expected: stored.map { "\($0) as stored in the tree" } ?? "a stored node",
            found: "\(hash) from the entries")
    }

    private mutating func replay(_ entry: ReadEntry) throws {
        try grow(by: entry.leafHash, at: entry.index)
        let content: EntryContent
        switch entry.content {
        case .success(let value): content = value
        case .failure(let error):
            report(.entry(entry.index), "form", expected: "an entry of this log", found: "\(error)")
            return
        }
        let signers = checkSignatures(entry, content)
        switch content.meaning {
        case .event(let event): try replay(event, entry, signers)
        case .evidence(let statement):
            if statement.predicateType == PredicateType.unlearningCertificate {
                decisions.noteCertificate()
                try checkCertificate(statement, entry)
            }
        }
    }

    private mutating func replay(_ event: LedgerEvent, _ entry: ReadEntry, _ signers: [VerifyingKey]) throws {
        checkTime(of: event, at: entry.index)
        if let type = event.registration { registrations.append((type, entry.index)) }
        checkDecision(event, at: entry.index, signers)
        switch event {
        case .key(let event):
            do { try keys.apply(event, at: entry.index, signers: signers) } catch {
                report(.entry(entry.index), "key event", expected: "one that takes effect", found: "\(error)")
            }
        case .run(let event):
            do { try state.apply(.run(event), at: entry.index) } catch {
                report(
                    .entry(entry.index), "event", expected: "one that follows from the entries before",
                    found: "\(error)")
                return
            }
            checkSeeds(of: event, at: entry.index)
            noteEvidence(of: event, at: entry.index)
        case .notification(let notification):
            do { try state.apply(event, at: entry.index) } catch {
                report(
                    .entry(entry.index), "event", expected: "one that follows from the entries before",
                    found: "\(error)")
                return
            }
            notified[notification.runID, default: [:]][notification.recipient] = notification.outcome.certified
        case .request(let change): try follow(event, of: change.requestID, at: entry.index)
        case .shred(let destruction): try follow(event, of: destruction.requestID, at: entry.index)
        case .policy, .model: break
        }
    }

    /// Every signature must be by a key that is valid at this index or takes over here, one of them by a key with the entry's role.
    private mutating func checkSignatures(_ entry: ReadEntry, _ content: EntryContent) -> [VerifyingKey] {
        let index = entry.index
        let event: KeyEvent? = if case .key(let event) = content.event { event } else { nil }
        var signers = entry.signers.filter { keys.counts($0, at: index, signing: event) }
        // The hint decides nothing: where it did not lead to a key, every key is tried.
        if !entry.isResolved {
            let trusted = event.map { keys.keys(at: index, signing: $0) } ?? keys.keys(at: index)
            signers = (try? content.envelope.verify(trusting: trusted))?.signers ?? []
        }
        let named = content.envelope.signatures.map(\.keyID)
        // What nearly every entry is, without sets.
        if signers.count == 1, named.count == 1, named[0] == signers[0].keyID,
            keys.registrations[named[0]]?.role == content.role
        {
            return signers
        }
        if !signers.contains(where: { keys.registrations[$0.keyID]?.role == content.role }) {
            report(
                .entry(index), "signature", expected: "a valid one by a \(content.role.rawValue) key registered before",
                found: signers.isEmpty
                    ? "none by any registered key (names \(named.map { Printable.quoted($0, limit: 16) }.joined(separator: ", ")))"
                    : "one by key \(signers.map(\.keyID).joined(separator: ", "))")
        } else if named.count != signers.count || Set(named) != Set(signers.map(\.keyID)) {
            report(
                .entry(index), "signatures", expected: "one by each key named, all valid",
                found: "\(named.count) of which \(signers.count) are valid")
        }
        return signers
    }

    /// A decision must be signed by persons who might take it, under the policy that was in force.
    private mutating func checkDecision(_ event: LedgerEvent, at index: UInt64, _ signers: [VerifyingKey]) {
        let request: RequestRecord? =
            // Looked up where a rule may ask for it.
            switch event {
            case _ where decisions.rules == nil: nil
            case .request(let event): state.requests[event.requestID]
            case .shred(let event): state.requests[event.requestID]
            default: nil
            }
        let fault = decisions.judge(
            event, at: index, signers: signers, keys: keys, request: request, checksSignatures: checksSignatures)
        if let fault { report(.entry(index), fault.field, expected: fault.expected, found: fault.found) }
    }

    /// Entries do not go back in time, but for key events.
    private mutating func checkTime(of event: LedgerEvent, at index: UInt64) {
        if case .key = event {
            newestTime = event.at
            return
        }
        if let newest = newestTime, event.at < newest.adding(seconds: -LedgerClock.toleranceSeconds) {
            report(
                .entry(index), "at", expected: "a time not before \(newest), that of an entry before",
                found: "\(event.at)")
        }
        newestTime = max(newestTime ?? event.at, event.at)
    }

    /// The root that the entries give at the size of a stored checkpoint.
    func root(at size: UInt64) -> Digest? {
        if let root = checkpoints.root(size) { return root }
        guard size <= range.size, (try? tables.checkpoint(size: size)).flatMap(\.self) != nil else { return nil }
        return try? tables.frontier(at: size).rootHash
    }

    /// The checkpoint that a run draws its seeds from must exist and be what it says.
    private mutating func checkSeeds(of event: RunEvent, at index: UInt64) {
        switch event.step {
        case .seedsDrawn(let source), .referenceSeedsDrawn(let source):
            let size = source.checkpointSize
            let stored = root(at: size)
            if stored != source.rootHash {
                report(
                    .entry(index), "checkpoint",
                    expected: stored.map { "root \($0)" } ?? "a stored checkpoint of size \(size)",
                    found: "root \(source.rootHash)")
            }
        default: break
        }
    }
}
