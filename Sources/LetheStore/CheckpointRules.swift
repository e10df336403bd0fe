import LetheCrypto
import LetheLog
import LetheRequests

/// What a stored checkpoint must be.
struct CheckpointRules: Sendable {
    let origin: String
    /// Whose signatures count.
    let verifiers: [NoteVerifier]
    /// What the log says of its own keys, by key id.
    let logs: [String: KeyRegistry.Registration]
    /// Sizes that a trusted witness has cosigned.
    let witnessed: Set<UInt64>
    let checksSignatures: Bool

    typealias Problem = (field: String, expected: String, found: String)

    /// What is wrong with a stored checkpoint.
    func problems(_ stored: CheckpointComparison.Stored) -> [Problem] {
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
                let isWitnessed =
                    witnessed.contains(checkpoint.size) || verified.contains { $0.verifier.kind == .cosignatureV1 }
                if let problem = AuditPass.logKeyProblem(
                    verified, size: checkpoint.size, logs: logs, isWitnessed: isWitnessed)
                {
                    report("signature", expected: problem.expected, found: problem.found)
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
}
