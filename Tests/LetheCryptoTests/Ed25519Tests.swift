import LetheBytes
import Testing

@testable import LetheCrypto

struct Ed25519Tests {
    // RFC 8032 section 7.1, tests 1 to 3. Ed25519 is deterministic there; we compare public keys and verify signatures.
    @Test(arguments: [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
                + "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                + "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
        (
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
                + "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ])
    func equalsRFC8032(seed: String, publicKey: String, message: String, signature: String) throws {
        let key = try SigningKey(seed: Hex.decode(seed))
        let message = try Hex.decode(message)
        #expect(Hex.encode(key.publicKey.rawBytes) == publicKey)
        #expect(try key.publicKey.isValid(signature: Hex.decode(signature), for: message))
        #expect(key.publicKey.isValid(signature: key.sign(message), for: message))
    }

    @Test func everyFlippedBitOfASignatureIsRefused() throws {
        let key = SigningKey.generate()
        let message = Array("the model forgot".utf8)
        let signature = key.sign(message)
        #expect(key.publicKey.isValid(signature: signature, for: message))
        for bit in 0..<(8 * signature.count) {
            var altered = signature
            altered[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(!key.publicKey.isValid(signature: altered, for: message), "bit \(bit)")
        }
    }

    @Test func everyFlippedBitOfAMessageIsRefused() throws {
        let key = SigningKey.generate()
        let message = Array("the model forgot".utf8)
        let signature = key.sign(message)
        for bit in 0..<(8 * message.count) {
            var altered = message
            altered[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(!key.publicKey.isValid(signature: signature, for: altered), "bit \(bit)")
        }
    }

    @Test(arguments: [0, 1, 63, 65, 128])
    func signaturesOfAnyOtherLengthAreRefused(count: Int) {
        let key = SigningKey.generate()
        #expect(!key.publicKey.isValid(signature: [UInt8](repeating: 1, count: count), for: []))
        #expect(!key.publicKey.isValid(signature: Array((key.sign([]) + key.sign([])).prefix(count)), for: []))
    }

    /// Whatever it has judged before, a check that is used again says what a new one says.
    @Test func aCheckUsedAgainGivesTheSameVerdicts() throws {
        let (key, other) = (SigningKey.generate(), SigningKey.generate())
        let check = SignatureCheck(key: key.publicKey)
        for number in 0..<64 {
            let message = Array("message \(number)".utf8)
            let signature = key.sign(message)
            #expect(check.isValid(signature: signature, for: message))
            #expect(!check.isValid(signature: other.sign(message), for: message))
            #expect(!check.isValid(signature: signature, for: message + [0]))
            #expect(!check.isValid(signature: Array(signature.dropLast()), for: message))
            var flipped = signature
            flipped[number] ^= 1
            #expect(!check.isValid(signature: flipped, for: message))
        }
    }

    @Test func anotherKeyDoesNotVerify() {
        let message = Array("m".utf8)
        #expect(!SigningKey.generate().publicKey.isValid(signature: SigningKey.generate().sign(message), for: message))
    }

    @Test(arguments: [0, 31, 33, 64])
    func keysAndSeedsOfAnyOtherLengthAreRefused(count: Int) {
        let bytes = [UInt8](repeating: 9, count: count)
        #expect(throws: KeyError.wrongLength(what: "Ed25519 public key", expected: 32, found: count)) {
            try VerifyingKey(rawBytes: bytes)
        }
        #expect(throws: KeyError.wrongLength(what: "Ed25519 seed", expected: 32, found: count)) {
            try SigningKey(seed: bytes)
        }
        #expect(!Ed25519.isValid(signature: [UInt8](repeating: 0, count: 64), message: [], rawPublicKey: bytes))
        #expect(!Ed25519.isLowOrder(rawPublicKey: bytes))
    }

    @Test func everyEncodingOfAPointOfLowOrderIsRefusedAtRegistration() throws {
        // The 14 encodings as published in C2SP/CCTV and libsodium's list, both signs of x.
        let coordinates = [
            "0000000000000000000000000000000000000000000000000000000000000000",
            "0100000000000000000000000000000000000000000000000000000000000000",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        ]
        for coordinate in coordinates {
            for sign: UInt8 in [0x00, 0x80] {
                var raw = try Hex.decode(coordinate)
                raw[31] |= sign
                #expect(throws: KeyError.lowOrder(rawPublicKey: Hex.encode(raw))) { try VerifyingKey(rawBytes: raw) }
                let der = try Hex.decode("302a300506032b6570032100") + raw
                #expect(throws: KeyError.lowOrder(rawPublicKey: Hex.encode(raw))) { try VerifyingKey(der: der) }
            }
        }
    }

    @Test(.enabled(if: SharedVectors.exist))
    func wycheproofVerdictsHold() throws {
        let groups = try #require(SharedVectors.json("ed25519/wycheproof-ed25519.json")["testGroups"]?.arrayValue)
        var count = 0
        for group in groups {
            let raw = try Hex.decode(#require(group["publicKey"]?["pk"]?.stringValue))
            let key = try VerifyingKey(rawBytes: raw)
            if let der = group["publicKeyDer"]?.stringValue {
                #expect(try VerifyingKey(der: Hex.decode(der)) == key)
            }
            if let pem = group["publicKeyPem"]?.stringValue {
                #expect(try VerifyingKey(pem: pem) == key)
            }
            for test in try #require(group["tests"]?.arrayValue) {
                let message = try Hex.decode(#require(test["msg"]?.stringValue))
                let signature = try Hex.decode(#require(test["sig"]?.stringValue))
                let isValid = test["result"]?.stringValue == "valid"
                #expect(key.isValid(signature: signature, for: message) == isValid, "tcId \(test["tcId"] ?? .null)")
                count += 1
            }
        }
        #expect(count == 103)
    }

    @Test(.enabled(if: SharedVectors.exist))
    func cctvVerdictsAreThoseOfOpenSSL() throws {
        let cases = try #require(SharedVectors.json("ed25519/cctv-edge-points.json").arrayValue)
        var lowOrderKeys: Set<[UInt8]> = []
        for test in cases {
            let raw = try Hex.decode(#require(test["key"]?.stringValue))
            let flags = test["flags"]?.arrayValue?.compactMap(\.stringValue) ?? []
            let verdict = try Ed25519.isValid(
                signature: Hex.decode(#require(test["sig"]?.stringValue)),
                message: Array(#require(test["msg"]?.stringValue).utf8), rawPublicKey: raw)
            #expect(verdict == test["openssl3"]?.boolValue, "number \(test["number"] ?? .null)")
            #expect(verdict == !(flags.contains("non_canonical_R") || flags.contains("low_order_residue")))
            #expect(Ed25519.isLowOrder(rawPublicKey: raw) == flags.contains("low_order_A"))
            if flags.contains("low_order_A") {
                lowOrderKeys.insert(raw)
                #expect(throws: KeyError.self) { try VerifyingKey(rawBytes: raw) }
            }
        }
        #expect(cases.count == 327)
        #expect(lowOrderKeys.count > 7 && lowOrderKeys.count <= 14)
    }

    @Test(.enabled(if: SharedVectors.exist))
    func sharedTestKeysHaveTheirPublicHalves() throws {
        let keys = try #require(SharedVectors.json("test-keys.json")["keys"]?.objectValue)
        for (name, entry) in keys {
            let key = try SigningKey(seed: Hex.decode(#require(entry["seed_hex"]?.stringValue)))
            #expect(Hex.encode(key.publicKey.rawBytes) == entry["public_hex"]?.stringValue)
            #expect(Base64.encode(key.publicKey.der) == entry["spki_der_base64"]?.stringValue)
            #expect(try key.seedLabelDigest(name) == Hex.decode(#require(entry["seed_hex"]?.stringValue)))
        }
    }
}

extension SigningKey {
    /// The rule by which the shared test keys were made.
    fileprivate func seedLabelDigest(_ name: String) -> [UInt8] {
        Digest(sha256: Array("UNLEARN-LEDGER-TEST-KEY \(name)".utf8)).bytes
    }
}
