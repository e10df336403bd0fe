import LetheBytes
import Testing

@testable import LetheCrypto

struct AESGCMTests {
    private let key = [UInt8](repeating: 0x42, count: 32)

    // McGrew and Viega, "The Galois/Counter Mode of Operation", test cases 13 to 16 (the same as in NIST's).
    @Test(arguments: [
        (
            String(repeating: "00", count: 32), "000000000000000000000000", "", "", "",
            "530f8afbc74536b9a963b4f1c4cb738b"
        ),
        (
            String(repeating: "00", count: 32), "000000000000000000000000", String(repeating: "00", count: 16), "",
            "cea7403d4d606b6e074ec5d3baf39d18", "d0d1c8a799996bf0265b98b5d48ab919"
        ),
        (
            "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
            "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                + "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
            "76fc6ece0f4e1768cddf8853bb2d551b"
        ),
    ])
    func equalsPublishedVectors(
        key: String, nonce: String, plaintext: String, data: String, ciphertext: String, tag: String
    ) throws {
        let box = try AESGCM.seal(
            Hex.decode(plaintext), key: Hex.decode(key), nonce: Hex.decode(nonce), additionalData: Hex.decode(data))
        #expect(Hex.encode(box) == nonce + ciphertext + tag)
        #expect(try AESGCM.open(box, key: Hex.decode(key), additionalData: Hex.decode(data)) == Hex.decode(plaintext))
    }

    @Test(arguments: [0, 1, 15, 16, 17, 1000])
    func whatWasSealedOpens(count: Int) throws {
        let plaintext = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        let box = try AESGCM.seal(plaintext, key: key, additionalData: [1])
        #expect(box.count == count + 28)
        #expect(try AESGCM.open(box, key: key, additionalData: [1]) == plaintext)
    }

    @Test func twoBoxesOfOneMessageDiffer() throws {
        #expect(try AESGCM.seal([1], key: key) != AESGCM.seal([1], key: key))
    }

    @Test func everyFlippedBitIsRefused() throws {
        let box = try AESGCM.seal(Array("user 17".utf8), key: key, additionalData: [1, 2])
        for bit in 0..<(8 * box.count) {
            var altered = box
            altered[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(throws: AESGCMError.notAuthentic, "bit \(bit)") {
                try AESGCM.open(altered, key: key, additionalData: [1, 2])
            }
        }
    }

    @Test func everyTruncationIsRefused() throws {
        let box = try AESGCM.seal(Array("user 17".utf8), key: key)
        for length in 0..<box.count {
            #expect(throws: AESGCMError.self) { try AESGCM.open(Array(box.prefix(length)), key: key) }
        }
        #expect(throws: AESGCMError.boxTooShort(minimum: 28, found: 27)) {
            try AESGCM.open([UInt8](repeating: 0, count: 27), key: key)
        }
    }

    @Test func anotherKeyOrContextIsRefused() throws {
        let box = try AESGCM.seal([1, 2, 3], key: key, additionalData: [1])
        #expect(throws: AESGCMError.notAuthentic) { try AESGCM.open(box, key: key, additionalData: []) }
        #expect(throws: AESGCMError.notAuthentic) { try AESGCM.open(box, key: key, additionalData: [2]) }
        #expect(throws: AESGCMError.notAuthentic) {
            try AESGCM.open(box, key: [UInt8](repeating: 0x43, count: 32), additionalData: [1])
        }
    }

    @Test(arguments: [0, 16, 24, 31, 33])
    func keysOfAnyOtherLengthAreRefused(count: Int) {
        let key = [UInt8](repeating: 1, count: count)
        #expect(throws: AESGCMError.wrongKeyLength(expected: 32, found: count)) { try AESGCM.seal([1], key: key) }
        #expect(throws: AESGCMError.wrongKeyLength(expected: 32, found: count)) {
            try AESGCM.open([UInt8](repeating: 0, count: 40), key: key)
        }
    }
}
