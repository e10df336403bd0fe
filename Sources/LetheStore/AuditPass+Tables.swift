import GRDB
import LetheBytes
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

    /// After the replay: no more nodes than the entries imply. The replay has compared those that they do imply.
    mutating func checkNodes() throws {
        let surplus = try Cells.fetch(
            db,
            "SELECT level, position FROM nodes WHERE level > 62 OR position >= (? >> min(level, 62)) ORDER BY level, position",
            [.position(range.size)])
        for row in surplus {
            report(
                .node(level: row[0].text, position: row[1].text), "row", expected: "none",
                found: "a node beyond the tree")
        }
        let count = try Cells.fetch(db, "SELECT count(*) FROM nodes").first?.first?.unsigned ?? 0
        if count != UInt64(nodes.count), surplus.isEmpty {
            report(.schema("nodes"), "rows", expected: "\(nodes.count)", found: "\(count)")
        }
    }

    /// The entries that table `registrations` lists are those that register something.
    mutating func checkRegistrations() throws {
        var missing = registrations
        for row in try Cells.fetch(db, "SELECT CAST(type AS BLOB), idx FROM registrations ORDER BY idx, type") {
            if let place = missing.firstIndex(where: { .text($0.type) == row[0] && .position($0.index) == row[1] }) {
                missing.remove(at: place)
            } else {
                report(
                    .registration(row[1].text), entry: row[1].unsigned.flatMap { $0 < range.size ? $0 : nil }, "row",
                    expected: "none: the entry registers no \(row[0].excerpt)", found: "a row")
            }
        }
        for (type, index) in missing {
            report(
                .registration("\(index)"), entry: index, "row", expected: "one for \(Printable.quoted(type))",
                found: "none")
        }
    }

    /// Takes the stored checkpoint of the size that the tree has reached, where there is one, to be checked with others.
    mutating func noteCheckpoint() throws {
        let range = range
        if let stored = try checkpoints.reached(range.size, root: range.rootHash) { reached.append(stored) }
    }

    /// Checks the checkpoints that were reached, on all cores. Those that do not hold are looked at again at the end: a key that
    /// a later entry registers may be the one.
    mutating func checkReachedCheckpoints() throws {
        let (origin, verifiers, checksSignatures) = (tables.origin, verifiers, checksSignatures)
        let holds = reached.concurrentMap(chunk: 8) {
            Self.problems($0, origin: origin, verifiers: verifiers, checksSignatures: checksSignatures).isEmpty
        }
        for (stored, holds) in zip(reached, holds) where !holds { checkpoints.deferred.append(stored) }
        reached = []
    }

    /// Every stored checkpoint is signed, says what the entries say, and names the one before; the last covers every entry.
    mutating func checkRemainingCheckpoints() throws {
        while let stored = try checkpoints.left() { checkpoints.deferred.append(stored) }
        for stored in checkpoints.deferred {
            let entry = stored.size.unsigned.flatMap { $0 > 0 && $0 <= range.size ? $0 - 1 : nil }
            for problem in Self.problems(
                stored, origin: tables.origin, verifiers: verifiers, checksSignatures: checksSignatures)
            {
                report(
                    .checkpoint(stored.size.text), entry: entry, problem.field, expected: problem.expected,
                    found: problem.found)
            }
        }
        let covered = checkpoints.covered
        if covered < range.size {
            report(
                .entry(covered), "checkpoint", expected: "a stored checkpoint over all \(range.size) entries",
                found: checkpoints.isEmpty ? "none" : "the last one covers \(covered)")
        }
    }

    private typealias Problem = (field: String, expected: String, found: String)

    /// What is wrong with a stored checkpoint.
    private static func problems(
        _ stored: CheckpointComparison.Stored, origin: String, verifiers: [NoteVerifier], checksSignatures: Bool
    ) -> [Problem] {
        var problems: [Problem] = []
        func report(_ field: String, expected: String, found: String) { problems.append((field, expected, found)) }
        if stored.previous != stored.expectedPrevious {
            report("previous", expected: stored.expectedPrevious.text, found: stored.previous.text)
        }
        let note: SignedNote
        let checkpoint: Checkpoint
        do {
            note = try SignedNote(parsing: stored.note)
            checkpoint = try Checkpoint(parsing: note.text)
        } catch {
            report("note", expected: "a signed checkpoint", found: "\(error)")
            return problems
        }
        if checksSignatures {
            do {
                let verified = try note.verify(with: verifiers)
                if verified.count != note.signatures.count || note.bytes != stored.note {
                    report(
                        "note", expected: "signature lines by trusted keys only, one each",
                        found: "\(note.signatures.count) lines, \(verified.count) of them by trusted keys")
                }
            } catch {
                report("signature", expected: "one by the log's key", found: "\(error)")
            }
        }
        if checkpoint.origin != origin {
            report("origin", expected: origin, found: Printable.quoted(checkpoint.origin))
        }
        if checkpoint.size != stored.size.unsigned {
            report("size", expected: "\(checkpoint.size) as signed", found: stored.size.text)
        }
        if !checkpoint.extensionLines.isEmpty {
            report("note", expected: "three lines", found: "\(3 + checkpoint.extensionLines.count)")
        }
        guard let root = stored.root else {
            report("size", expected: "at most the entries there are", found: stored.size.text)
            return problems
        }
        if checkpoint.rootHash != root {
            report("root hash", expected: "\(checkpoint.rootHash) as signed", found: "\(root) from the entries")
        }
        return problems
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
}
