import ArgumentParser
import LetheBytes
import LetheCrypto
import LetheMachine
import LetheRequests
import LetheService

/// `lethe policy`
struct PolicyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy", abstract: "Check and explain policies; change the one in force.",
        subcommands: [Check.self, Adopt.self])

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

    /// `lethe policy adopt`
    struct Adopt: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "adopt", abstract: "Put a policy in the place of the workspace's: one entry of the log.",
            discussion: """
                Decisions from then on are taken under it and name its digest. What was promised stays: requests keep their law and \
                the deadlines that the log has for them, runs and certificates the policy that they name; its text is kept, so that \
                runs under it can be replayed. Refused while a run is under way, and where sections model or training would differ \
                from those that the models in the log were trained by. Where the policy in force has roles, who may adopt signs with \
                --as.
                """)

        @Argument(help: ArgumentHelp("A policy in YAML.", valueName: "file"))
        var file: String

        @OptionGroup var workspaceOptions: WorkspaceOptions
        @OptionGroup var actorOptions: ActorOptions
        @OptionGroup var outputOptions: OutputOptions

        func run() throws {
            let actor = try actorOptions.key(workspaceOptions.passphraseOptions)
            let bytes = try Files.read(file, limit: Policy.maximumFileSize + 1)
            let adoption: PolicyAdoption
            do {
                adoption = try openWorkspace(workspaceOptions).adopt(bytes, as: actor)
            } catch let error as PolicyError {
                throw InputError("\(file): \(error)")
            }
            if !adoption.undecidable.isEmpty {
                StandardError.write(
                    "nobody can take these decisions yet: \(adoption.undecidable.map(\.rawValue).joined(separator: ", ")); "
                        + "register the keys of those who may: lethe key register --role\n")
            }
            var json: [String: JSONValue] = [
                "name": .string(adoption.policy.name), "digest": .string(adoption.policy.digest.hex),
                "entry": .string("\(adoption.entry)"),
                "undecidable": .array(adoption.undecidable.map { .string($0.rawValue) }),
            ]
            json["previous"] = adoption.previous.map { .string($0.hex) }
            try outputOptions.show(
                .object(json),
                "policy \(adoption.policy.name), \(adoption.policy.digest.hex), in force from entry \(adoption.entry)")
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
