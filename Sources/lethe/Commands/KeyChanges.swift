public import ArgumentParser
import LetheBytes
import LetheCrypto
import LetheMachine
public import LetheRequests
import LetheService

extension KeyRole: ExpressibleByArgument {}

extension Key {
    /// `lethe key rotate`
    struct Rotate: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rotate",
            abstract: "Replace the workspace's key of a role; the old key and the root key sign the change.",
            discussion: """
                Certificates issued before keep verifying: the trust file, written anew, lists both keys with the entries for which each \
                counts. Give it to those who hold an older one. Where the log's key changes, one checkpoint carries both signatures. \
                The old private key goes to keys/archive.
                """)

        @Argument(help: "controller, verifier, log, requester (the portal's key) or root.")
        var role: KeyRole

        @OptionGroup var workspaceOptions: WorkspaceOptions
        @OptionGroup var outputOptions: OutputOptions

        func run() throws {
            let workspace = try openWorkspace(workspaceOptions)
            try showChange(try workspace.rotateKey(role), workspace, outputOptions)
        }
    }

    /// `lethe key revoke`
    struct Revoke: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "revoke", abstract: "End a key; where it is the workspace's own, a new one takes its place.",
            discussion: """
                With --from INDEX the key was in other hands from that entry on. Nothing it signed from there on counts any more; what it \
                signed before counts only under a checkpoint of at most that size which a witness cosigned. The audit and every verifier \
                with the new trust file hold it to that.
                """)

        @Argument(help: ArgumentHelp("The key's id, as `lethe key list` prints it.", valueName: "keyid"))
        var keyID: String

        @Option(
            name: .long,
            help: ArgumentHelp("The first entry that somebody else may have signed with it.", valueName: "index"))
        var from: UInt64?

        @OptionGroup var workspaceOptions: WorkspaceOptions
        @OptionGroup var outputOptions: OutputOptions

        func run() throws {
            let workspace = try openWorkspace(workspaceOptions)
            try showChange(try workspace.revokeKey(keyID, compromisedFrom: from), workspace, outputOptions)
        }
    }

    /// `lethe key register`
    struct Register: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "register",
            abstract:
                "Let the log know somebody else's public key: a person who decides, an agent that files requests, a witness.",
            discussion: """
                A key has one role, for ever: one that the log knows already is refused. A requester's word counts for how a person was \
                identified: give that role to portals and agents. The key of a single person is a subject's: each of its requests waits \
                until somebody has confirmed who sent it.
                """)

        @Option(
            name: .long,
            help: "officer, engineer, administrator, auditor, requester, subject, witness, verifier or controller.")
        var role: KeyRole

        @Option(
            name: .customLong("public"),
            help: ArgumentHelp("The public key in PEM (`openssl pkey -pubout`).", valueName: "file"))
        var publicKey: String

        @OptionGroup var workspaceOptions: WorkspaceOptions
        @OptionGroup var outputOptions: OutputOptions

        func run() throws {
            let key: VerifyingKey
            do {
                key = try VerifyingKey(
                    pem: String(decoding: try Files.read(publicKey, limit: 4096), as: UTF8.self))
            } catch let error as KeyError {
                throw InputError("\(publicKey): \(error)")
            }
            let workspace = try openWorkspace(workspaceOptions)
            try showChange(try workspace.registerKey(key, as: role), workspace, outputOptions)
        }
    }
}

private func showChange(_ change: KeyChange, _ workspace: Workspace, _ options: OutputOptions) throws {
    var json: [String: JSONValue] = [
        "role": .string(change.role.rawValue), "trust": .string(workspace.paths.trust),
        "entries": .array(change.entries.map { .string("\($0)") }),
    ]
    json["added"] = change.added.map { .string($0.keyID) }
    json["ended"] = change.ended.map { .string($0.keyID) }
    var lines = ["role    \(change.role.rawValue)"]
    if let key = change.ended { lines.append("ended   \(key.keyID)") }
    if let key = change.added { lines.append("added   \(key.keyID)") }
    lines.append("entry   \(change.entries.map { "\($0)" }.joined(separator: ", "))")
    lines.append("trust   \(workspace.paths.trust) is new: give it to those who verify")
    try options.show(.object(json), lines.joined(separator: "\n"))
}
