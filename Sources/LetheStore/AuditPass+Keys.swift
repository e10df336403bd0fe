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
                // A key event rests on the root key alone, whoever else signed it.
                guard let bytes = try? tables.entry(index), let content = try? EntryContent(bytes),
                    rests(content, on: registration)
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

    /// Whether what an entry says rests on a key: that of its role or, of a decision, a person's, who signed the entry or its proposal.
    private func rests(_ content: EntryContent, on registration: KeyRegistry.Registration) -> Bool {
        let isSigned = (try? content.envelope.verify(trusting: [registration.key])) != nil
        guard registration.role.isPerson else { return content.role == registration.role && isSigned }
        guard let event = content.event, DecisionKind(event) != nil else { return false }
        return isSigned || (try? Proposal(carriedBy: event))??.isSigned(by: registration.key) == true
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

    /// A checkpoint must be signed by a log key that counted at its size: what is wrong where it was not.
    ///
    /// - Parameters:
    ///   - verified: the valid signatures of the checkpoint.
    ///   - logs: what is known of log keys, by key id.
    ///   - isWitnessed: whether a trusted witness saw it.
    static func logKeyProblem(
        _ verified: [VerifiedNoteSignature], size: UInt64, logs: [String: KeyRegistry.Registration], isWitnessed: Bool
    ) -> (expected: String, found: String)? {
        let registered = verified.compactMap { logs[$0.verifier.key.keyID] }
        guard let known = registered.first else { return nil }
        let isCovered = registered.contains { log in
            size >= log.validFrom && log.validUntil.map { size <= $0 } ?? true
                && (log.compromisedFrom == nil || isWitnessed)
        }
        guard !isCovered else { return nil }
        return (
            "one by a log key that counts at size \(size)",
            "one by key \(known.key.keyID), for entries from \(known.validFrom)"
                + (known.validUntil.map { " until before \($0)" } ?? " on")
                + (known.compromisedFrom.map { ", in other hands from \($0) on, and no witness" } ?? "")
        )
    }
}
