import ArgumentParser
import LetheBytes
import LetheCrypto
import LetheLog
import LetheMachine
import LetheRequests
import LetheService

/// `lethe key`: Ed25519 keys in PEM, and those that the log knows.
struct Key: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Make Ed25519 keys; list, rotate, revoke and register those that the log knows.",
        subcommands: [
            Generate.self, Encrypt.self, Decrypt.self, List.self, Rotate.self, Revoke.self, Register.self,
        ])

    /// `lethe key generate`
    struct Generate: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "generate",
            abstract: "Make a key pair: PKCS#8 in FILE (mode 0600), the public key in FILE.pub.",
            discussion:
                "Refuses to overwrite. With --name, also prints the public key as a signed-note verifier key of a log and of a witness."
        )

        @Option(name: .long, help: ArgumentHelp("Where the private key goes.", valueName: "file"))
        var output: String

        @Option(name: .long, help: "A signed-note key name, such as the origin of a log.")
        var name: String?

        @Flag(name: .long, help: "Keep the private key under a passphrase (PBES2: scrypt, AES-256).")
        var encrypt = false

        @OptionGroup var passphraseOptions: PassphraseOptions
        @OptionGroup var outputOptions: OutputOptions

        func run() throws {
            let publicPath = output + ".pub"
            for path in [output, publicPath] where Files.exists(path) {
                throw InputError("\(path): exists already; expected a new path")
            }
            let passphrase = try encrypt ? PassphraseSource(passphraseOptions).readNew() : nil
            let key = SigningKey.generate()
            let verifierKey = try name.map { try NoteVerifier(name: $0, key: key.publicKey).vkey }
            let witnessKey = try name.map {
                try NoteVerifier(name: $0, key: key.publicKey, kind: .cosignatureV1).vkey
            }
            try writePrivateKey(key, to: output, under: passphrase)
            try Files.write(Array(key.publicKey.pem.utf8), to: publicPath)
            var json: [String: JSONValue] = [
                "privateKey": .string(output), "publicKey": .string(publicPath), "keyid": .string(key.publicKey.keyID),
            ]
            json["vkey"] = verifierKey.map { .string($0) }
            json["witnessVkey"] = witnessKey.map { .string($0) }
            try outputOptions.show(
                .object(json),
                """
                private key  \(output)
                public key   \(publicPath)
                key id       \(key.publicKey.keyID)
                """ + (verifierKey.map { "\nvkey         \($0)" } ?? "")
                    + (witnessKey.map { "\nas a witness \($0)" } ?? ""))
        }
    }

    /// `lethe key list`
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the keys in the log, with role and validity.")

        @OptionGroup var workspaceOptions: WorkspaceOptions
        @OptionGroup var outputOptions: OutputOptions

        func run() throws {
            let workspace = try openWorkspace(workspaceOptions)
            let (keys, size) = (try workspace.registeredKeys(), try workspace.entryCount())
            for path in try workspace.unusedKeys() {
                StandardError.write(
                    "\(path): a new key that the log has not heard of: a change of keys was cut off before it took effect; "
                        + "make the change again and remove this file\n")
            }
            try outputOptions.show(
                .array(
                    keys.map { key in
                        var json: [String: JSONValue] = [
                            "keyid": .string(key.key.keyID), "role": .string(key.role.rawValue),
                            "validFrom": .string("\(key.validFrom)"), "isValid": .bool(key.isValid(at: size)),
                        ]
                        json["validUntil"] = key.validUntil.map { .string("\($0)") }
                        json["compromisedFrom"] = key.compromisedFrom.map { .string("\($0)") }
                        if key.role == .log {
                            json["vkey"] = (try? NoteVerifier(name: workspace.origin, key: key.key)).map {
                                .string($0.vkey)
                            }
                        }
                        return .object(json)
                    }),
                Table(["role", "key id", "from entry", "until before", "state"]) {
                    keys.map { key in
                        [
                            key.role.rawValue, key.key.keyID, "\(key.validFrom)",
                            key.validUntil.map { "\($0)" } ?? "",
                            key.compromisedFrom != nil ? "compromised" : key.isValid(at: size) ? "valid" : "ended",
                        ]
                    }
                }.text)
        }
    }
}
