import LetheBytes
import Testing

struct HexTests {
    @Test func everyByteReadsBack() throws {
        let bytes = Array(UInt8.min...UInt8.max)
        #expect(Hex.encode([0x00, 0x0f, 0xa5, 0xff]) == "000fa5ff")
        #expect(try Hex.decode(Hex.encode(bytes)) == bytes)
        #expect(try Hex.decode("") == [])
    }

    @Test func otherSpellingsAreRefused() throws {
        #expect(throws: TextEncodingError.length(encoding: "hexadecimal", count: 3)) { try Hex.decode("abc") }
        #expect(throws: TextEncodingError.character(encoding: "hexadecimal", offset: 1)) { try Hex.decode("0g") }
        #expect(throws: TextEncodingError.character(encoding: "hexadecimal", offset: 0)) { try Hex.decode("AB") }
        #expect(throws: TextEncodingError.self) { try Hex.decode("+1") }
        #expect(throws: TextEncodingError.self) { try Hex.decode("é") }
        #expect(try Hex.decode("AbCd", allowingUppercase: true) == [0xab, 0xcd])
        #expect(throws: TextEncodingError.self) { try Hex.decode("\u{10}\u{11}", allowingUppercase: true) }
    }

    @Test func eightDigitsAtOnceAreWhatTheyAreOneByOne() {
        for value in [0, 1, 0x0123_4567, 0x89AB_CDEF, 0xF09A_A90F, UInt32.max] + (0..<32).map({ UInt32(1) << $0 }) {
            let digits = UInt64(lowercaseHexOf: value)
            let text = (0..<8).map { UInt8(truncatingIfNeeded: digits >> (56 - 8 * $0)) }
            let bytes = (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }
            #expect(String(decoding: text, as: UTF8.self) == Hex.encode(bytes))
        }
    }

    @Test func sixteenDigitsAtOnceAreWhatTheyAreOneByOne() {
        // Every byte at every place, beside digits that are the lowest and the highest of both ranges.
        for filler in "09af".utf8 {
            for place in 0..<16 {
                for byte in UInt8.min...UInt8.max {
                    var text = [UInt8](repeating: filler, count: 16)
                    text[place] = byte
                    let atOnce = text.withUnsafeBytes {
                        UInt64(lowercaseHex: $0.load(as: UInt64.self), $0.load(fromByteOffset: 8, as: UInt64.self))
                    }
                    let oneByOne = text.withUnsafeBufferPointer { UInt64(lowercaseHex: $0[...]) }
                    #expect(atOnce == oneByOne)
                    #expect((atOnce != nil) == "0123456789abcdef".utf8.contains(byte))
                }
            }
        }
    }
}

struct Base64Tests {
    // RFC 4648, section 10.
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ])
    func theExamplesOfTheStandardHold(plain: String, encoded: String) throws {
        #expect(Base64.encode(Array(plain.utf8)) == encoded)
        #expect(try Base64.decode(encoded) == Array(plain.utf8))
    }

    @Test(arguments: [
        "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm8==", "Z===", "====", "=", "Zg==Zg==", "Zm9v\n", " Zm9v", "Zm-_",
        "Zm9v====", "Zm=9", "Zé==",
    ])
    func otherSpellingsAreRefused(text: String) {
        #expect(throws: TextEncodingError.self) { try Base64.decode(text) }
    }

    @Test(arguments: 0..<40) func randomBytesReadBack(seed: Int) throws {
        var generator = TestGenerator(seed: seed)
        let bytes = (0..<seed * 7).map { _ in UInt8.random(in: 0...255, using: &generator) }
        #expect(try Base64.decode(Base64.encode(bytes)) == bytes)
        #expect(try Hex.decode(Hex.encode(bytes)) == bytes)
    }

    @Test func noTwoTextsOfFourCharactersMeanTheSame() throws {
        let alphabet = Array("ABab01+/=".unicodeScalars)
        var meanings: Set<[UInt8]> = []
        for a in alphabet {
            for b in alphabet {
                for c in alphabet {
                    for d in alphabet {
                        guard let bytes = try? Base64.decode(String(String.UnicodeScalarView([a, b, c, d]))) else {
                            continue
                        }
                        #expect(meanings.insert(bytes).inserted)
                    }
                }
            }
        }
        #expect(meanings.count > 4096)
    }
}
