import Testing

struct HelpTests {
    private static let commands = [
        [], ["demo"], ["init"], ["key"], ["key", "generate"], ["key", "list"], ["request"], ["request", "sign"],
        ["request", "submit"], ["request", "list"], ["request", "statistics"], ["request", "show"],
        ["request", "deny"],
        ["request", "extend"], ["request", "withdraw"], ["request", "doubt"], ["request", "confirm"],
        ["request", "expire"], ["request", "duplicate"], ["request", "shred"], ["request", "receipt"],
        ["request", "verify"], ["data"],
        ["data", "synthesize"],
        ["data", "describe"], ["data", "tombstones"], ["data", "check"], ["model"], ["model", "pretrain"],
        ["model", "train"], ["model", "describe"], ["unlearn"],
        ["verify"], ["verify", "run"], ["verify", "simulate"], ["certify"], ["run"], ["run", "all"], ["run", "notify"],
        ["replay"], ["certificate"],
        ["certificate", "list"], ["certificate", "show"],
        ["certificate", "verify"], ["log"], ["log", "checkpoint"], ["log", "prove"], ["log", "audit"], ["report"],
        ["policy"], ["policy", "check"], ["policy", "adopt"], ["request", "proposals"], ["request", "approve"],
        ["request", "reject"], ["benchmark"], ["benchmark", "methods"], ["benchmark", "search"],
        ["benchmark", "redteam"], ["verify", "distances"],
    ]

    @Test(arguments: commands)
    func everyCommandExplainsItself(command: [String]) throws {
        let folder = try TemporaryFolder()
        let result = try LetheCommand.run(command + ["--help"], in: folder)
        #expect(result.status == 0)
        #expect(result.errors.isEmpty)
        #expect(result.output.contains("OVERVIEW: "))
        #expect(result.output.contains("USAGE: lethe"))
        #expect(try folder.names().isEmpty)
    }

    @Test func theFirstPageSaysWhatLetheIsForAndWhatExitCodesMean() throws {
        let folder = try TemporaryFolder()
        let help = try LetheCommand.run("--help", in: folder).output
        for words in ["certificate verify", "Exit codes", "lethe demo", "request", "audit"] {
            #expect(help.contains(words), "\(words)")
        }
        #expect(try LetheCommand.run(in: folder).output == help)
        #expect(try LetheCommand.run("--version", in: folder).output.split(separator: ".").count == 3)
    }

    @Test(arguments: [
        ["forget"], ["data", "invent"], ["data", "synthesize"], ["data", "synthesize", "--output"],
        ["data", "synthesize", "--output", "x", "--seed", "-1"], ["data", "describe"],
        ["data", "describe", "x", "--dataset", "netflix"], ["init"], ["init", "--data", "x"], ["key", "generate"],
        ["request", "sign", "--subject", "1"], ["request", "submit"],
        ["request", "deny", "x"], ["request", "deny", "x", "--ground", "because"], ["request", "extend", "x"],
        ["request", "confirm", "x", "--level", "certain", "--method", "email-link"], ["request", "duplicate", "x"],
        ["request", "list", "--due-within", "-1"], ["request", "list", "--format", "xml"],
        ["request", "list", "--json", "--format", "csv"],
        ["request", "statistics", "--year", "2026", "--to", "2026-01-01"],
        ["request", "statistics", "--from", "2026-02-30"], ["request", "statistics", "--to", "2026-01-01"],
        ["request", "submit", "x", "--format", "drp"],
        ["request", "submit", "x", "--subject", "1"], ["request", "submit", "x", "y", "--format", "opendsr"],
        ["request", "verify", "x"], ["log", "prove"], ["log", "prove", "first"],
        ["log", "prove", "-1"], ["certificate", "verify", "x"], ["certificate", "show", "one"], ["verify"], ["certify"],
        ["replay"], ["replay", "x", "--threads", "many"], ["policy", "check"], ["policy", "adopt"],
        ["request", "approve"], ["request", "reject"], ["benchmark", "methods"],
        ["benchmark", "search", "--data", "x"],
        ["benchmark", "methods", "--data", "x", "--output", "y", "--shape", "huge"], ["--colour"],
        ["benchmark", "redteam", "--papers-only"],
        ["benchmark", "redteam", "--papers-only", "--output", "x", "--data", "y"],
        ["log", "audit", "extra"], ["verify", "simulate", "--settings", "205"],
        ["verify", "simulate", "--settings", "5x1"], ["verify", "simulate", "--settings", "0x5,"],
        ["verify", "simulate", "--repetitions", "0"], ["verify", "simulate", "--replicates", "99"],
        ["verify", "simulate", "--threads", "0"], ["verify", "simulate", "--output", "rates.txt"],
    ])
    func wrongUsageIsExplainedWithExitCodeTwo(arguments: [String]) throws {
        let folder = try TemporaryFolder()
        let result = try LetheCommand.run(arguments, in: folder)
        #expect(result.status == 2)
        #expect(result.output.isEmpty)
        #expect(result.errors.hasPrefix("Error: "))
        #expect(result.errors.contains("Usage: lethe") || result.errors.contains("See 'lethe"))
        #expect(try folder.names().isEmpty)
    }
}
