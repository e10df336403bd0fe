import Testing

@testable import LetheReports

struct TextTests {
    @Test(arguments: [
        (0.0, 3, "0.000"), (-0.0004, 3, "0.000"), (-0.051, 3, "\u{2212}0.051"), (12.345, 1, "12.3"),
        (0.9996, 3, "1.000"),
        (7, 0, "7"), (-1.5, 0, "\u{2212}2"), (.nan, 2, "not available"), (-.infinity, 0, "not available"),
    ])
    func fixedNumbersAreRoundedAndSigned(value: Double, decimals: Int, text: String) {
        #expect(Figures.fixed(value, decimals: decimals) == text)
    }

    @Test(arguments: [
        (0.0, "0"), (-0.0, "-0"), (1, "1"), (-2.5, "-2.5"), (0.1, "0.1"), (0.00002, "0.00002"),
        (-1.25e-7, "-0.000000125"),
        (1e16, "10000000000000000"), (1.5e20, "150000000000000000000"), (0.30000000000000004, "0.30000000000000004"),
    ])
    func decimalsHaveNoExponent(value: Double, text: String) {
        #expect(Figures.decimal(value) == text)
    }

    @Test(arguments: [
        ("above -0.2 and below 0.2", "above \u{2212}0.2 and below 0.2"), ("in order", "in order"),
        ("D(o) - D0", "D(o) - D0"),
        ("-1  -a-2", "\u{2212}1  -a-2"), ("", ""),
    ])
    func negativeNumbersHaveAMinusSign(phrase: String, shown: String) {
        #expect(Figures.withMinus(phrase) == shown)
    }

    @Test(arguments: UInt64(0)..<200)
    func decimalsReadBackExactly(seed: UInt64) {
        // A fixed walk over bit patterns of every magnitude.
        let value = Double(bitPattern: (seed &* 0x9E37_79B9_7F4A_7C15) ^ 0x3FF0_1234_5678_9ABC)
        guard value.isFinite else { return }
        let text = Figures.decimal(value)
        #expect(text.flatMap(Double.init) == value)
        #expect(text?.contains("e") == false)
    }

    @Test(arguments: [
        (0, "0"), (999, "999"), (1_000, "1,000"), (-1_234_567, "\u{2212}1,234,567"), (1_000_001, "1,000,001"),
    ])
    func countsAreGrouped(count: Int, text: String) {
        #expect(Figures.count(count) == text)
    }

    @Test(arguments: [
        (0.04, "0.0\u{A0}s"), (9.94, "9.9\u{A0}s"), (61.8, "62\u{A0}s"), (184, "3\u{A0}min 4\u{A0}s"),
        (7_322, "2\u{A0}h 2\u{A0}min"), (-1, "not available"), (.infinity, "not available"),
    ])
    func durationsUseTheUnitThatSuitsThem(seconds: Double, text: String) {
        #expect(Figures.duration(seconds) == text)
    }

    @Test func intervalsDecideHowManyDigitsAreShown() {
        typealias Estimate = AuditReport.Estimate
        #expect(Figures.estimate(Estimate(0.00138, lower: 0.00121, upper: 0.00157)) == "0.00138 (0.00121 to 0.00157)")
        #expect(
            Figures.estimate(Estimate(0.034, lower: -0.051, upper: 0.119)) == "0.034 (\u{2212}0.051 to 0.119)")
        #expect(Figures.estimate(Estimate(0.41, lower: -0.62, upper: 1.44)) == "0.41 (\u{2212}0.62 to 1.44)")
        #expect(Figures.estimate(Estimate(9.51)) == "9.510")
        #expect(Figures.estimate(Estimate(0.5, lower: .nan, upper: 1)) == "0.500")
    }

    @Test(arguments: [
        ("2026-11-03T08:05:00Z", "3\u{A0}Nov\u{A0}2026", "3\u{A0}Nov\u{A0}2026, 08:05\u{A0}UTC"),
        ("2026-11-23T16:42:09.123Z", "23\u{A0}Nov\u{A0}2026", "23\u{A0}Nov\u{A0}2026, 16:42\u{A0}UTC"),
        ("2026-11-03", "3\u{A0}Nov\u{A0}2026", "3\u{A0}Nov\u{A0}2026"), ("2026-11-32", "2026-11-32", "2026-11-32"),
        ("2026-11-03 ", "2026-11-03 ", "2026-11-03 "), ("2026-11-3", "2026-11-3", "2026-11-3"),
        ("2026-13-03T08:05:00Z", "2026-13-03T08:05:00Z", "2026-13-03T08:05:00Z"),
        ("2026-11-03T08:05:00+01:00", "2026-11-03T08:05:00+01:00", "2026-11-03T08:05:00+01:00"),
        ("yesterday", "yesterday", "yesterday"), ("", "", ""),
        ("éééé-éé-ééTéé:éé:ééZ", "éééé-éé-ééTéé:éé:ééZ", "éééé-éé-ééTéé:éé:ééZ"),
    ])
    func timesAreReadableAndOthersStayAsTheyAre(text: String, day: String, full: String) {
        #expect(Moment(text).day == day)
        #expect(Moment(text).full == full)
    }

    @Test(arguments: [
        ("certificates/12.json", "certificates/12.json"), ("my file", "'my file'"), ("it's", #"'it'\''s'"#), ("", "''"),
        ("$(rm -rf ~)", "'$(rm -rf ~)'"), ("-rf", "./-rf"), ("- x", "./'- x'"), ("é", "'é'"),
    ])
    func fileNamesAreOneShellWord(name: String, word: String) {
        #expect(CheckSection.shellWord(name) == word)
    }

    @Test(arguments: [
        ("see https://x.y", "see https\\://x.y"), ("www.x.y", "www\\.x.y"), ("a|b", "a\\|b"), ("<b>", "&lt;b&gt;"),
        ("plain: text.", "plain: text."),
    ])
    func markdownProseIsEscaped(text: String, escaped: String) {
        #expect(MarkdownText.prose(text) == escaped)
    }

    @Test(arguments: [("a`b", "``a`b``"), ("`a", "`` `a ``"), ("a|b", "`a\\|b`"), ("", "")])
    func markdownCodeCannotBeClosedFromWithin(text: String, code: String) {
        #expect(MarkdownText.code(text, inCell: true) == code)
    }
}
