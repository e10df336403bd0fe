import GRDB
import LetheCrypto
public import LetheLog

// A checkpoint's row holds what the log signed and never changes; what witnesses and timestamp authorities say of it later lies in
// tables of its own, one row a key. Reading joins them again, so that a checkpoint is always handed out with all that is known.

extension LedgerStore {
    /// Stores witnesses' cosignatures of the checkpoint over `size` entries.
    ///
    /// Each must verify under one of `witnesses`; the first that a key gave is kept, so storing again changes nothing.
    /// - Returns: the checkpoint with all its cosignatures.
    /// - Throws: `.noSuchCheckpoint`; `.cosignatureRefused` where one does not verify: then none is stored.
    @discardableResult
    public func addCosignatures(
        _ cosignatures: [NoteSignature], size: UInt64, witnesses: [NoteVerifier]
    ) throws(StoreError) -> SignedNote {
        try write { tables in
            guard let stored = try tables.checkpoint(size: size) else { throw StoreError.noSuchCheckpoint(size: size) }
            for cosignature in cosignatures {
                try tables.requireValid(cosignature, of: stored, by: witnesses)
                try Cells.run(
                    tables.db,
                    """
                    INSERT INTO cosignatures (size, key_name, key_id, line)
                    VALUES (?, CAST(? AS TEXT), ?, CAST(? AS TEXT)) ON CONFLICT DO NOTHING
                    """,
                    [
                        .position(size), .text(cosignature.name), .integer(Int64(cosignature.keyID)),
                        .text(cosignature.line),
                    ])
            }
            return try tables.cosigned(stored)
        }
    }

    /// The size of the last checkpoint up to `size` that one of these witnesses cosigned; 0 where there is none.
    public func lastCosignedSize(below size: UInt64, by witnesses: [NoteVerifier]) throws(StoreError) -> UInt64 {
        try read { tables in
            try witnesses.map { witness in
                try Cells.fetch(
                    tables.db,
                    """
                    SELECT size FROM cosignatures WHERE size <= ? AND key_name = CAST(? AS TEXT) AND key_id = ?
                    ORDER BY size DESC LIMIT 1
                    """,
                    [Int64(clamping: size), Cell.text(witness.name).databaseValue, Int64(witness.keyID)]
                ).first?.first?.unsigned ?? 0
            }.max() ?? 0
        }
    }

    /// The sizes of the checkpoints over more than `index` entries that somebody cosigned or stamped, the largest first.
    public func vouchedSizes(covering index: UInt64) throws(StoreError) -> [UInt64] {
        try read { tables in
            try Cells.fetch(
                tables.db,
                """
                SELECT size FROM cosignatures WHERE size > ?1 UNION SELECT size FROM timestamps WHERE size > ?1
                ORDER BY size DESC
                """, [.position(index)]
            ).compactMap(\.[0].unsigned)
        }
    }
}

extension LedgerTables {
    /// The checkpoint's note with the cosignatures that are stored beside it, in the order of their keys.
    ///
    /// Fails closed: a row that is not a signature line by the key it is stored under is `.badCheckpoint`.
    func cosigned(_ stored: StoredCheckpoint) throws -> SignedNote {
        let rows = try Cells.fetch(
            db,
            "SELECT CAST(key_name AS BLOB), key_id, CAST(line AS BLOB) FROM cosignatures WHERE size = ? ORDER BY key_name, key_id",
            [.position(stored.size)])
        guard !rows.isEmpty else { return stored.note }
        let lines = try rows.map { row in
            guard let signature = Self.cosignature(name: row[0], keyID: row[1], line: row[2]) else {
                throw StoreError.badCheckpoint(
                    size: stored.size,
                    detail: "the cosignature by \(row[0].excerpt) is not a signature line of that key")
            }
            return signature
        }
        do { return try stored.note.adding(lines) } catch {
            throw StoreError.badCheckpoint(size: stored.size, detail: "\(error)")
        }
    }

    /// A stored cosignature; nil unless the row says what its line says.
    static func cosignature(name: Cell, keyID: Cell, line: Cell) -> NoteSignature? {
        guard let bytes = line.blob, bytes.last == UInt8(ascii: "\n"),
            let signature = NoteSignature(line: bytes.dropLast()), Array(signature.line.utf8) == bytes,
            name == .text(signature.name), keyID == .integer(Int64(signature.keyID))
        else { return nil }
        return signature
    }

    fileprivate func requireValid(
        _ cosignature: NoteSignature, of stored: StoredCheckpoint, by witnesses: [NoteVerifier]
    ) throws {
        guard
            let witness = witnesses.first(where: { $0.kind == .cosignatureV1 && $0.isNamed(by: cosignature) })
        else {
            throw StoreError.cosignatureRefused(
                size: stored.size, detail: "\(Printable.quoted(cosignature.name)) is not one of the witnesses asked")
        }
        do { _ = try SignedNote(text: stored.note.text, signatures: [cosignature]).verify(with: [witness]) } catch {
            throw StoreError.cosignatureRefused(size: stored.size, detail: "\(error)")
        }
    }
}
