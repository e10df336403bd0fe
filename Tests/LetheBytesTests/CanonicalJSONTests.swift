import LetheBytes
import Testing

struct CanonicalJSONTests {
    private static func canonical(_ text: String) throws -> String {
        String(decoding: try StrictJSON.parse(Array(text.utf8)).canonicalBytes(), as: UTF8.self)
    }

    // RFC 8785, sections 3.2.2 and 3.2.3.
    @Test func theExamplesOfTheStandardHold() throws {
        #expect(
            try Self.canonical(
                #"""
                {
                  "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
                  "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
                  "literals": [null, true, false]
                }
                """#)
                == #"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"#
                + #""string":"€$\u000f\nA'B\"\\\\\"/"}"#)
        let sorted = try Self.canonical(
            #"{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}"#
        )
        let places = ["Carriage", "One", "Control", "Latin", "Euro", "Emoji", "Hebrew"].map { name in
            sorted.range(of: name)?.lowerBound
        }
        #expect(!places.contains(nil))
        #expect(places.compactMap { $0 } == places.compactMap { $0 }.sorted())
    }

    // RFC 8785, appendix B.
    @Test(
        arguments: [
            (0x0000_0000_0000_0000, "0"), (0x8000_0000_0000_0000, "0"), (0x0000_0000_0000_0001, "5e-324"),
            (0x8000_0000_0000_0001, "-5e-324"), (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
            (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"), (0x4340_0000_0000_0000, "9007199254740992"),
            (0xc340_0000_0000_0000, "-9007199254740992"), (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"), (0x44b5_2d02_c7e1_4af6, "1e+23"),
            (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"), (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
            (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"), (0x444b_1ae4_d6e2_ef50, "1e+21"),
            (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"), (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
            (0x41b3_de43_5555_5553, "333333333.3333332"), (0x41b3_de43_5555_5554, "333333333.33333325"),
            (0x41b3_de43_5555_5555, "333333333.3333333"), (0x41b3_de43_5555_5556, "333333333.3333334"),
            (0x41b3_de43_5555_5557, "333333333.33333343"), (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
            (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
        ] as [(UInt64, String)])
    func numbersAreSpelledLikeECMAScript(bits: UInt64, expected: String) throws {
        #expect(try ECMAScriptNumber.text(of: Double(bitPattern: bits)) == expected)
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity]) func whatIsNoFiniteNumberHasNoForm(value: Double) {
        #expect(throws: JSONError.self) { try ECMAScriptNumber.text(of: value) }
    }

    @Test func numbersBeyondDoublesHaveNoForm() throws {
        #expect(throws: JSONError.numberOutOfRange(literal: "1e400")) { try Self.canonical("[1e400]") }
        #expect(try Self.canonical("[-0, 1e-400, 100, 1e2, 1.0]") == "[0,0,100,100,1]")
    }

    @Test(arguments: 0..<20) func randomNumbersReadBackAsThemselves(seed: Int) throws {
        var generator = TestGenerator(seed: seed)
        for _ in 0..<200 {
            let value = Double(bitPattern: generator.next())
            guard value.isFinite else { continue }
            let text = try ECMAScriptNumber.text(of: value)
            #expect(Double(text) == value)
            #expect(try Self.canonical(text) == text)
        }
    }

    @Test func controlCharactersAreEscapedInLowerCase() throws {
        let all = String(String.UnicodeScalarView((0..<0x20).compactMap { Unicode.Scalar($0) }))
        let text = String(decoding: try JSONValue.string(all + "\u{7f}/\u{2028}").canonicalBytes(), as: UTF8.self)
        #expect(
            text == #""\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e\u000f"#
                + #"\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f"#
                + "\u{7f}/\u{2028}\"")
    }

    @Test func thePrettyFormSaysTheSame() throws {
        let value: JSONValue = ["b": [1, ["c": .null]], "a": "x", "e": [], "o": [:]]
        let pretty = value.prettyBytes()
        #expect(try StrictJSON.parse(pretty) == value)
        #expect(String(decoding: pretty, as: UTF8.self).hasPrefix("{\n  \"a\": \"x\",\n  \"b\": [\n    1,\n    {\n"))
    }

    @Test(.enabled(if: Shared.exists), arguments: ["arrays", "french", "structures", "values"])
    func outsidePairsHold(name: String) throws {
        let value = try StrictJSON.parse(Shared.read("vectors/jcs/input/\(name).json"))
        let canonical = try value.canonicalBytes()
        #expect(canonical == (try Shared.read("vectors/jcs/output/\(name).json")))
        let hex = String(decoding: try Shared.read("vectors/jcs/outhex/\(name).txt"), as: UTF8.self)
        #expect(Hex.encode(canonical) == String(hex.filter(\.isHexDigit)))
    }

    @Test(.enabled(if: Shared.exists)) func outsideCasesAreAcceptedAndRefused() throws {
        let accepted = try StrictJSON.parse(Shared.read("vectors/jcs/must-accept.json")).arrayValue ?? []
        #expect(accepted.count >= 11)
        for test in accepted {
            let input = try Hex.decode(test["input_hex"]?.stringValue ?? "-")
            #expect(
                try Hex.encode(StrictJSON.parse(input).canonicalBytes()) == test["output_hex"]?.stringValue, "\(test)")
        }
        let refused = try StrictJSON.parse(Shared.read("vectors/jcs/must-reject.json")).arrayValue ?? []
        #expect(refused.count >= 18)
        for test in refused {
            let input = try Hex.decode(test["input_hex"]?.stringValue ?? "-")
            #expect(throws: JSONError.self, "\(test)") { try StrictJSON.parse(input).canonicalBytes() }
        }
    }

    @Test(.enabled(if: Shared.exists)) func outsideNumbersHold() throws {
        let lines = String(decoding: try Shared.read("vectors/jcs/es6-numbers-first-1000.txt"), as: UTF8.self)
        let rows = lines.split(separator: "\n").map { $0.split(separator: ",") }
        #expect(rows.count == 1000)
        for row in rows {
            let bits = try #require(UInt64(row[0], radix: 16))
            #expect(try ECMAScriptNumber.text(of: Double(bitPattern: bits)) == row[1])
        }
        let edge = try StrictJSON.parse(Shared.read("vectors/jcs/number-edge.json"))
        for row in edge["cases"]?.arrayValue ?? [] {
            let bits = try #require(row[0]?.stringValue.flatMap { UInt64($0, radix: 16) })
            #expect(try ECMAScriptNumber.text(of: Double(bitPattern: bits)) == row[1]?.stringValue)
        }
        for bits in edge["must_error"]?.arrayValue ?? [] {
            let value = Double(bitPattern: try #require(bits.stringValue.flatMap { UInt64($0, radix: 16) }))
            #expect(throws: JSONError.self) { try ECMAScriptNumber.text(of: value) }
        }
    }
}

extension String {
    fileprivate func range(of other: String) -> Range<String.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(other) { return start..<index(start, offsetBy: other.count) }
            formIndex(after: &start)
        }
        return nil
    }
}
