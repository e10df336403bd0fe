import LetheBytes
import Testing

struct StrictJSONTests {
    private static func parse(_ text: String) throws(JSONError) -> JSONValue {
        try StrictJSON.parse(Array(text.utf8))
    }

    @Test func readsEveryKindOfValue() throws {
        let value = try Self.parse(#" { "a" : [ 1 , -2.5e3, true, false, null, "x\u00e9\n\uD83D\uDE00" ], "b": {} } "#)
        #expect(value["a"]?[0]?.intValue == 1)
        #expect(value["a"]?[1]?.doubleValue == -2500)
        #expect(value["a"]?[1]?.numberLiteral == "-2.5e3")
        #expect(value["a"]?[2]?.boolValue == true)
        #expect(value["a"]?[3]?.boolValue == false)
        #expect(value["a"]?[4]?.isNull == true)
        #expect(value["a"]?[5]?.stringValue == "x\u{e9}\n\u{1f600}")
        #expect(value["b"]?.objectValue == [:])
        #expect(value["missing"] == nil)
        #expect(value["a"]?[6] == nil)
    }

    @Test(arguments: [
        ("", JSONError.unexpectedEnd(expected: "a value")),
        ("\u{feff}1", .byteOrderMark),
        ("1 2", .trailingData(offset: 2)),
        ("[1,]", .unexpectedByte(offset: 3, byte: 0x5d, expected: "a value")),
        ("[1 2]", .unexpectedByte(offset: 3, byte: 0x32, expected: "',' or ']'")),
        ("{\"a\" 1}", .unexpectedByte(offset: 5, byte: 0x31, expected: "':'")),
        ("{a:1}", .unexpectedByte(offset: 1, byte: 0x61, expected: "a name in quotes")),
        ("{\"a\":1,}", .unexpectedByte(offset: 7, byte: 0x7d, expected: "a name in quotes")),
        ("{\"a\":1,\"\\u0061\":2}", .duplicateName(offset: 7, name: "a")),
        ("{\"\u{e9}\":1,\"e\u{301}\":2}", .duplicateName(offset: 8, name: "e\u{301}")),
        ("01", .malformedNumber(offset: 0)), ("-", .malformedNumber(offset: 1)), ("1.", .malformedNumber(offset: 2)),
        ("1e", .malformedNumber(offset: 2)), ("-01", .malformedNumber(offset: 1)),
        ("\"\\x\"", .malformedEscape(offset: 1)), ("\"\\u12g4\"", .malformedEscape(offset: 1)),
        ("\"\\u00\u{10}0\"", .malformedEscape(offset: 1)),
        ("\"\\ud800\"", .loneSurrogate(offset: 1)), ("\"\\udc00\"", .loneSurrogate(offset: 1)),
        ("\"\\ud800\\u0041\"", .loneSurrogate(offset: 1)), ("\"\\ud800x\"", .loneSurrogate(offset: 1)),
        ("\"a\tb\"", .controlCharacter(offset: 2, byte: 9)),
        ("\"abc", .unexpectedEnd(expected: "the closing quote of a string")),
        ("tru", .unexpectedEnd(expected: "true")), ("nulL", .unexpectedByte(offset: 3, byte: 0x4c, expected: "null")),
    ])
    func refusesWhatIsNotStrict(text: String, expected: JSONError) {
        #expect(throws: expected) { try Self.parse(text) }
    }

    @Test(
        arguments: [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82]] as [[UInt8]])
    func refusesBadUTF8(bytes: [UInt8]) {
        #expect(throws: JSONError.malformedUTF8(offset: 1)) { try StrictJSON.parse([0x22] + bytes + [0x22]) }
    }

    @Test func refusesDeepNestingWithoutExhaustingTheStack() throws {
        let deepest = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        _ = try Self.parse(deepest)
        #expect(throws: JSONError.tooDeep(offset: 64, maximum: 64)) {
            try Self.parse(String(repeating: "[", count: 1_000_000))
        }
    }

    @Test func everyTruncationOfADocumentIsRefused() throws {
        let document = Array(#"{"a":[1.5e3,"x\u00e9é",{"b":null,"c":true}]}"#.utf8)
        _ = try StrictJSON.parse(document)
        for count in 0..<document.count {
            #expect(throws: JSONError.self) { try StrictJSON.parse(Array(document.prefix(count))) }
        }
    }

    @Test(arguments: 0..<50) func damagedDocumentsNeverTrap(seed: Int) throws {
        var generator = TestGenerator(seed: seed)
        let document = Array(#"{"a":[1.5e3,"x\u00e9é\ud83d\ude00",{"b":null,"c":[true,false,-0.1]}],"d":"\\\""}"#.utf8)
        for _ in 0..<100 {
            var damaged = document
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                damaged[Int.random(in: 0..<damaged.count, using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
            }
            guard let value = try? StrictJSON.parse(damaged), let canonical = try? value.canonicalBytes() else {
                continue
            }
            #expect(try StrictJSON.parse(canonical).canonicalBytes() == canonical)
        }
    }

    @Test func comparesCodePointsNotGraphemes() {
        #expect(JSONValue.string("\u{e9}") != .string("e\u{301}"))
        #expect(JSONValue.object(["\u{e9}": 1]) != .object(["e\u{301}": 1]))
        #expect(JSONValue.object(["a": [1, "x"]]) == ["a": [1, "x"]])
        #expect(JSONValue.object(["a": 1]) != ["a": 1, "b": 2])
        #expect(JSONValue.number("1") != .number("1.0"))
    }

    @Test func aLargeDocumentIsReadInSeconds() throws {
        let row = #"{"name":"A longer name, as titles have (1995)","values":[1,2,3.25,-4],"flag":true},"#
        let text = "[" + String(repeating: row, count: 12_000) + "0]"
        let start = ContinuousClock.now
        let value = try Self.parse(text)
        #expect(value.arrayValue?.count == 12_001)
        #expect(ContinuousClock.now - start < .seconds(20), "1 MB took \(ContinuousClock.now - start)")
    }
}
