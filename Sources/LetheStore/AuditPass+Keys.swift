import LetheCrypto
import LetheLog
import LetheRequests
import LetheStatements

// The rule for a compromised key (its event says from which index i somebody else had it): what it signed from i on does not count, and
// what it signed before counts only where a checkpoint of size at most i covers it that a witness cosigned. The thief can sign a
// different past, but cannot make a witness have seen it.

extension AuditPass {
    /// Names the entries that rest on the word of a key that somebody else had.
    mutating func checkCompromisedKeys() throws {
        for registration in keys.registrations.values.sorted(by: { $0.key.keyID < $1.key.keyID }) {
            guard let from = registration.compromisedFrom, registration.role != .log else { continue }
            let witnessed = witnessedSizes.filter { $0 <= from }.max() ?? 0
            var (unwitnessed, after): ([UInt64], [UInt64]) = ([], [])
            for index in max(witnessed, registration.validFrom)..<max(range.size, witnessed, registration.validFrom) {
                guard let bytes = try? tables.entry(index), let envelope = try? DSSEEnvelope(parsing: bytes),
                    (try? envelope.verify(trusting: [registration.key])) != nil
                else { continue }
                if index < from { unwitnessed.append(index) } else { after.append(index) }
            }
            reportCompromise(
                unwitnessed, of: registration,
                expected:
                    "a witnessed checkpoint over it of at most size \(from), when the key was still its owner's alone")
            reportCompromise(
                after, of: registration, expected: "none by a key that somebody else had from entry \(from) on")
        }
    }

    private mutating func reportCompromise(
        _ indexes: [UInt64], of registration: KeyRegistry.Registration, expected: String
    ) {
        guard let first = indexes.first, let last = indexes.last else { return }
        report(
            .entry(first), "signature", expected: expected,
            found: "the \(registration.role.rawValue) key \(registration.key.keyID)"
                + (indexes.count > 1 ? ", here and in \(indexes.count - 1) more entries up to \(last)" : ""))
    }

    /// A checkpoint must be signed by a log key that counted at its size.
    mutating func checkLogKeys(
        _ verified: [VerifiedNoteSignature], size: UInt64, at place: AuditFinding.Place, entry: UInt64?
    ) {
        if verified.contains(where: { $0.verifier.kind == .cosignatureV1 }) { witnessedSizes.insert(size) }
        let registered = verified.compactMap { keys.registrations[$0.verifier.key.keyID] }.filter { $0.role == .log }
        guard let known = registered.first else { return }
        let isCovered = registered.contains { log in
            size >= log.validFrom && log.validUntil.map { size <= $0 } ?? true
                && (log.compromisedFrom == nil || witnessedSizes.contains(size))
        }
        if !isCovered {
            report(
                place, entry: entry, "signature", expected: "one by a log key that counts at size \(size)",
                found: "one by key \(known.key.keyID), for entries from \(known.validFrom)"
                    + (known.validUntil.map { " until before \($0)" } ?? " on")
                    + (known.compromisedFrom.map { ", in other hands from \($0) on, and no witness" } ?? ""))
        }
    }
}
