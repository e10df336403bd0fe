import GRDB
import LetheCrypto
import LetheRequests

/// The vault: personal data, sealed and erasable.
extension LedgerTables {
    /// Refuses a unit whose receipts come without the personal data that they commit to, or that has more of it, or that shreds
    /// what is not there.
    func checkVault(of unit: LedgerUnit) throws(StoreError) {
        var left = Dictionary(unit.vault.map { ($0.requestID, $0) }) { first, _ in first }
        for case .request(let event)? in unit.events {
            guard case .received(let receipt) = event.kind else { continue }
            guard let row = left.removeValue(forKey: event.requestID),
                row.requestCommitment == event.requestCommitment, row.subjectCommitment == receipt.subjectCommitment
            else { throw .vaultMismatch(event.requestID) }
        }
        if let surplus = left.keys.min() { throw .vaultMismatch(surplus) }
        for case .shred(let event)? in unit.events {
            let isStored: Bool
            do { isStored = try hasVaultRow(event.requestID) } catch { throw StoreError(error) }
            guard isStored || unit.vault.contains(where: { $0.requestID == event.requestID }) else {
                throw .vaultMissing(event.requestID)
            }
        }
    }

    /// Stores the personal data of a unit's receipts, and destroys that of every request whose shredding it logs.
    func writeVault(of unit: LedgerUnit) throws {
        let hasTags = try hasSubjectTags()
        for row in unit.vault {
            if hasTags { try insert(tag: row.subjectTag, of: row.requestID) }
            try Cells.run(
                db, "INSERT INTO vault (request_id, wrapped_key, sealed) VALUES (CAST(? AS TEXT), ?, ?)",
                [.text(row.requestID.text), .bytes(row.wrappedKey), .bytes(row.sealed)])
        }
        for case .shred(let event)? in unit.events { try shred(event.requestID) }
    }

    private func hasVaultRow(_ id: RequestID) throws -> Bool {
        try Cells.first(db, "SELECT 1 FROM vault WHERE request_id = CAST(? AS TEXT)", [.text(id.text)]) != nil
    }

    // MARK: Whose a row is

    /// Whether the ledger finds requests by person: one of version 2 does not.
    func hasSubjectTags() throws -> Bool {
        try Cells.first(db, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'subject_tags'") != nil
    }

    private func insert(tag: Digest, of id: RequestID) throws {
        try Cells.run(
            db, "INSERT INTO subject_tags (request_id, tag) VALUES (CAST(? AS TEXT), CAST(? AS TEXT))",
            [.text(id.text), .text(tag.hex)])
    }

    /// Adds the tags to a ledger of version 2.
    func indexSubjects(masterKey: MasterKey) throws {
        guard try !hasSubjectTags() else { return }
        try Schema.addSubjectTags(db)
        try Cells.forEach(db, "SELECT request_id, wrapped_key, sealed FROM vault") { row in
            guard let id = row[0].string.flatMap({ RequestID($0) }) else {
                throw StoreError.corrupt(detail: "vault row \(row[0].excerpt): no request id")
            }
            let item = try open(wrapped: row[1].blob, sealed: row[2].blob, of: id, masterKey: masterKey)
            try insert(tag: masterKey.tag(of: item.subject), of: id)
        }
    }

    /// Notes whom a request means; from now on it is found as that person's.
    func name(_ id: RequestID, as subject: SubjectIdentity, masterKey: MasterKey) throws {
        var item = try openVault(id, masterKey: masterKey)
        item.named = subject
        try Cells.run(
            db, "UPDATE vault SET sealed = ? WHERE request_id = CAST(? AS TEXT)",
            [.bytes(try item.seal()), .text(id.text)])
        guard try hasSubjectTags() else { return }
        try Cells.run(
            db, "UPDATE subject_tags SET tag = CAST(? AS TEXT) WHERE request_id = CAST(? AS TEXT)",
            [.text(masterKey.tag(of: subject).hex), .text(id.text)])
    }

    private func shred(_ id: RequestID) throws {
        if try hasSubjectTags() {
            try Cells.run(db, "DELETE FROM subject_tags WHERE request_id = CAST(? AS TEXT)", [.text(id.text)])
        }
        // Zeros first: with secure_delete the freed page is zeroed too, and the WAL is truncated after the commit.
        try Cells.run(
            db,
            """
            UPDATE vault SET wrapped_key = zeroblob(length(wrapped_key)), sealed = zeroblob(length(sealed))
            WHERE request_id = CAST(? AS TEXT)
            """, [.text(id.text)])
        try Cells.run(db, "DELETE FROM vault WHERE request_id = CAST(? AS TEXT)", [.text(id.text)])
        guard db.changesCount == 1 else { throw StoreError.vaultMissing(id) }
    }

    func openVault(_ id: RequestID, masterKey: MasterKey) throws -> VaultItem {
        let row = try Cells.first(
            db, "SELECT wrapped_key, sealed FROM vault WHERE request_id = CAST(? AS TEXT)", [.text(id.text)])
        guard let row else { throw StoreError.vaultMissing(id) }
        return try open(wrapped: row[0].blob, sealed: row[1].blob, of: id, masterKey: masterKey)
    }

    private func open(
        wrapped: [UInt8]?, sealed: [UInt8]?, of id: RequestID, masterKey: MasterKey
    ) throws(StoreError) -> VaultItem {
        guard let wrapped, let sealed, let key = masterKey.unwrap(wrapped, for: id),
            let item = VaultItem(opening: sealed, key: key, requestID: id)
        else { throw .vaultUnreadable(id) }
        return item
    }
}
