import Testing

/// `lethe benchmark methods` and `search` at the command line; what they compute is tested in LetheServiceTests.
struct MethodsBenchmarkCommandTests {
    @Test(arguments: [
        ["--methods", "nothing"], ["--seeds", "0"], ["--references", "1"], ["--settings", "both"],
        ["--early-stopped-policy", "missing.yaml"], ["--replicates", "1"], ["--memorising-users", "1"],
        ["--mapping", "map.yaml"], ["--requests", "1"],
    ])
    func badValuesAreRefusedInOneLineAndNothingIsMade(options: [String]) throws {
        let folder = try TemporaryFolder()
        let result = try LetheCommand.run(
            ["benchmark", "methods", "--dataset", "synthetic", "--data", "data", "--output", "out"] + options,
            in: folder)
        #expect(result.status == 2)
        #expect(result.output.isEmpty)
        #expect(
            result.errors.hasPrefix("lethe: ") && result.errors.split(separator: "\n").count == 1, "\(result.errors)")
        #expect(try folder.names().isEmpty)
    }

    @Test(arguments: ["methods", "search"])
    func withoutADataSetItSaysWhichThereAre(command: String) throws {
        let folder = try TemporaryFolder()
        let result = try LetheCommand.run(["benchmark", command, "--data", "data", "--output", "out"], in: folder)
        #expect(result.status == 2)
        #expect(result.errors.contains("synthetic, ml-1m, goodreads or mapping"))
    }
}
