import LetheBytes
import Testing

struct PolicyCommandTests {
    @Test func aGoodPolicyIsExplained() throws {
        let folder = try TemporaryFolder()
        try folder.write(Array(Tour.policy.utf8), to: "policy.yaml")
        let result = try LetheCommand.run("policy", "check", "policy.yaml", in: folder)
        #expect(result.status == 0)
        #expect(result.output.split(separator: "\n").count > 5)
        let json = try LetheCommand.run("policy", "check", "policy.yaml", "--json", in: folder).json()
        #expect(json["valid"]?.boolValue == true)
        #expect(json["name"]?.stringValue == "tour")
    }

    @Test(arguments: [
        ("name: tour", "name: Tour"), ("  epochs: 1\n  batchSize: 32", "  epochs: 0\n  batchSize: 32"),
        ("  rank: 4", "  rank: four"), ("threads: 2\n", "threads: 2\nthreads: 3\n"),
        ("  dropout: 0\n", "  dropout: 1\n"), ("version: 1", "version: 2"), ("  rank: 4", "  rank: 4\n  ranks: 4"),
        ("[G0, G1, G2, G5]", "[G0, G9]"),
    ])
    func aBadPolicyIsRefusedWithItsLine(good: String, bad: String) throws {
        let folder = try TemporaryFolder()
        let text = Tour.policy.replacing(good, with: bad, maxReplacements: 1)
        let (before, after) = (Tour.policy.split(separator: "\n"), text.split(separator: "\n"))
        let line = 1 + (try #require(after.indices.first { $0 >= before.count || before[$0] != after[$0] }))
        try folder.write(Array(text.utf8), to: "policy.yaml")
        let place = "line \(line),"
        try expectRefusal(["policy", "check", "policy.yaml"], in: folder, naming: "policy.yaml", place)
        try Tour.writeData(to: folder.path("data"))
        try expectRefusal(
            ["init", "--data", "data", "--origin", "a.example/log", "--policy", "policy.yaml"], in: folder,
            naming: "policy.yaml", place)
        try expectRefusal(["demo", "--policy", "policy.yaml"], in: folder, naming: "policy.yaml", place)
    }

    @Test func aPolicyThatIsNoneIsRefused() throws {
        let folder = try TemporaryFolder()
        try expectRefusal(["policy", "check", "policy.yaml"], in: folder, naming: "policy.yaml")
        for bytes in [[], Array("a: [".utf8), [0xFF, 0xFE], [UInt8](repeating: UInt8(ascii: " "), count: 70_000)] {
            try folder.write(bytes, to: "policy.yaml")
            try expectRefusal(["policy", "check", "policy.yaml"], in: folder, naming: "policy.yaml")
        }
    }
}
