import LetheReports
import Testing

struct HtmlTests {
    @Test(arguments: Fixtures.named.map(\.name))
    func pageIsWellFormed(name: String) throws {
        let page = try HtmlChecker.check(try html(name))
        #expect(page.elements.count > 100)
    }

    @Test(arguments: ["<p>a</b>", "<p>a", "<p a=b>c</p>", "<p>a & b</p>", "<p>a > b</p>", "<p a=\"1\" a=\"2\">b</p>"])
    func checkerRefusesBrokenPages(body: String) {
        #expect(throws: HtmlChecker.Problem.self) { try HtmlChecker.check("<!DOCTYPE html>\n" + body) }
    }

    @Test(arguments: Fixtures.named.map(\.name))
    func pageRunsNothingAndFetchesNothing(name: String) throws {
        let html = try html(name)
        let page = try HtmlChecker.check(html)
        let allowed: Set<String> = [
            "html", "head", "meta", "title", "style", "body", "main", "header", "section", "p", "h1", "h2", "h3", "ul",
            "li",
            "dl", "div", "dt", "dd", "table", "caption", "thead", "tbody", "tr", "th", "td", "span", "strong", "code",
            "pre",
            "time", "figure", "figcaption", "svg", "desc", "line", "rect", "circle", "path", "text",
        ]
        #expect(Set(page.elements.map(\.name)).subtracting(allowed).isEmpty)
        let fetching: Set<String> = ["src", "href", "srcset", "action", "data", "poster", "style", "xlink"]
        for element in page.elements {
            #expect(fetching.isDisjoint(with: element.attributes.keys))
            #expect(!element.attributes.keys.contains { $0.hasPrefix("on") })
        }
        for word in ["url(", "@import", "http:", "https:", "javascript:"] {
            #expect(!html.contains(word))
        }
        #expect(
            page.elements.contains {
                $0.attributes["http-equiv"] == "Content-Security-Policy"
                    && $0.attributes["content"]?.hasPrefix("default-src &#39;none&#39;") == true
            })
    }

    @Test(arguments: Fixtures.named.map(\.name))
    func everyDrawingSaysInWordsWhatItShows(name: String) throws {
        let page = try HtmlChecker.check(try html(name))
        let ids = page.elements.compactMap { $0.attributes["id"] }
        #expect(Set(ids).count == ids.count)
        for drawing in page.elements where drawing.name == "svg" && drawing.attributes["aria-hidden"] != "true" {
            #expect(drawing.attributes["role"] == "img")
            let labels = try #require(drawing.attributes["aria-labelledby"]).split(separator: " ")
            #expect(labels.count == 2)
            for label in labels {
                #expect(
                    page.elements.contains {
                        $0.attributes["id"] == String(label) && ["title", "desc"].contains($0.name)
                    })
            }
        }
    }

    @Test func drawingsAppearForWhatWasMeasured() throws {
        let page = try HtmlChecker.check(Fixtures.passStatistical.html)
        let drawings = page.elements.filter { $0.name == "svg" }.compactMap { $0.attributes["id"] }
        #expect(
            drawings == ["residual-memory", "probability-shift", "distance-1", "distance-2", "distance-3", "curve-1"])
        let bare = try HtmlChecker.check(Fixtures.refuse.html)
        #expect(bare.elements.filter { $0.name == "svg" }.allSatisfy { $0.attributes["id"] == nil })
    }

    @Test(arguments: Fixtures.named.map(\.name))
    func everyCoordinateIsANumber(name: String) throws {
        let page = try HtmlChecker.check(try html(name))
        for element in page.elements {
            for key in ["x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "width", "height"] {
                if let value = element.attributes[key] { #expect(Double(value)?.isFinite == true, "\(key)=\(value)") }
            }
        }
    }

    private func html(_ name: String) throws -> String {
        try #require(Fixtures.named.first { $0.name == name }).report.html
    }
}
