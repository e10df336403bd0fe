import Foundation
import LetheBytes
import Testing

/// `lethe verify distances` as a user calls it.
struct VerifyDistancesCommandTests {
    /// Outputs for twelve people, two answers; the candidate is the original.
    private static func write(_ folder: TemporaryFolder) throws {
        var people = "user,label\n"
        var (original, retrained) = ("", [String](repeating: "", count: 3))
        for person in 0..<12 {
            for record in 0..<4 {
                let isLiked = record % 2 == 0
                people += "person-\(person),\(isLiked ? "yes" : "no")\n"
                let sign = isLiked ? 1.0 : -1.0
                original += "0,\(sign * 2)\n"
                for model in 0..<3 {
                    let noise = 0.05 * Double((person * 7 + record * 3 + model * 5) % 11 - 5)
                    retrained[model] += "0,\(sign * 0.2 + noise)\n"
                }
            }
        }
        func write(_ text: String, _ name: String) throws {
            try Data(text.utf8).write(to: URL(filePath: folder.path(name)))
        }
        try write(people, "people.csv")
        try write(original, "original.csv")
        for model in 0..<3 { try write(retrained[model], "retrained-\(model).csv") }
    }

    private static func arguments(candidate: String) -> [String] {
        ["verify", "distances", "--original", "original.csv", "--candidate", candidate, "--users", "people.csv"]
            + (0..<3).flatMap { ["--reference", "retrained-\($0).csv"] }
    }

    @Test func theOriginalFailsWithExitOneAndTheReportNamesNobody() throws {
        let folder = try TemporaryFolder()
        try Self.write(folder)
        let result = try LetheCommand.run(
            Self.arguments(candidate: "original.csv") + ["--output", "report", "--json"], in: folder)
        #expect(result.status == 1 && result.complaint == "lethe: FAIL")
        let json = try result.json()
        #expect(json["verdict"]?.stringValue == "FAIL" && json["provenance"]?.stringValue == "not checked")
        for name in ["distances.json", "distances.md"] {
            let text = try String(contentsOfFile: folder.path("report/\(name)"), encoding: .utf8)
            #expect(text.contains("FAIL") && !text.contains("person-"))
        }
    }

    @Test func badInputIsExitTwoAndWritesNothing() throws {
        let folder = try TemporaryFolder()
        try Self.write(folder)
        let missing = try LetheCommand.run(
            Self.arguments(candidate: "nobody.csv") + ["--output", "report"], in: folder)
        #expect(missing.status == 2 && missing.complaint.contains("nobody.csv"))
        let half = try LetheCommand.run(
            Self.arguments(candidate: "original.csv") + ["--yes-column", "1", "--output", "report"], in: folder)
        #expect(half.status == 2 && half.errors.contains("expected both or none"))
        #expect(!FileManager.default.fileExists(atPath: folder.path("report")))
    }
}
