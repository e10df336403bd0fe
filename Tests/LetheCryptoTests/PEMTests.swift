import Foundation
import LetheBytes
import LetheCrypto
import Testing

struct PEMTests {
    static let privatePEM = """
        -----BEGIN PRIVATE KEY-----
        MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
        -----END PRIVATE KEY-----

        """
    static let publicPEM = """
        -----BEGIN PUBLIC KEY-----
        MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
        -----END PUBLIC KEY-----

        """

    @Test func keysSurviveARoundTrip() throws {
        let key = SigningKey.generate()
        let again = try SigningKey(pem: key.pem)
        #expect(again.publicKey == key.publicKey)
        #expect(try VerifyingKey(pem: key.publicKey.pem) == key.publicKey)
        #expect(try VerifyingKey(der: key.publicKey.der) == key.publicKey)
        #expect(key.publicKey.isValid(signature: again.sign([1]), for: [1]))
    }

    @Test func theKeysOfRFC8032AreWrittenAsOpenSSLWritesThem() throws {
        let key = try SigningKey(pem: Self.privatePEM)
        #expect(key.pem == Self.privatePEM)
        #expect(key.publicKey.pem == Self.publicPEM)
        #expect(try VerifyingKey(pem: Self.publicPEM).keyID == Digest(sha256: key.publicKey.der).hex)
    }

    @Test func windowsLineEndsAndBlankLinesAroundAreAccepted() throws {
        let text = "\r\n" + Self.publicPEM.replacing("\n", with: "\r\n") + "\r\n"
        #expect(try VerifyingKey(pem: text) == VerifyingKey(pem: Self.publicPEM))
    }

    @Test(arguments: [
        "", "\n", "hello", "-----BEGIN -----\n", "-----BEGIN PUBLIC KEY-----\n",
        "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n",
        "text before\n" + publicPEM, publicPEM + "text after\n", publicPEM + publicPEM,
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n",
        publicPEM.replacing("MCow", with: "MCow "), publicPEM.replacing("MCow", with: "MCow\n"),
        publicPEM.replacing("URo=", with: "URo"), publicPEM.replacing("URo=", with: "URp="),
        "-----BEGIN PUBLIC KEY-----\n!!!!\n-----END PUBLIC KEY-----", privatePEM,
    ])
    func anythingButOneCleanBlockIsRefused(text: String) {
        #expect(throws: KeyError.self) { try VerifyingKey(pem: text) }
    }

    @Test func everyTruncatedPrivateKeyIsRefused() {
        let pem = Self.privatePEM.dropLast()
        for length in 0..<pem.count {
            #expect(throws: KeyError.self, "\(length) characters") { try SigningKey(pem: String(pem.prefix(length))) }
        }
    }

    @Test func theWrongLabelIsNamed() {
        #expect(throws: KeyError.wrongLabel(expected: "PRIVATE KEY", found: "PUBLIC KEY")) {
            try SigningKey(pem: Self.publicPEM)
        }
        #expect(throws: KeyError.wrongLabel(expected: "PUBLIC KEY", found: "PRIVATE KEY")) {
            try VerifyingKey(pem: Self.privatePEM)
        }
    }

    @Test func anEncryptedKeyIsRefusedWithoutAskingForAPassphrase() {
        let pem = PEM.encode([1, 2, 3], label: "ENCRYPTED PRIVATE KEY")
        #expect(throws: KeyError.encrypted) { try SigningKey(pem: pem) }
    }

    @Test func bytesAfterTheKeyAreRefused() throws {
        let der = try PEM.decode(Self.publicPEM, label: "PUBLIC KEY")
        #expect(throws: KeyError.trailingBytes(what: "public key (SubjectPublicKeyInfo)", count: 1)) {
            try VerifyingKey(der: der + [0])
        }
        for length in 0..<der.count {
            #expect(throws: KeyError.self) { try VerifyingKey(der: Array(der.prefix(length))) }
        }
        let secret = try PEM.decode(Self.privatePEM, label: "PRIVATE KEY")
        #expect(throws: KeyError.self) { try SigningKey(pem: PEM.encode(secret + [0], label: "PRIVATE KEY")) }
    }

    @Test func everyFlippedBitOfDERIsRefusedOrAnotherKey() throws {
        let key = try VerifyingKey(pem: Self.publicPEM)
        for bit in 0..<(8 * key.der.count) {
            var der = key.der
            der[bit / 8] ^= 1 << UInt8(bit % 8)
            if let other = try? VerifyingKey(der: der) {
                #expect(other != key, "bit \(bit)")
                #expect(other.der == der, "bit \(bit)")
            }
        }
    }

    @Test func errorsNeverRepeatAPrivateKey() {
        let secret = "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9"
        let pem = "-----BEGIN PRIVATE KEY-----\n\(secret)\n-----END PRIVATE KEY-----\n"
        do {
            _ = try SigningKey(pem: pem)
            Issue.record("a truncated key was accepted")
        } catch {
            #expect(!"\(error)".contains("MC4CAQ") && !String(reflecting: error).contains("MC4CAQ"))
        }
    }

    /// Keys and signatures go back and forth between Lethe and the `openssl` command.
    @Test(.enabled(if: openssl != nil))
    func opensslReadsOurKeysAndVerifiesOurSignatures() throws {
        try withTemporaryFolder { folder in
            let key = SigningKey.generate()
            let message = Array("signed in Swift".utf8)
            try Files.write(Array(key.pem.utf8), to: folder + "/key.pem", permissions: 0o600)
            try Files.write(message, to: folder + "/message")
            try Files.write(key.sign(message), to: folder + "/signature")
            try run("pkey", "-in", folder + "/key.pem", "-pubout", "-out", folder + "/public.pem")
            #expect(try text(folder + "/public.pem") == key.publicKey.pem)
            try run("pkey", "-in", folder + "/key.pem", "-out", folder + "/again.pem")
            #expect(try text(folder + "/again.pem") == key.pem)
            let verify = [
                "pkeyutl", "-verify", "-pubin", "-inkey", folder + "/public.pem", "-rawin", "-in", folder + "/message",
                "-sigfile", folder + "/signature",
            ]
            #expect(try status(verify) == 0)
            try Files.write(message + [0], to: folder + "/message")
            #expect(try status(verify) != 0)
        }
    }

    @Test(.enabled(if: openssl != nil))
    func keysAndSignaturesOfOpenSSLAreRead() throws {
        try withTemporaryFolder { folder in
            try run("genpkey", "-algorithm", "ed25519", "-out", folder + "/key.pem")
            let key = try SigningKey(pem: text(folder + "/key.pem"))
            try Files.write([1, 2, 3], to: folder + "/message")
            try run(
                "pkeyutl", "-sign", "-inkey", folder + "/key.pem", "-rawin", "-in", folder + "/message", "-out",
                folder + "/signature")
            let signature = try Files.read(folder + "/signature", limit: 1000)
            #expect(key.publicKey.isValid(signature: signature, for: [1, 2, 3]))
            #expect(!key.publicKey.isValid(signature: signature, for: [1, 2, 4]))
        }
    }

    @Test(.enabled(if: openssl != nil))
    func keysOfOtherAlgorithmsAreRefusedByName() throws {
        try withTemporaryFolder { folder in
            try run(
                "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", folder + "/key.pem")
            try run("pkey", "-in", folder + "/key.pem", "-pubout", "-out", folder + "/public.pem")
            #expect(throws: KeyError.wrongAlgorithm(found: "EC")) { try SigningKey(pem: text(folder + "/key.pem")) }
            #expect(throws: KeyError.wrongAlgorithm(found: "EC")) {
                try VerifyingKey(pem: text(folder + "/public.pem"))
            }
            try run("genpkey", "-algorithm", "x25519", "-out", folder + "/key.pem")
            #expect(throws: KeyError.wrongAlgorithm(found: "X25519")) {
                try SigningKey(pem: text(folder + "/key.pem"))
            }
            try run(
                "genpkey", "-algorithm", "ed25519", "-aes256", "-pass", "pass:secret", "-out", folder + "/key.pem")
            #expect(throws: KeyError.encrypted) { try SigningKey(pem: text(folder + "/key.pem")) }
        }
    }

    static let openssl: String? = ["/usr/bin/openssl", "/usr/local/bin/openssl", "/opt/homebrew/bin/openssl"].first {
        Files.exists($0)
    }

    private func text(_ path: String) throws -> String {
        String(decoding: try Files.read(path, limit: 100_000), as: UTF8.self)
    }

    private func run(_ arguments: String...) throws {
        try #require(try status(arguments) == 0, "openssl \(arguments.joined(separator: " "))")
    }

    private func status(_ arguments: [String]) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(Self.openssl))
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }
}
