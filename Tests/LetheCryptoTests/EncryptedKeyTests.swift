import Foundation
import LetheBytes
import LetheCrypto
import Testing

/// Private keys at rest: under a passphrase, and their owner's alone.
struct EncryptedKeyTests {
    private let key = SigningKey.generate()
    private let secret = "correct horse battery staple"

    private func passphrase(_ text: String) throws(PassphraseError) -> Passphrase {
        var bytes = Array(text.utf8)
        return try Passphrase(taking: &bytes)
    }

    @Test func anEncryptedKeyOpensWithItsPassphraseOnly() throws {
        let pem = key.pem(under: try passphrase(secret))
        #expect(pem.hasPrefix("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"))
        #expect(SigningKey.isEncrypted(pem: pem) && !SigningKey.isEncrypted(pem: key.pem))
        let again = try SigningKey(pem: pem, passphrase: passphrase(secret))
        #expect(again.publicKey == key.publicKey)
        for wrong in [secret + " ", "Correct horse battery staple", "x"] {
            #expect(throws: KeyError.wrongPassphrase) {
                try SigningKey(pem: pem, passphrase: passphrase(wrong))
            }
        }
        #expect(throws: KeyError.encrypted) { try SigningKey(pem: pem) }
    }

    @Test func noTwoFilesOfOneKeyAreAlike() throws {
        let given = try passphrase(secret)
        #expect(key.pem(under: given) != key.pem(under: given))
    }

    @Test func aPlainKeyIsReadWithoutAsking() throws {
        let again = try SigningKey(pem: key.pem, passphrase: nil)
        #expect(again.publicKey == key.publicKey)
    }

    @Test func aChangedByteNeverOpensToTheSameKey() throws {
        let given = try passphrase(secret)
        let der = try PEM.decode(key.pem(under: given), label: PEM.encryptedKeyLabel)
        let isExhaustive = ProcessInfo.processInfo.environment["LETHE_EXHAUSTIVE"] == "1"
        for index in stride(from: 0, to: der.count, by: isExhaustive ? 1 : 17) {
            var altered = der
            altered[index] ^= 0x01
            // CBC does not authenticate: a changed byte may open to another key, which no log knows.
            let opened = try? SigningKey(
                pem: PEM.encode(altered, label: PEM.encryptedKeyLabel), passphrase: given)
            #expect(opened?.publicKey != key.publicKey, "byte \(index)")
        }
        // This byte of the IV stands over the version number inside: the key itself would be untouched.
        var otherVersion = der
        otherVersion[80] ^= 0x01
        for altered in [der + [0], Array(der.dropLast()), [], otherVersion] {
            #expect(throws: KeyError.self) {
                try SigningKey(pem: PEM.encode(altered, label: PEM.encryptedKeyLabel), passphrase: given)
            }
        }
    }

    /// Every bit with LETHE_EXHAUSTIVE=1, else a part of them that changes from day to day.
    @Test func everyFlippedBitOfAFileIsRefusedOrGivesTheSameKey() throws {
        try withTemporaryFolder { folder in
            let (path, given) = (folder + "/key.pem", try passphrase(secret))
            try PrivateKeyFile.write(key, to: path, under: given)
            try Files.write(Array(key.publicKey.pem.utf8), to: path + ".pub")
            let file = try Files.read(path, limit: 4096)
            let isExhaustive = ProcessInfo.processInfo.environment["LETHE_EXHAUSTIVE"] == "1"
            let step = isExhaustive ? 1 : 61
            let first = isExhaustive ? 0 : Int(Date().timeIntervalSince1970 / 86_400) % step
            var (flips, refused) = (0, 0)
            for bit in stride(from: first, to: file.count * 8, by: step) {
                var altered = file
                altered[bit / 8] ^= 1 << UInt8(bit % 8)
                try Files.write(altered, to: path, permissions: 0o600)
                flips += 1
                do throws(KeyError) {
                    let opened = try PrivateKeyFile.read(path, passphrase: given)
                    #expect(opened.publicKey == key.publicKey, "bit \(bit)")
                } catch { refused += 1 }
            }
            #expect(refused * 10 >= flips * 9)
            if isExhaustive {
                print("flipped \(flips) bits of an encrypted key: \(refused) refused, the others give the same key")
            }
        }
    }

    @Test func aKeyThatIsNotThatOfThePublicKeyBesideItIsRefused() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/key.pem"
            let other = SigningKey.generate()
            try PrivateKeyFile.write(key, to: path, under: nil)
            try Files.write(Array(other.publicKey.pem.utf8), to: path + ".pub")
            let expected = KeyError.otherPublicKey(
                file: path + ".pub", expected: other.publicKey.keyID, found: key.publicKey.keyID)
            #expect(throws: expected) { try PrivateKeyFile.read(path, passphrase: nil) }
            try Files.write(Array("nonsense".utf8), to: path + ".pub")
            #expect(throws: KeyError.self) { try PrivateKeyFile.read(path, passphrase: nil) }
        }
    }

    @Test func passphrasesAreHeldToTheirRules() throws {
        #expect(throws: PassphraseError.empty) { try passphrase("") }
        #expect(throws: PassphraseError.tooLong(limit: 1024)) { try passphrase(String(repeating: "x", count: 1025)) }
        #expect(throws: PassphraseError.tooShort(minimum: 12, found: 11)) {
            try passphrase("eleven char").requireStrength()
        }
        try passphrase("twelve chars").requireStrength()
        #expect(try passphrase(secret).equals(passphrase(secret)))
        #expect(try !passphrase(secret).equals(passphrase("other")))
        var bytes = Array(secret.utf8)
        _ = try Passphrase(taking: &bytes)
        #expect(bytes.allSatisfy { $0 == 0 }, "the caller's copy is wiped")
    }

    @Test func thePassphraseIsTheFirstLineOfAPrivateFile() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/passphrase"
            for content in [secret, secret + "\n", secret + "\r\n", secret + "\nanother line\n"] {
                try Files.write(Array(content.utf8), to: path, permissions: 0o600)
                #expect(try Passphrase(file: path).equals(passphrase(secret)))
            }
            for mode: UInt16 in [0o644, 0o640, 0o604, 0o620] {
                try Files.write(Array(secret.utf8), to: path, permissions: mode)
                #expect(throws: PassphraseError.file(.exposed(path: path, permissions: mode))) {
                    try Passphrase(file: path)
                }
            }
            try Files.write([0x0A], to: path, permissions: 0o600)
            #expect(throws: PassphraseError.empty) { try Passphrase(file: path) }
            #expect(throws: PassphraseError.file(.notFound(path: folder + "/none"))) {
                try Passphrase(file: folder + "/none")
            }
        }
    }

    @Test func aKeyFileThatOthersMayReadIsRefusedWithTheRemedy() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/key.pem"
            try PrivateKeyFile.write(key, to: path, under: nil)
            #expect(
                try PrivateKeyFile.read(path, passphrase: nil).publicKey
                    == key.publicKey)
            for mode: UInt16 in [0o640, 0o604, 0o644, 0o660, 0o601, 0o777] {
                try Files.write(Array(key.pem.utf8), to: path, permissions: mode)
                let error = #expect(throws: KeyError.file(.exposed(path: path, permissions: mode))) {
                    try PrivateKeyFile.read(path, passphrase: nil)
                }
                #expect("\(error.map { "\($0)" } ?? "")".hasSuffix("chmod 600 \(path)"))
            }
            try Files.write(Array(key.publicKey.pem.utf8), to: path)
            #expect(throws: KeyError.wrongLabel(expected: "PRIVATE KEY", found: "PUBLIC KEY")) {
                try PrivateKeyFile.read(path, passphrase: nil)
            }
        }
    }

    @Test(.enabled(if: PEMTests.openssl != nil))
    func opensslReadsOurEncryptedKeysAndWeReadItsOwn() throws {
        try withTemporaryFolder { folder in
            try Files.write(Array(secret.utf8), to: folder + "/passphrase", permissions: 0o600)
            let given = try Passphrase(file: folder + "/passphrase")
            try PrivateKeyFile.write(key, to: folder + "/ours.pem", under: given)
            let password = "file:" + folder + "/passphrase"
            #expect(
                try OpenSSL.run("pkey", "-in", folder + "/ours.pem", "-passin", password, "-pubout")
                    == key.publicKey.pem)
            #expect(try OpenSSL.run("pkey", "-in", folder + "/ours.pem", "-passin", "pass:wrong", "-pubout") == nil)
            for options in [["-v2", "aes-256-cbc"], ["-scrypt"], ["-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA1"]] {
                try PrivateKeyFile.write(key, to: folder + "/plain.pem", under: nil)
                let theirs = folder + "/theirs.pem"
                _ = try #require(
                    try OpenSSL.run(
                        ["pkcs8", "-topk8", "-in", folder + "/plain.pem", "-passout", password, "-out", theirs]
                            + options))
                #expect(
                    try PrivateKeyFile.read(theirs, passphrase: given).publicKey == key.publicKey)
                #expect(try PrivateKeyFile.isEncrypted(theirs))
            }
        }
    }
}

/// The `openssl` command.
enum OpenSSL {
    /// Standard output of a run that succeeded; nil where it did not.
    static func run(_ arguments: String...) throws -> String? { try run(arguments) }

    static func run(_ arguments: [String]) throws -> String? {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: try #require(PEMTests.openssl))
        process.arguments = arguments
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return process.terminationStatus == 0 ? String(decoding: data, as: UTF8.self) : nil
    }
}
