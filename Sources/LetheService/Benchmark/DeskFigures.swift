public import LetheBytes
import LetheStatements

/// What `DeskBenchmark` measured.
public struct DeskFigures: Sendable {
    struct Command: Sendable {
        let name: String
        let seconds: [Double]

        var median: Double { seconds.sorted()[seconds.count / 2] }
        var slowest: Double { seconds.max() ?? 0 }
    }

    let at: Timestamp
    let machine: [String: String]
    let requests: Int
    let entries: Int
    let fillSeconds: Double
    let ledgerBytes: Int
    var commands: [Command] = []

    /// What each command may take.
    static let target = 1.0

    /// Whether every command's median is below the target.
    public var meetsTarget: Bool { commands.allSatisfy { $0.median < Self.target } }

    /// The figures for programs; seconds as decimal strings.
    public var json: JSONValue {
        [
            "format": "urn:lethe:benchmark-desk:v1", "at": .string("\(at)"),
            "machine": .object(machine.mapValues { .string($0) }), "requests": .string("\(requests)"),
            "entries": .string("\(entries)"), "ledgerBytes": .string("\(ledgerBytes)"),
            "fillSeconds": .string(Self.fixed(fillSeconds, 1)), "targetSeconds": .string(Self.fixed(Self.target, 1)),
            "commands": .array(
                commands.map { command in
                    [
                        "command": .string(command.name), "medianSeconds": .string(Self.fixed(command.median, 3)),
                        "seconds": .array(command.seconds.map { .string(Self.fixed($0, 3)) }),
                    ]
                }),
        ]
    }

    private static func fixed(_ value: Double, _ decimals: Int) -> String { MethodsReport.fixed(value, decimals) }

    /// The figures for people.
    public func markdown(command: String) -> String {
        let machine = machine.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        let rows = commands.map { command in
            "| `lethe \(command.name)` | \(Self.fixed(command.median, 2)) s | \(Self.fixed(command.slowest, 2)) s | "
                + "\(command.median < Self.target ? "yes" : "no") |"
        }
        return """
            # The officer's desk, measured

            `\(command)` on \(at): \(machine).

            A workspace with \(requests) open requests of as many people, received over \(DeskBenchmark.days) days: \(entries) entries, a
            ledger of \(ledgerBytes >> 20) MiB, filled in \(Self.fixed(fillSeconds, 0)) s. Each command is a process of its own, run \
            \(DeskBenchmark.repetitions) times, its output thrown away; `submit` and `withdraw` have another request each time.

            | command | median | slowest | below \(Self.fixed(Self.target, 0)) s |
            | --- | --- | --- | --- |
            \(rows.joined(separator: "\n"))

            """
    }
}
