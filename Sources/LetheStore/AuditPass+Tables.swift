import GRDB
import LetheBytes
import LetheCrypto
import LetheLog
import LetheRequests

extension AuditPass {
    /// The tables, indexes and triggers are as this version creates them.
    mutating func checkSchema() throws {
        let expected = try Schema.expectedObjects(of: storedVersion())
        let found = try Schema.objects(db)
        for name in Set(expected.keys).union(found.keys).sorted() where expected[name] != found[name] {
            report(
                .schema(Printable.quoted(name)), "definition",
                expected: expected[name] == nil ? "none" : "that of this version",
                found: found[name] == nil ? "none" : "another")
        }
    }

    /// The version that the ledger says it has, where that is one of those that are read.
    private func storedVersion() throws -> String {
        let row = try Cells.first(db, "SELECT CAST(value AS BLOB) FROM meta WHERE key = 'schema_version'")
        let version = row?.first?.string ?? Schema.version
        return Schema.readableVersions.contains(version) ? version : Schema.version
    }

    mutating func checkMeta() throws {
        let expected = ["origin": tables.origin, "schema_version": try storedVersion()]
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
        let rules = checkpointRules
        let holds = reached.concurrentMap(chunk: 8) { rules.problems($0).isEmpty }
        for (stored, holds) in zip(reached, holds) where !holds { checkpoints.deferred.append(stored) }
        reached = []
    }

    /// Every stored checkpoint is signed, says what the entries say, and names the one before; the last covers every entry.
    mutating func checkRemainingCheckpoints() throws {
        while let stored = try checkpoints.left() { checkpoints.deferred.append(stored) }
        let rules = checkpointRules
        // What is known of a stolen key at the end of the log concerns checkpoints from its beginning.
        if rules.logs.values.contains(where: { $0.compromisedFrom != nil }) { try recheckAllCheckpoints(rules) }
        for stored in checkpoints.deferred {
            let entry = stored.size.unsigned.flatMap { $0 > 0 && $0 <= range.size ? $0 - 1 : nil }
            for problem in rules.problems(stored) {
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

    private mutating func recheckAllCheckpoints(_ rules: CheckpointRules) throws {
        let known = Set(checkpoints.deferred.map(\.size))
        var all = try CheckpointComparison(db: db)
        while let stored = try all.left() {
            guard !known.contains(stored.size), let size = stored.size.unsigned else { continue }
            let again = stored.with(root: root(at: size))
            if !rules.problems(again).isEmpty { checkpoints.deferred.append(again) }
        }
    }

    private var checkpointRules: CheckpointRules {
        CheckpointRules(
            origin: tables.origin, verifiers: verifiers, logs: keys.registrations.filter { $0.value.role == .log },
            witnessed: witnessedSizes, checksSignatures: checksSignatures)
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
