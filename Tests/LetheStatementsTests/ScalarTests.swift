import LetheBytes
import LetheCrypto
import LetheStatements
import Testing

struct ScalarTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", Int64(0)), ("2026-03-02T09:00:00Z", 1_772_442_000),
        ("2000-02-29T23:59:59Z", 951_868_799), ("1969-12-31T23:59:59Z", -1),
        ("0001-01-01T00:00:00Z", -62_135_596_800), ("9999-12-31T23:59:59Z", 253_402_300_799),
        ("2100-03-01T00:00:00Z", 4_107_542_400),
    ])
    func momentsHaveOneSpelling(text: String, seconds: Int64) throws {
        #expect(try Timestamp(text).secondsSinceEpoch == seconds)
        #expect(try Timestamp(secondsSinceEpoch: seconds).description == text)
    }

    @Test func everyDayOfFourCenturiesSurvivesARoundTrip() throws {
        var previous = try Timestamp("1799-12-31T12:34:56Z")
        for day in 0..<146_097 {
            let moment = try Timestamp(secondsSinceEpoch: previous.secondsSinceEpoch + 86_400)
            #expect(try Timestamp(moment.description) == moment && previous < moment, "day \(day)")
            previous = moment
        }
        #expect(previous.description == "2199-12-31T12:34:56Z")
    }

    @Test(arguments: [
        "", "2026-03-02", "2026-03-02T09:00:00", "2026-03-02T09:00:00z", "2026-03-02t09:00:00Z",
        "2026-03-02 09:00:00Z", "2026-03-02T09:00:00.0Z", "2026-03-02T09:00:00+00:00", "2026-3-2T09:00:00Z",
        "2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-00-01T00:00:00Z",
        "2026-13-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-32T00:00:00Z", "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z", "2016-12-31T23:59:60Z", "0000-01-01T00:00:00Z", "02026-03-02T09:00:00Z",
        "2026-03-02T09:00:00ZZ", "२०२६-०३-०२T०९:००:००Z", "-026-03-02T09:00:00Z",
    ])
    func otherSpellingsOfMomentsAreRefused(text: String) {
        #expect(throws: TimestampError.malformed(found: text)) { try Timestamp(text) }
    }

    @Test(arguments: [Int64.min, -62_135_596_801, 253_402_300_800, Int64.max])
    func momentsOutsideOfTheCalendarAreRefused(seconds: Int64) {
        #expect(throws: TimestampError.outOfRange(secondsSinceEpoch: seconds)) {
            try Timestamp(secondsSinceEpoch: seconds)
        }
    }

    @Test(arguments: ["0", "7", "-7", "0.5", "-0.50", "12.000", "18446744073709551616", "0.0", "-0.001"])
    func decimalNumbersKeepTheirText(text: String) {
        #expect(DecimalNumber(text)?.text == text)
    }

    @Test(arguments: [
        "", "-", ".", "1.", ".5", "01", "-01", "00.5", "+1", "1e3", "1E3", "0x1", "1,5", " 1", "1 ", "1.2.3", "-0",
        "-0.0",
        "NaN", "inf", "Infinity", "١", "1\n", String(repeating: "1", count: 41),
    ])
    func otherSpellingsOfNumbersAreRefused(text: String) {
        #expect(DecimalNumber(text) == nil)
    }

    @Test(arguments: [
        (0.5, 3, "0.500"), (-0.0004, 3, "0.000"), (-0.0005001, 3, "-0.001"), (1234.5678, 2, "1234.57"), (0, 0, "0"),
        (2.5, 0, "2"), (3.5, 0, "4"), (-12, 1, "-12.0"), (1e-9, 9, "0.000000001"),
    ])
    func doublesAreRoundedHalfToEven(value: Double, places: Int, text: String) {
        #expect(DecimalNumber(value, places: places)?.text == text)
        #expect(DecimalNumber(text) != nil)
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity, 1e15, -1e300])
    func doublesWithoutADecimalFormAreRefused(value: Double) {
        #expect(DecimalNumber(value) == nil)
    }

    @Test func wholeNumbersCoverSixtyFourBits() throws {
        #expect(try JSONFields("18446744073709551615").wholeNumber() == .max)
        #expect(try JSONFields("0").wholeNumber() == 0)
        for text in ["", "-1", "01", "00", "1.0", "18446744073709551616", "+1", " 1", "1e3"] {
            #expect(throws: FieldError.self) { try JSONFields(.string(text), path: "x").wholeNumber() }
        }
        #expect(throws: FieldError.wrongType(path: "x", expected: "string", found: "number")) {
            try JSONFields(1, path: "x").wholeNumber()
        }
    }

    private enum Result: String, CaseIterable {
        case passed = "PASSED"
        case failed = "FAILED"
    }

    @Test func choicesAreExact() throws {
        #expect(try JSONFields("PASSED").oneOf(Result.self) == .passed)
        for text in ["", "passed", "PASSED ", "INCONCLUSIVE"] {
            #expect(throws: FieldError.invalid(path: "r", expected: "PASSED or FAILED", found: text)) {
                try JSONFields(.string(text), path: "r").oneOf(Result.self)
            }
        }
    }

    @Test func membersAreReadAsTheyAre() throws {
        let fields = JSONFields(["a": .null, "b": true, "c": [1, "x"], "d": ""])
        #expect(try fields.nullable("a") == nil)
        #expect(try fields.optional("z") == nil)
        #expect(try fields.member("b").bool())
        #expect(try fields.member("c").array()[1].string() == "x")
        #expect(throws: FieldError.missing(path: "z")) { try fields.nullable("z") }
        #expect(throws: FieldError.missing(path: "z")) { try fields.member("z") }
        #expect(throws: FieldError.self) { try fields.member("d").nonEmptyString() }
        #expect(throws: FieldError.self) { try fields.member("d").digest() }
        #expect(throws: FieldError.self) { try fields.member("d").timestamp() }
        #expect(throws: FieldError.self) { try fields.member("d").decimal() }
        #expect(throws: FieldError.wrongType(path: "c[0]", expected: "string", found: "number")) {
            try fields.member("c").array()[0].string()
        }
        #expect(throws: FieldError.unexpected(path: "d")) { try fields.requireExactly(["a", "b", "c"]) }
        #expect(throws: FieldError.missing(path: "e")) { try fields.requireExactly(["a", "b", "c", "d", "e"]) }
        try fields.requireExactly(["a", "b", "c"], optional: ["d", "e"])
    }

    @Test func namesFromForeignDocumentsAreQuotedInPaths() {
        let fields = JSONFields(["a\nb": 1])
        let error = #expect(throws: FieldError.self) { try fields.requireExactly([]) }
        #expect(error.map { "\($0)" } == #""a\u{a}b": not a member of this format"#)
    }
}
