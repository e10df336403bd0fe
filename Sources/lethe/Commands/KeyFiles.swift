import ArgumentParser
import LetheBytes
import LetheCrypto
import LetheMachine

/// Reads a private key that a command names; the passphrase is asked only where the file is encrypted.
func readPrivateKey(_ path: String, _ options: PassphraseOptions) throws -> SigningKey {
    do {
        let passphrase = try PrivateKeyFile.isEncrypted(path) ? PassphraseSource(options).read() : nil
        return try PrivateKeyFile.read(path, passphrase: passphrase)
    } catch let error as KeyError {
        throw named(error, path)
    }
}

/// Writes a private key, mode 0600.
func writePrivateKey(_ key: SigningKey, to path: String, under passphrase: Passphrase?) throws {
    do {
        try PrivateKeyFile.write(key, to: path, under: passphrase)
    } catch {
        throw named(error, path)
    }
}

private func named(_ error: KeyError, _ path: String) -> any Error {
    if case .file(let error) = error { error } else { InputError("\(path): \(error)") }
}

extension Key {
    /// `lethe key encrypt`
    struct Encrypt: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "encrypt",
            abstract: "Put a private key file under a passphrase (PKCS#8, PBES2: scrypt and AES-256-CBC).",
            discussion: """
                The file is replaced in one step; `openssl pkey` reads the result. What was on the disk before may survive in free \
                blocks and backups: where that matters, rotate the key instead.
                """)

        @Argument(help: ArgumentHelp("A private key in PEM.", valueName: "file"))
        var file: String

        @OptionGroup var passphraseOptions: PassphraseOptions
        @OptionGroup var outputOptions: OutputOptions

        func run() throws {
            try requireEncrypted(file, false, "is encrypted already; lethe key decrypt first")
            let key = try readPrivateKey(file, passphraseOptions)
            try writePrivateKey(key, to: file, under: PassphraseSource(passphraseOptions).readNew())
            try showKey(file, key, isEncrypted: true, outputOptions)
        }
    }

    /// `lethe key decrypt`
    struct Decrypt: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "decrypt",
            abstract: "Take a private key file out of its passphrase; it stays readable by its owner alone.")

        @Argument(help: ArgumentHelp("An encrypted private key in PEM.", valueName: "file"))
        var file: String

        @OptionGroup var passphraseOptions: PassphraseOptions
        @OptionGroup var outputOptions: OutputOptions

        func run() throws {
            try requireEncrypted(file, true, "is not encrypted")
            let key = try readPrivateKey(file, passphraseOptions)
            try writePrivateKey(key, to: file, under: nil)
            try showKey(file, key, isEncrypted: false, outputOptions)
        }
    }
}

private func requireEncrypted(_ path: String, _ expected: Bool, _ problem: String) throws {
    let isEncrypted: Bool
    do {
        isEncrypted = try PrivateKeyFile.isEncrypted(path)
    } catch {
        throw named(error, path)
    }
    guard isEncrypted == expected else { throw InputError("\(path): \(problem)") }
}

private func showKey(_ path: String, _ key: SigningKey, isEncrypted: Bool, _ options: OutputOptions) throws {
    try options.show(
        [
            "privateKey": .string(path), "keyid": .string(key.publicKey.keyID), "isEncrypted": .bool(isEncrypted),
        ], "\(path): key \(key.publicKey.keyID), \(isEncrypted ? "under its passphrase" : "not encrypted")")
}
