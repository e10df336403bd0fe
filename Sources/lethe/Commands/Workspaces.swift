import ArgumentParser
import LetheBytes
import LetheCrypto
import LetheMachine
import LetheRequests
import LetheService

/// Opens the workspace that a command works on.
func openWorkspace(_ options: WorkspaceOptions) throws -> Workspace {
    try Workspace.open(options.workspace, environment: Clock.environment(options.passphraseOptions))
}

/// `lethe init`
struct Initialize: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Make a workspace: keys, ledger, policy and a commitment to the training records.",
        discussion: """
            Refuses a path that exists. keys/ holds the private keys; keep keys/root.pem off the server. trust.txt holds the \
            public keys that a verifier needs: give it to auditors and subjects over a channel they trust.
            """)

    @Option(
        name: .long,
        help: ArgumentHelp("The folder with the data set's files (plain or .gz).", valueName: "dir"))
    var data: String

    @Option(
        name: .long,
        help: ArgumentHelp("The log's origin, host and path without a scheme; never reuse one.", valueName: "name"))
    var origin: String

    @Flag(name: .long, help: "Keep the private keys under a passphrase.")
    var encryptKeys = false

    @OptionGroup var recommender: RecommenderOptions
    @OptionGroup var workspaceOptions: WorkspaceOptions
    @OptionGroup var outputOptions: OutputOptions

    func run() throws {
        let profile = try recommender.profile(folder: data, default: .synthetic)
        let workspace = try Workspace.create(
            at: workspaceOptions.workspace, policy: recommender.readPolicyBytes(for: profile.kind), profile: profile,
            origin: origin,
            environment: Clock.environment(workspaceOptions.passphraseOptions, isNew: true), encryptingKeys: encryptKeys
        )
        try outputOptions.show(
            [
                "workspace": .string(workspace.paths.root), "origin": .string(workspace.origin),
                "policy": .string(workspace.policy.digest.hex), "trust": .string(workspace.paths.trust),
            ],
            """
            workspace  \(workspace.paths.root)
            origin     \(workspace.origin)
            policy     \(workspace.policy.name), \(workspace.policy.digest.hex)
            trust      \(workspace.paths.trust)
            next       lethe model pretrain, then lethe model train
            """)
    }
}
