import LetheBytes
import LetheReports
import Testing

/// No text and no number in any field breaks out of its place, in any format.
struct HostileTextTests {
    static let texts = [
        "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "'--></style><svg/onload=x>",
        "a & b &lt; &#60;",
        "]]><!--", "a | b `c` ``d`` *e* _f_ [g](http://h) ![i](j)", "=cmd|' /C calc'!A0",
        "line\nbreak\r\n# head\u{2028}- item",
        "\u{202E}reversed", "nul\u{0}bell\u{7}", "", " ", "\u{1F9FF}\u{301}é", "- list", "1. list", "`", "``` code",
        String(repeating: "long", count: 400),
    ]

    @Test(arguments: texts)
    func pageStaysWellFormed(text: String) throws {
        let page = try HtmlChecker.check(Fixtures.hostile(text).html)
        let calm = try HtmlChecker.check(Fixtures.hostile("calm").html)
        #expect(page.elements.map(\.name) == calm.elements.map(\.name), "the same elements as with harmless text")
        #expect(!page.text.unicodeScalars.contains { $0 == "\u{202E}" || $0 == "\u{0}" || $0 == "\u{7}" })
    }

    @Test(arguments: texts.filter { $0.contains { $0 != " " } })
    func markdownKeepsItsLinesAndCells(text: String) {
        let shape = MarkdownShape(Fixtures.hostile(text).markdown)
        let calm = MarkdownShape(Fixtures.hostile("calm").markdown)
        #expect(zip(shape.lines, calm.lines).first { $0 != $1 }.map { "\($0)" } == nil)
        #expect(shape.lines.count == calm.lines.count)
        #expect(!Fixtures.hostile(text).markdown.replacingCode.contains("<"))
    }

    @Test(arguments: texts)
    func jsonKeepsEveryText(text: String) throws {
        let value = try StrictJSON.parse(Array(try Fixtures.hostile(text).json.utf8))
        #expect(value["policy"]?["name"] == .string(text))
        #expect(value["requests"]?[0]?["subject"] == .string(text))
        #expect(value["residualMemory"]?["value"] == .null)
        #expect(try value.canonicalBytes() == Array(Fixtures.hostile(text).json.utf8))
    }

    @Test(arguments: texts)
    func csvKeepsItsRowsAndCells(text: String) throws {
        let rows = try CsvReader.rows(Fixtures.hostile(text).csv)
        #expect(rows.count == 3)
        #expect(rows.allSatisfy { $0.count == rows[0].count })
        let cell = rows[1][1]
        #expect(cell == text || cell == "'" + text)
    }

    @Test(arguments: ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\t=1", "\r=1", "＝1", "|x"])
    func csvWritesNoFormula(text: String) throws {
        let rows = try CsvReader.rows(Fixtures.hostile(text).csv)
        for cell in rows.dropFirst().joined() where cell.contains("1") || cell.contains("x") {
            #expect(cell.hasPrefix("'"))
        }
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity, .greatestFiniteMagnitude, -1e300, .leastNonzeroMagnitude])
    func everyNumberIsBearable(number: Double) throws {
        let report = Fixtures.hostile("calm", number: number)
        let page = try HtmlChecker.check(report.html)
        for text in [report.html, report.markdown] {
            for word in [">nan", "nan<", " nan", ">inf", " inf ", "NaN"] { #expect(!text.contains(word)) }
        }
        if !number.isFinite { #expect(page.text.contains("not available")) }
        let value = try StrictJSON.parse(Array(try report.json.utf8))
        #expect((value["residualMemory"]?["value"] == .null) == !number.isFinite)
    }
}
