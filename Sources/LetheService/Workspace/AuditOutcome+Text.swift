public import LetheBytes
import LetheLog
public import LetheStore

extension LedgerAudit.Outcome {
    /// Whether nothing was found wrong.
    public var holds: Bool { findings.isEmpty }

    /// Everything as JSON.
    public var json: JSONValue {
        func size(_ size: UInt64?) -> JSONValue { size.map { .string("\($0)") } ?? .null }
        return [
            "entries": .string("\(entries)"), "holds": .bool(findings.isEmpty),
            "signaturesChecked": .bool(checkedSignatures),
            "findings": .array(
                findings.map {
                    [
                        "text": .string("\($0)"), "entry": size($0.entryIndex), "field": .string($0.field),
                        "expected": .string($0.expected), "found": .string($0.found),
                    ]
                }),
            "firstBadEntry": size(firstBadEntry), "lastGoodCheckpoint": size(lastGoodCheckpoint?.size),
            "lastGoodWitnessedCheckpoint": size(lastGoodWitnessedCheckpoint?.size),
            "completeness": [
                "requests": .string("\(completeness.requests)"),
                "certificates": .string("\(completeness.certificates)"),
                "requestsWithoutCertificate": .array(
                    completeness.withoutCertificate.map {
                        [
                            "requestId": .string($0.requestID), "state": .string($0.state),
                            "receivedEntry": .string("\($0.receivedIndex)"),
                        ]
                    }),
                "fulfilledByRuns": .object(
                    Dictionary(
                        uniqueKeysWithValues: completeness.fulfilledByRuns.map { ("\($0.key)", .string("\($0.value)")) }
                    )),
                "certificatesWithoutRequest": .array(
                    completeness.certificatesWithoutRequest.map { .string("\($0)") }),
            ],
        ]
    }

    /// Everything for people: what is wrong and where, what is still good, what is open.
    public var text: String {
        var lines =
            findings.isEmpty
            ? ["\(entries) entries: everything agrees"] : findings.map { "\($0)" }
        if !checkedSignatures { lines.append("signatures were not checked") }
        if !findings.isEmpty {
            lines.append("first bad entry       \(firstBadEntry.map { "\($0)" } ?? "none: no entry is concerned")")
            lines.append("last good checkpoint  \(lastGoodCheckpoint.map { "size \($0.size)" } ?? "none")")
            lines.append("  witnessed           \(lastGoodWitnessedCheckpoint.map { "size \($0.size)" } ?? "none")")
        }
        let open = completeness.withoutCertificateByState.sorted { $0.key < $1.key }
        let states = open.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        let certificates = "\(completeness.certificates) certificate\(completeness.certificates == 1 ? "" : "s")"
        lines.append(
            "\(completeness.requests) requests, \(certificates); without one: \(states.isEmpty ? "none" : states)")
        lines += completeness.withoutCertificate.map {
            "  request \($0.requestID)  \($0.state), received as entry \($0.receivedIndex)"
        }
        let count = open.reduce(0) { $0 + $1.value }
        if count > completeness.withoutCertificate.count {
            lines.append("  and \(count - completeness.withoutCertificate.count) more (--json names all)")
        }
        let again = completeness.fulfilledByRuns.filter { $0.key > 1 }.sorted { $0.key < $1.key }
        if !again.isEmpty {
            let counts = again.map { "\($0.value) after \($0.key - 1)" }.joined(separator: ", ")
            lines.append("requests fulfilled after earlier runs did not pass: \(counts)")
        }
        return lines.joined(separator: "\n")
    }
}
