import GRDB
import LetheCrypto
import LetheLog
import LetheRequests

extension AuditPass {
    /// SQLite's own check, and the tables, indexes and triggers as this version creates them.
    mutating func checkSchema() throws {
        for row in try Cells.fetch(db, "PRAGMA integrity_check(20)") where row.first?.string != "ok" {
            report(.schema("database"), "integrity", expected: "ok", found: row.first?.excerpt ?? "nothing")
        }
        let expected = try Schema.expectedObjects()
        let found = try Schema.objects(db)
        for name in Set(expected.keys).union(found.keys).sorted() where expected[name] != found[name] {
            report(
                .schema(Printable.quoted(name)), "definition",
                expected: expected[name] == nil ? "none" : "that of this version",
                found: found[name] == nil ? "none" : "another")
        }
    }

    mutating func checkMeta() throws {
        let expected = ["origin": tables.origin, "schema_version": Schema.version]
        var found: [String: Cell] = [:]
        for row in try Cells.fetch(db, "SELECT CAST(key AS BLOB), CAST(value AS BLOB) FROM meta") {
            found[row[0].text] = row[1]
        }
        for key in Set(expected.keys).union(found.keys).sorted() where .text(expected[key]) != found[key] ?? .null {
            report(
                .meta(Printable.quoted(key)), "value",
                expected: expected[key].map { Printable.quoted($0) } ?? "no such row",
                found: found[key]?.excerpt ?? "no such row")
        }
        let names = trust.noteVerifiers.filter { $0.kind == .ed25519 }.map(\.name)
        if !names.isEmpty, !names.contains(tables.origin) {
            report(
                .meta("origin"), "value", expected: names.map { Printable.quoted($0) }.joined(separator: " or "),
                found: Printable.quoted(tables.origin))
        }
    }

    /// Reads the stored checkpoints, so that the replay knows at which sizes roots are needed.
    mutating func loadCheckpoints() throws {
        checkpointRows = try Cells.fetch(
            db, "SELECT size, previous, CAST(note AS BLOB) FROM checkpoints ORDER BY size")
        wantedSizes = Set(checkpointRows.compactMap { $0[0].unsigned })
    }

    /// After the replay: no more nodes than the entries imply. The replay has compared those that they do imply.
    mutating func checkNodes() throws {
        let size = Int64(clamping: range.size)
        let surplus = try Cells.fetch(
            db,
            "SELECT level, position FROM nodes WHERE level > 62 OR position >= (? >> min(level, 62)) ORDER BY level, position",
            [size])
        for row in surplus {
            report(
                .node(level: row[0].text, position: row[1].text), "row", expected: "none",
                found: "a node beyond the tree")
        }
        let count = try Cells.fetch(db, "SELECT count(*) FROM nodes").first?.first?.unsigned ?? 0
        if count != UInt64(nodeCount), surplus.isEmpty {
            report(.schema("nodes"), "rows", expected: "\(nodeCount)", found: "\(count)")
        }
    }

    /// Every stored checkpoint is signed, says what the entries say, and names the one before; the last covers every entry.
    mutating func checkCheckpoints() throws {
        var previous: Cell = .null
        for row in checkpointRows {
            let place = AuditFinding.Place.checkpoint(row[0].text)
            let covered = row[0].unsigned.flatMap { $0 > 0 && $0 <= range.size ? $0 - 1 : nil }
            if row[1] != previous {
                report(place, entry: covered, "previous", expected: previous.text, found: row[1].text)
            }
            previous = row[0]
            checkNote(row[2].blob ?? [], size: row[0].unsigned, at: place, entry: covered)
        }
        let covered = checkpointRows.last?[0].unsigned ?? 0
        if covered < range.size {
            report(
                .entry(covered), "checkpoint", expected: "a stored checkpoint over all \(range.size) entries",
                found: checkpointRows.isEmpty ? "none" : "the last one covers \(covered)")
        }
    }

    private mutating func checkNote(_ bytes: [UInt8], size: UInt64?, at place: AuditFinding.Place, entry: UInt64?) {
        let note: SignedNote
        let checkpoint: Checkpoint
        do {
            note = try SignedNote(parsing: bytes)
            checkpoint = try Checkpoint(parsing: note.text)
        } catch {
            report(place, entry: entry, "note", expected: "a signed checkpoint", found: "\(error)")
            return
        }
        do {
            let verified = try note.verify(with: verifiers)
            if verified.count != note.signatures.count || note.bytes != bytes {
                report(
                    place, entry: entry, "note", expected: "signature lines by trusted keys only, one each",
                    found: "\(note.signatures.count) lines, \(verified.count) of them by trusted keys")
            }
            checkLogKeys(verified, size: checkpoint.size, at: place, entry: entry)
        } catch {
            report(place, entry: entry, "signature", expected: "one by the log's key", found: "\(error)")
        }
        if checkpoint.origin != tables.origin {
            report(place, entry: entry, "origin", expected: tables.origin, found: Printable.quoted(checkpoint.origin))
        }
        if checkpoint.size != size {
            report(
                place, entry: entry, "size", expected: "\(checkpoint.size) as signed",
                found: size.map { "\($0)" } ?? "none")
        }
        if !checkpoint.extensionLines.isEmpty {
            report(
                place, entry: entry, "note", expected: "three lines", found: "\(3 + checkpoint.extensionLines.count)")
        }
        guard let size, let root = roots[size] else {
            report(
                place, entry: entry, "size", expected: "at most \(range.size), the entries there are",
                found: size.map { "\($0)" } ?? "none")
            return
        }
        if checkpoint.rootHash != root {
            report(
                place, entry: entry, "root hash", expected: "\(checkpoint.rootHash) as signed",
                found: "\(root) from the entries")
        }
    }

    /// Trusted from outside, and log keys that a root key has registered.
    var verifiers: [NoteVerifier] {
        var verifiers = trust.noteVerifiers
        for registration in keys.registrations.values where registration.role == .log {
            if let verifier = try? NoteVerifier(name: tables.origin, key: registration.key),
                !verifiers.contains(verifier)
            {
                verifiers.append(verifier)
            }
        }
        return verifiers
    }

    /// A derived table must hold exactly the rows that the entries imply.
    mutating func checkView(
        _ shape: TableShape, expected: [String: ExpectedRow], place: (String) -> AuditFinding.Place
    ) throws {
        var missing = expected
        for row in try Cells.fetch(db, shape.select) {
            let key = row[0].text
            guard let wanted = missing.removeValue(forKey: key) else {
                report(place(key), "row", expected: "none: no entry speaks of it", found: "a row")
                continue
            }
            for (index, column) in shape.columns.enumerated() where row[index] != wanted.cells[index] {
                report(
                    place(key), entry: wanted.entry, column.name, expected: wanted.cells[index].excerpt,
                    found: row[index].excerpt)
            }
        }
        for (key, wanted) in missing.sorted(by: { $0.value.entry < $1.value.entry }) {
            report(place(key), entry: wanted.entry, "row", expected: "one in table \(shape.name)", found: "none")
        }
    }

    /// Every request that was not shredded has a row that opens to what the log commits to; no other request has one.
    mutating func checkVault(masterKey: MasterKey?) throws {
        var missing = state.requests.values.filter { $0.shreddedIndex == nil }
            .reduce(into: [String: RequestRecord]()) { $0[$1.requestID.text] = $1 }
        for row in try Cells.fetch(
            db, "SELECT CAST(request_id AS BLOB), wrapped_key, sealed FROM vault ORDER BY request_id")
        {
            let id = row[0].text
            guard let record = missing.removeValue(forKey: id) else {
                let shredded = RequestID(id).flatMap { state.requests[$0]?.shreddedIndex }
                report(
                    .vault(Printable.quoted(id)), entry: shredded, "row",
                    expected: shredded.map { "none: its key was destroyed by entry \($0)" }
                        ?? "none: no entry speaks of it",
                    found: "a row")
                continue
            }
            guard let masterKey else { continue }
            checkVaultRow(row, of: record, masterKey: masterKey)
        }
        for record in missing.values.sorted(by: { $0.receivedIndex < $1.receivedIndex }) {
            report(
                .vault(record.requestID.text), entry: record.receivedIndex, "row",
                expected: "one, as no shred event was logged", found: "none")
        }
    }

    private mutating func checkVaultRow(_ row: [Cell], of record: RequestRecord, masterKey: MasterKey) {
        let place = AuditFinding.Place.vault(record.requestID.text)
        guard let wrapped = row[1].blob, let key = masterKey.unwrap(wrapped, for: record.requestID) else {
            report(
                place, entry: record.receivedIndex, "wrapped_key", expected: "a key under this master key",
                found: "bytes that do not open")
            return
        }
        guard let sealed = row[2].blob,
            let item = VaultItem(opening: sealed, key: key, requestID: record.requestID)
        else {
            report(
                place, entry: record.receivedIndex, "sealed", expected: "the request sealed under its key",
                found: "bytes that do not open")
            return
        }
        if !item.matches(record) {
            report(
                place, entry: record.receivedIndex, "sealed", expected: "what the commitments in the log were made of",
                found: "something else")
        }
    }
}
