import ArgumentParser
import LetheBytes
import LetheCrypto
import LetheLog
import LetheRequests
import LetheService

/// `lethe key`: Ed25519 keys in PEM.
struct Key: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make Ed25519 keys, and list those that the log knows.",
        subcommands: [Generate.self, List.self])

    /// `lethe key generate`
    struct Generate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a key pair: PKCS#8 in FILE (mode 0600), the public key in FILE.pub.",
            discussion: "Refuses to overwrite. With --name, also prints the public key as a signed-note verifier key.")

        @Option(name: .long, help: ArgumentHelp("Where the private key goes.", valueName: "file"))
        var output: String

        @Option(name: .long, help: "A signed-note key name, such as the origin of a log.")
        var name: String?

        @OptionGroup var outputOptions: OutputOptions

        func run() throws {
            let publicPath = output + ".pub"
            for path in [output, publicPath] where Files.exists(path) {
                throw InputError("\(path): exists already; expected a new path")
            }
            let key = SigningKey.generate()
            let verifierKey = try name.map { try NoteVerifier(name: $0, key: key.publicKey).vkey }
            try Files.write(Array(key.pem.utf8), to: output, permissions: 0o600)
            try Files.write(Array(key.publicKey.pem.utf8), to: publicPath)
            var json: [String: JSONValue] = [
                "privateKey": .string(output), "publicKey": .string(publicPath), "keyid": .string(key.publicKey.keyID),
            ]
            json["vkey"] = verifierKey.map { .string($0) }
            try outputOptions.show(
                .object(json),
                """
                private key  \(output)
                public key   \(publicPath)
                key id       \(key.publicKey.keyID)
                """ + (verifierKey.map { "\nvkey         \($0)" } ?? ""))
        }
    }

    /// `lethe key list`
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the keys in the log, with role and validity.")

        @OptionGroup var workspaceOptions: WorkspaceOptions
        @OptionGroup var outputOptions: OutputOptions

        func run() throws {
            let keys = try openWorkspace(workspaceOptions).registeredKeys()
            try outputOptions.show(
                .array(
                    keys.map { key in
                        var json: [String: JSONValue] = [
                            "keyid": .string(key.key.keyID), "role": .string(key.role.rawValue),
                            "validFrom": .string("\(key.validFrom)"),
                        ]
                        json["validUntil"] = key.validUntil.map { .string("\($0)") }
                        return .object(json)
                    }),
                Table(["role", "key id", "valid from entry", "until"]) {
                    keys.map {
                        [$0.role.rawValue, $0.key.keyID, "\($0.validFrom)", $0.validUntil.map { "\($0)" } ?? ""]
                    }
                }.text)
        }
    }
}
