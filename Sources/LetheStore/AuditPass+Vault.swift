import LetheBytes
import LetheCrypto
import LetheRequests

extension AuditPass {
    /// A vault row and what must come out of it.
    private struct Row: Sendable {
        let id: RequestID
        let receivedIndex: UInt64
        let subjectCommitment: Digest
        let requestCommitment: Digest
        let wrapped: [UInt8]?
        let sealed: [UInt8]?
        /// The tag that its request is found by; nil where the ledger has no tags.
        let tag: Cell?

        /// What is wrong with it.
        func finding(_ masterKey: MasterKey) -> AuditFinding? {
            func finding(_ field: String, _ expected: String, _ found: String) -> AuditFinding {
                AuditFinding(.vault(id.text), entry: receivedIndex, field: field, expected: expected, found: found)
            }
            guard let wrapped, let key = masterKey.unwrap(wrapped, for: id) else {
                return finding("wrapped_key", "a key under this master key", "bytes that do not open")
            }
            guard let sealed, let item = VaultItem(opening: sealed, key: key, requestID: id) else {
                return finding("sealed", "the request sealed under its key", "bytes that do not open")
            }
            guard item.requestID == id, key.commitment(toSubject: item.identity) == subjectCommitment,
                key.commitment(toRequest: item.rawRequest) == requestCommitment
            else { return finding("sealed", "what the commitments in the log were made of", "something else") }
            if let tag, tag != .text(masterKey.tag(of: item.subject).hex) {
                return finding(
                    "subject_tag", "the tag of its subject under this master key",
                    tag == .null ? "none" : "another")
            }
            return nil
        }
    }

    /// Every request that was not shredded has a row that opens to what the log commits to; no other request has one.
    ///
    /// Both tables are read once in the order of their keys; rows are opened on all cores, or not even read where there is no key.
    mutating func checkVault(masterKey: MasterKey?) throws {
        let opens = masterKey != nil
        let (commitments, sealed) =
            opens ? ("subject_commitment, request_commitment", "wrapped_key, sealed") : ("NULL, NULL", "NULL, NULL")
        var requests = try RowStream(
            db, "SELECT request_id, received_index, shredded_index, \(commitments) FROM requests ORDER BY request_id")
        let hasTags = try tables.hasSubjectTags()
        let tag =
            opens && hasTags
            ? "(SELECT tag FROM subject_tags WHERE subject_tags.request_id = vault.request_id)" : "NULL"
        var rows = try RowStream(db, "SELECT request_id, \(sealed), \(tag) FROM vault ORDER BY request_id")
        var request = try requests.next()
        var missing: [(id: String, receivedIndex: UInt64)] = []
        var seen: Set<RequestID> = []
        var window: [Row] = []
        func isBefore(_ left: Cell, _ right: Cell) -> Bool {
            (left.blob ?? []).lexicographicallyPrecedes(right.blob ?? [])
        }
        /// A request whose row did not come.
        func passOver(_ request: [Cell]) {
            let id = request[0].text
            if let known = RequestID(id), suspects.contains(known) { return }
            if request[2] == .null { missing.append((id, request[1].unsigned ?? 0)) }
        }
        while let row = try rows.next() {
            while let candidate = request, isBefore(candidate[0], row[0]) {
                passOver(candidate)
                request = try requests.next()
            }
            let stored = request?[0] == row[0] ? request : nil
            if stored != nil { request = try requests.next() }
            let id = row[0].string.flatMap { RequestID($0) }
            var expected: Row?
            var isKnown = false
            var shredded: UInt64?
            if let id, suspects.contains(id) {
                seen.insert(id)
                let record = derived.requests[id]
                isKnown = record != nil
                shredded = record?.shreddedIndex
                expected = record.map {
                    Row(
                        id: id, receivedIndex: $0.receivedIndex, subjectCommitment: $0.subjectCommitment,
                        requestCommitment: $0.requestCommitment, wrapped: row[1].blob, sealed: row[2].blob,
                        tag: hasTags ? row[3] : nil)
                }
            } else if let id, let stored, let received = stored[1].unsigned {
                shredded = stored[2].unsigned
                if opens, let subject = stored[3].string.flatMap({ try? Digest(hex: $0) }),
                    let commitment = stored[4].string.flatMap({ try? Digest(hex: $0) })
                {
                    expected = Row(
                        id: id, receivedIndex: received, subjectCommitment: subject, requestCommitment: commitment,
                        wrapped: row[1].blob, sealed: row[2].blob, tag: hasTags ? row[3] : nil)
                }
                isKnown = expected != nil || !opens
            }
            guard isKnown, shredded == nil else {
                report(
                    .vault(Printable.quoted(row[0].text)), entry: shredded, "row",
                    expected: shredded.map { "none: its key was destroyed by entry \($0)" }
                        ?? "none: no entry speaks of it",
                    found: "a row")
                continue
            }
            guard let expected, opens else { continue }
            window.append(expected)
            if window.count == 1_024 { open(&window, masterKey) }
        }
        open(&window, masterKey)
        while let candidate = request {
            passOver(candidate)
            request = try requests.next()
        }
        for record in derived.requests.values where record.shreddedIndex == nil && !seen.contains(record.requestID) {
            missing.append((record.requestID.text, record.receivedIndex))
        }
        if hasTags { try checkSurplusTags() }
        for request in missing.sorted(by: { $0.receivedIndex < $1.receivedIndex }) {
            report(
                .vault(request.id), entry: request.receivedIndex, "row",
                expected: "one, as no shred event was logged", found: "none")
        }
    }

    /// A tag without personal data would still link a person's requests after they were shredded.
    private mutating func checkSurplusTags() throws {
        let surplus = try Cells.fetch(
            db,
            """
            SELECT request_id FROM subject_tags WHERE request_id NOT IN (SELECT request_id FROM vault) ORDER BY request_id
            """)
        for row in surplus {
            report(
                .vault(Printable.quoted(row[0].text)), "subject_tag", expected: "none: the vault has no such row",
                found: "a tag")
        }
    }

    private mutating func open(_ window: inout [Row], _ masterKey: MasterKey?) {
        guard let masterKey else { return }
        findings += window.concurrentMap(chunk: 16) { $0.finding(masterKey) }.compactMap(\.self)
        window = []
    }
}
