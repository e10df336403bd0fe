import ArgumentParser
import LetheBytes
import LetheCrypto
import LetheRequests

/// `lethe policy`
struct PolicyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy", abstract: "Check and explain policies.", subcommands: [Check.self])

    /// `lethe policy check`
    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check", abstract: "Validate a policy and explain it in words.")

        @Argument(help: ArgumentHelp("A policy in YAML.", valueName: "file"))
        var file: String

        @OptionGroup var outputOptions: OutputOptions

        func run() throws {
            let policy = try readPolicy(file)
            try outputOptions.show(
                ["name": .string(policy.name), "digest": .string(policy.digest.hex), "valid": true],
                policy.explanation.joined(separator: "\n"))
        }
    }
}

/// Reads a policy file; errors name the file and the line.
func readPolicy(_ path: String) throws -> Policy {
    let bytes = try Files.read(path, limit: Policy.maximumFileSize + 1)
    do {
        return try Policy(yaml: bytes)
    } catch {
        throw InputError("\(path): \(error)")
    }
}
