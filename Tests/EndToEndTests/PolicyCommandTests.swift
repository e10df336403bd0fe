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

    @Test(
        arguments: [
            ("name: tour", "name: Tour", 2), ("  epochs: 1\n  batchSize: 32", "  epochs: 0\n  batchSize: 32", 17),
            ("  rank: 4", "  rank: four", 33), ("threads: 2", "threads: 2\nthreads: 3", 54),
            ("  dropout: 0\n", "  drop: 0\n", nil), ("version: 1", "version: 2", 1),
        ] as [(String, String, Int?)])
    func aBadPolicyIsRefusedWithItsLine(good: String, bad: String, line: Int?) throws {
        let folder = try TemporaryFolder()
        let text = Tour.policy.replacing(good, with: bad, maxReplacements: 1)
        #expect(text != Tour.policy)
        try folder.write(Array(text.utf8), to: "policy.yaml")
        let place = line.map { "line \($0)" } ?? "dropout"
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
