import LetheBytes
import Testing

@testable import LetheCrypto

struct DigestTests {
    // FIPS 180-4 examples.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func equalsTheStandardsExamples(message: String, expected: String) {
        #expect(Digest(sha256: Array(message.utf8)).hex == expected)
    }

    @Test func streamingEqualsOneShotForEverySplit() {
        let message = (0..<200).map { UInt8($0) }
        for cut in 0...message.count {
            let hasher = SHA256Hasher()
            hasher.update(message[..<cut])
            hasher.update(message[cut...])
            #expect(hasher.finalize() == Digest(sha256: message))
        }
    }

    @Test func finalizeGivesThePrefixDigestAndLetsTheMessageGrow() {
        let hasher = SHA256Hasher()
        hasher.update(Array("ab".utf8))
        #expect(hasher.finalize() == Digest(sha256: Array("ab".utf8)))
        hasher.update(Array("c".utf8))
        #expect(hasher.finalize() == Digest(sha256: Array("abc".utf8)))
    }

    @Test func hashesASequenceThatIsNotContiguous() {
        let reversed = Array("cba".utf8).reversed()
        #expect(Digest(sha256: reversed) == Digest(sha256: Array("abc".utf8)))
    }

    @Test func bytesAndHexSurviveARoundTrip() throws {
        let digest = Digest(sha256: [1, 2, 3])
        #expect(try Digest(hex: digest.hex) == digest)
        #expect(try Digest(bytes: digest.bytes) == digest)
        #expect(digest.bytes.count == 32)
        #expect(Set([digest, try Digest(hex: digest.hex)]).count == 1)
    }

    @Test(arguments: [0, 1, 31, 33, 64])
    func anyOtherNumberOfBytesIsRefused(count: Int) {
        #expect(throws: DigestError.wrongLength(expected: 32, found: count)) {
            try Digest(bytes: [UInt8](repeating: 7, count: count))
        }
    }

    @Test(arguments: [
        "", "e3b0c442", "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
        "g3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        " 3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b8555",
    ])
    func otherSpellingsThanLowercaseHexAreRefused(text: String) {
        #expect(throws: DigestError.notHex(found: text)) { try Digest(hex: text) }
    }

    @Test func aFileLargerThanTheBufferHasTheDigestOfItsBytes() throws {
        try withTemporaryFolder { folder in
            let bytes = (0..<700_001).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            try Files.write(bytes, to: folder + "/file")
            #expect(try Digest(sha256OfFile: folder + "/file") == Digest(sha256: bytes))
            try Files.write([], to: folder + "/empty")
            #expect(try Digest(sha256OfFile: folder + "/empty") == Digest(sha256: []))
        }
    }

    @Test func aMissingFileAndAFolderAreRefused() throws {
        try withTemporaryFolder { folder in
            #expect(throws: FileError.notFound(path: folder + "/none")) {
                try Digest(sha256OfFile: folder + "/none")
            }
            #expect(throws: FileError.self) { try Digest(sha256OfFile: folder) }
        }
    }

    // RFC 4231, cases 1, 2, 6 and 7.
    @Test(arguments: [
        (
            [UInt8](repeating: 0x0b, count: 20), "Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        ),
        (
            Array("Jefe".utf8), "what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        (
            [UInt8](repeating: 0xaa, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        ),
        ([], "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"),
    ])
    func hmacEqualsRFC4231(key: [UInt8], message: String, expected: String) {
        #expect(hmacSHA256(key: key, message: Array(message.utf8)).hex == expected)
    }

    @Test func comparisonInConstantTimeFindsEveryDifference() {
        let bytes: [UInt8] = [1, 2, 3, 4]
        #expect(constantTimeEquals(bytes, bytes))
        #expect(constantTimeEquals([], []))
        #expect(!constantTimeEquals(bytes, [1, 2, 3]))
        #expect(!constantTimeEquals([], [0]))
        for index in bytes.indices {
            var other = bytes
            other[index] ^= 0x80
            #expect(!constantTimeEquals(bytes, other))
        }
    }

    @Test func thisInstallationOfOpenSSLHasAllThatIsNeeded() throws {
        try CryptographyLibrary.check()
        #expect(
            CryptographyLibrary.version.hasPrefix("OpenSSL 3") || CryptographyLibrary.version.hasPrefix("OpenSSL 4"))
        #expect(!"\(CryptographyLibraryError.unavailable(what: "Ed25519"))".contains("\n"))
    }

    @Test func randomBytesHaveTheAskedLengthAndDiffer() {
        #expect(secureRandomBytes(0).isEmpty)
        #expect(secureRandomBytes(33).count == 33)
        #expect(secureRandomBytes(32) != secureRandomBytes(32))
    }

    @Test func foreignTextInErrorsStaysOnOneLine() {
        #expect(Printable.quoted("a\nb\u{1b}[31m\"é") == #""a\u{a}b\u{1b}[31m\"\u{e9}""#)
        #expect(Printable.quoted(String(repeating: "x", count: 500)).count < 90)
    }
}
