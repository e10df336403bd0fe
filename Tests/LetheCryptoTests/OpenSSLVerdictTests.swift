import LetheBytes
import LetheCrypto
import Testing

/// Where OpenSSL's verdict on a signature is the rule, the `openssl` command is asked for it.
@Suite(.enabled(if: PEMTests.openssl != nil, "needs the openssl command"))
struct OpenSSLVerdictTests {
    private func opensslVerdict(_ signature: [UInt8], _ message: [UInt8], rawKey: [UInt8]) throws -> Bool {
        try withTemporaryFolder { folder in
            let der = try Hex.decode("302a300506032b6570032100") + rawKey
            try Files.write(Array(PEM.encode(der, label: PEM.publicKeyLabel).utf8), to: folder + "/key.pem")
            try Files.write(message, to: folder + "/message")
            try Files.write(signature, to: folder + "/signature")
            return try OpenSSL.run(
                "pkeyutl", "-verify", "-pubin", "-inkey", folder + "/key.pem", "-rawin", "-in", folder + "/message",
                "-sigfile", folder + "/signature") != nil
        }
    }

    private func expectSameVerdict(_ signature: [UInt8], _ message: [UInt8], _ rawKey: [UInt8], _ what: String) throws {
        #expect(
            try Ed25519.isValid(signature: signature, message: message, rawPublicKey: rawKey)
                == opensslVerdict(signature, message, rawKey: rawKey), "\(what)")
    }

    /// Made here: a good signature, S + L, S = 0, R negated, R and A of low order, non-canonical spellings of both, wrong lengths.
    @Test func ourOwnEdgeCasesAreJudgedAsOpenSSLJudgesThem() throws {
        let key = try SigningKey(seed: [UInt8](repeating: 9, count: 32))
        let raw = key.publicKey.rawBytes
        let message = Array("edge".utf8)
        let good = key.sign(message)
        let order = try Hex.decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
        var raised = good
        var carry = 0
        for index in 0..<32 {
            let sum = Int(raised[32 + index]) + Int(order[index]) + carry
            raised[32 + index] = UInt8(sum & 0xff)
            carry = sum >> 8
        }
        let zeros = [UInt8](repeating: 0, count: 32)
        let identity = [1] + [UInt8](repeating: 0, count: 31)
        let nonCanonical = [0xee] + [UInt8](repeating: 0xff, count: 30) + [0x7f]
        var negated = good
        negated[31] ^= 0x80
        var flippedKey = raw
        flippedKey[31] ^= 0x80
        let cases: [(String, [UInt8], [UInt8])] = [
            ("good", good, raw), ("S + L", raised, raw), ("S = 0", Array(good.prefix(32)) + zeros, raw),
            ("R negated", negated, raw), ("key negated", good, flippedKey), ("R identity", identity + zeros, raw),
            ("A and R identity", identity + zeros, identity), ("R non-canonical", nonCanonical + zeros, identity),
            ("A non-canonical", identity + zeros, nonCanonical), ("zeros", zeros + zeros, zeros),
            ("63 bytes", Array(good.dropLast()), raw), ("65 bytes", good + [0], raw), ("empty", [], raw),
        ]
        for (what, signature, rawKey) in cases { try expectSameVerdict(signature, message, rawKey, what) }
        #expect(try opensslVerdict(good, message, rawKey: raw))
        #expect(try !opensslVerdict(raised, message, rawKey: raw))
    }

    @Test(.enabled(if: SharedVectors.exist))
    func publishedEdgeCasesAreJudgedAsTheCommandJudgesThem() throws {
        let cases = try #require(SharedVectors.json("ed25519/cctv-edge-points.json").arrayValue)
        for test in cases.enumerated().filter({ $0.offset % 7 == 0 }).map(\.element) {
            try expectSameVerdict(
                Hex.decode(#require(test["sig"]?.stringValue)), Array(#require(test["msg"]?.stringValue).utf8),
                Hex.decode(#require(test["key"]?.stringValue)), "number \(test["number"] ?? .null)")
        }
    }
}
