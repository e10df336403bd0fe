import LetheCrypto
import LetheLog

/// What the stored cosignatures establish about the stored checkpoints.
struct WitnessedCheckpoints {
    /// Sizes of checkpoints that the log signed, that say what the entries say, and that a trusted witness cosigned; with the
    /// names of those witnesses.
    var good: [UInt64: [String]] = [:]
    /// Cosignatures by witnesses whose keys the auditor was not given: counted, neither failed nor believed.
    var unknownCount = 0

    /// The largest good one over at most `limit` entries: what an auditor can still rely on where entry `limit` is the first
    /// bad one.
    func last(within limit: UInt64) -> (size: UInt64, witnesses: [String])? {
        good.keys.filter { $0 <= limit }.max().flatMap { size in good[size].map { (size, $0) } }
    }
}

extension AuditPass {
    /// Every stored cosignature belongs to a stored checkpoint, is the line that its key says, and verifies where its witness
    /// is trusted. Comes after the replay, which has computed the roots.
    mutating func checkCosignatures() throws {
        let trusted = verifiers
        var stored: LedgerTables.StoredCheckpoint?
        let rows = try Cells.fetch(
            db,
            "SELECT size, CAST(key_name AS BLOB), key_id, CAST(line AS BLOB) FROM cosignatures ORDER BY size, key_name, key_id"
        )
        for row in rows {
            let place = AuditFinding.Place.cosignature(size: row[0].text, name: row[1].excerpt)
            if let size = row[0].unsigned, stored?.size != size { stored = try? tables.checkpoint(size: size) }
            guard let stored, row[0].unsigned == stored.size else {
                report(place, "size", expected: "that of a stored checkpoint", found: row[0].text)
                continue
            }
            let size = stored.size
            let covered = size > 0 && size <= range.size ? size - 1 : nil
            guard let signature = LedgerTables.cosignature(name: row[1], keyID: row[2], line: row[3]) else {
                report(
                    place, entry: covered, "line", expected: "a signature line by key \(row[2].text) of this name",
                    found: row[3].excerpt)
                continue
            }
            guard let witness = trusted.first(where: { $0.isNamed(by: signature) }) else {
                witnessed.unknownCount += 1
                continue
            }
            do {
                _ = try SignedNote(text: stored.note.text, signatures: [signature]).verify(with: [witness])
            } catch {
                report(place, entry: covered, "line", expected: "a valid cosignature", found: "\(error)")
                continue
            }
            if witness.kind == .cosignatureV1, isGood(stored) {
                witnessed.good[size, default: []].append(witness.name)
                witnessedSizes.insert(size)
            }
        }
    }

    /// Whether the log signed the checkpoint and the entries say the same. What is wrong with it was reported before.
    private func isGood(_ stored: LedgerTables.StoredCheckpoint) -> Bool {
        let checkpoint = stored.checkpoint
        return checkpoint.size == stored.size && checkpoint.origin == tables.origin
            && checkpoint.rootHash == root(at: stored.size) && (try? stored.note.verify(with: verifiers)) != nil
    }
}
