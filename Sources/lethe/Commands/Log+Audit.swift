import ArgumentParser
import LetheBytes
import LetheLog
import LetheService
import LetheStore

extension Log {
    /// `lethe log audit`
    struct Audit: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Derive the whole ledger again from its entries and name everything that differs.",
            discussion: """
                Exits 1 where something differs, and names the entry, the field, what was expected and found, and the last \
                checkpoint that is still good. Checks tree, checkpoints, signatures, keys, states, runs, certificates and the \
                vault on all cores, and says which requests have no certificate. An auditor needs no private key.
                """)

        @Flag(name: .long, help: "Check no signatures: many times faster, and it proves much less.")
        var structureOnly = false

        @OptionGroup var workspaceOptions: WorkspaceOptions
        @OptionGroup var outputOptions: OutputOptions

        func run() throws {
            let outcome = try Workspace.auditLedger(
                at: workspaceOptions.workspace, environment: Clock.environment(), checksSignatures: !structureOnly,
                listing: outputOptions.json ? .max : 10)
            try outputOptions.show(outcome.json, outcome.text)
            guard outcome.findings.isEmpty else { throw DoesNotHold() }
        }
    }
}

extension LedgerAudit.Outcome {
    var json: JSONValue {
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
                "certificatesWithoutRequest": .array(
                    completeness.certificatesWithoutRequest.map { .string("\($0)") }),
            ],
        ]
    }

    var text: String {
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
        return lines.joined(separator: "\n")
    }
}
