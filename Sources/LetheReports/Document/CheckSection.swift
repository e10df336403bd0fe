/// How a stranger checks the report.
enum CheckSection {
    static func section(_ report: AuditReport) -> Section {
        let check = report.check
        var commands: [AuditReport.Command] = []
        if let file = report.requests.lazy.compactMap(\.certificateFile).first {
            commands.append(
                AuditReport.Command(
                    purpose:
                        "Verify a certificate: signature, place in the log, checkpoint. Needs no network and no workspace.",
                    line: "lethe certificate verify \(shellWord(file)) --trust \(shellWord(check.trustFile))"))
        }
        let workspace = check.workspace.map { " --workspace " + shellWord($0) } ?? ""
        commands.append(
            AuditReport.Command(
                purpose: "Rebuild the whole log from its entries and compare every hash, signature and state.",
                line: "lethe log audit" + workspace))
        commands += check.furtherCommands
        var blocks: [Block] = [.commands(commands)]
        if let keyID = check.keyID {
            blocks.append(
                .paragraph(
                    """
                    Compare the key over another channel before you trust it. This report’s certificates are signed by \
                    \(code: keyID).
                    """))
        }
        return Section(
            id: "check", title: "Check it yourself",
            lead: "Each command ends with status 0 if everything holds, and otherwise says what does not.",
            blocks: blocks)
    }

    /// `word` as one word of a POSIX shell, quoted where it must be.
    static func shellWord(_ word: String) -> String {
        let safe = word.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "-"), UInt8(ascii: ":"), UInt8(ascii: "+"), UInt8(ascii: ","):
                true
            default: false
            }
        }
        if safe, !word.isEmpty { return word.first == "-" ? "./" + word : word }
        let quoted =
            "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
        return word.first == "-" ? "./" + quoted : quoted
    }
}
