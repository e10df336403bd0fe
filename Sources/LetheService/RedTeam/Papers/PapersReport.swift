public import LetheBytes
import LetheCrypto

/// How false papers fared.
public struct PapersReport: Sendable {
    /// One false paper before those who verify.
    struct Case: Sendable {
        let paper: FalsePaper
        /// Everything for which the verifier named for it refuses it; nothing where it does not.
        let found: [String]
        /// Who else was asked and has nothing against it.
        let passes: [PaperVerifier]

        /// Whether it was refused for the right reason.
        var isRightlyRefused: Bool { found.contains(paper.reason) }
    }

    /// That honest papers hold.
    let honest: [RedTeamReport.Check]
    let cases: [Case]
    let program: Digest
    let machine: [String: String]

    var checks: [RedTeamReport.Check] {
        let refused = cases.filter(\.isRightlyRefused).count
        return honest + [
            .init(
                claim: "every false paper is refused for the right reason", found: "\(refused) of \(cases.count)",
                holds: refused == cases.count)
        ]
    }

    /// Whether everything that must hold does.
    public var holds: Bool { checks.allSatisfy(\.holds) }

    /// Writes `redteam.json` and `redteam.md` of papers alone into a folder.
    ///
    /// - Parameter command: the command, for both.
    public func write(to output: String, command: String) throws {
        try Files.write(json(command: command).prettyBytes(), to: Files.join(output, "redteam.json"))
        try Files.write(Array(markdown(command: command).utf8), to: Files.join(output, "redteam.md"))
    }

    /// Papers alone, as a table for people.
    public func markdown(command: String) -> String {
        let lines =
            ["# Red team: false papers", "", "| what must hold | found | |", "| --- | --- | --- |"]
            + checks.map(\.row) + [""] + table + ["", "    " + command, "", "| what | |", "| --- | --- |"]
            + machine.sorted { $0.key < $1.key }.map { "| \($0.key) | \($0.value) |" }
            + ["| program, SHA-256 | `\(program.hex)` |"]
        return lines.joined(separator: "\n") + "\n"
    }

    /// Papers alone, as JSON.
    public func json(command: String) -> JSONValue {
        [
            "format": "urn:lethe:red-team:v1", "command": .string(command),
            "machine": .object(machine.mapValues { .string($0) }), "program": .string(program.hex),
            "holds": .bool(holds), "checks": .array(checks.map(\.json)), "papers": papers,
        ]
    }

    /// The table of false papers, with what it shows.
    var table: [String] {
        [
            "False papers are made on copies of a workspace with invented data and keys, and signed with the controller's own keys but for "
                + "the first. Refused for: of an audit the field, of a repetition what differs.",
            "", "| paper | what was done | who refuses it | expected | refused for | refused rightly | passes |",
            "| --- | --- | --- | --- | --- | --- | --- |",
        ]
            + cases.map { item in
                let cells = [
                    "`\(item.paper.rawValue)`", item.paper.story, "`\(item.paper.verifier.rawValue)`",
                    item.paper.reason, item.found.isEmpty ? "**nothing**" : item.found.joined(separator: ", "),
                    item.isRightlyRefused ? "yes" : "**no**",
                    item.passes.isEmpty ? "-" : item.passes.map { "`\($0.rawValue)`" }.joined(separator: ", "),
                ]
                return "| " + cells.joined(separator: " | ") + " |"
            }
    }

    /// The false papers as JSON.
    var papers: JSONValue {
        func list(_ texts: [String]) -> JSONValue { .array(texts.map { .string($0) }) }
        return .array(
            cases.map { item in
                [
                    "name": .string(item.paper.rawValue), "story": .string(item.paper.story),
                    "verifier": .string(item.paper.verifier.rawValue), "expected": .string(item.paper.reason),
                    "found": list(item.found), "refusedRightly": .bool(item.isRightlyRefused),
                    "passes": list(item.passes.map(\.rawValue)),
                ]
            })
    }
}
