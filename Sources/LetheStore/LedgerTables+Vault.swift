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
        for row in unit.vault {
            try Cells.run(
                db, "INSERT INTO vault (request_id, wrapped_key, sealed) VALUES (CAST(? AS TEXT), ?, ?)",
                [.text(row.requestID.text), .bytes(row.wrappedKey), .bytes(row.sealed)])
        }
        for case .shred(let event)? in unit.events { try shred(event.requestID) }
    }

    private func hasVaultRow(_ id: RequestID) throws -> Bool {
        try Cells.first(db, "SELECT 1 FROM vault WHERE request_id = CAST(? AS TEXT)", [.text(id.text)]) != nil
    }

    private func shred(_ id: RequestID) throws {
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
        guard let wrapped = row[0].blob, let sealed = row[1].blob, let key = masterKey.unwrap(wrapped, for: id),
            let item = VaultItem(opening: sealed, key: key, requestID: id)
        else { throw StoreError.vaultUnreadable(id) }
        return item
    }
}
