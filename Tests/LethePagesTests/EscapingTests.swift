import Foundation
import LethePages
import Testing

/// No value can become markup, whatever page and field it stands in.
struct EscapingTests {
    /// Texts that a table shows only where it has rows, or only where it has none.
    private static let notAlwaysShown: Set<String> = ["emptyText", "columns"]

    @Test(arguments: Samples.pages.map(\.name))
    func noFieldOfAPageBecomesMarkup(name: String) throws {
        let sample = try #require(Samples.pages.first { $0.name == name })
        let renderer = try PageRenderer()
        let clean = renderer.html(sample.page, in: Samples.publicFrame)
        let variants = try Hostile.variants(of: sample.page)
        #expect(variants.count >= (name.hasPrefix("error") || name == "check" ? 1 : 2))
        for hostile in variants {
            let html = renderer.html(hostile.page, in: Samples.publicFrame)
            for text in Hostile.forbidden {
                #expect(!html.unicodeScalars.contains(text.unicodeScalars), "\(hostile.path) shows \(text) unescaped")
            }
            // It is there, as text; a test that looks for nothing finds nothing.
            let isShown = html.contains("&lt;script&gt;alert(1)")
            #expect(isShown || Self.notAlwaysShown.contains(hostile.name), "\(hostile.path) is not shown at all")
            #expect(tagNames(html) == tagNames(clean), "\(hostile.path) changes the elements of the page")
        }
    }

    @Test func noFieldOfTheFrameBecomesMarkup() throws {
        let renderer = try PageRenderer()
        let frame = Frame(
            origin: Hostile.text, formToken: Hostile.text, reader: .init(name: Hostile.text, role: Hostile.text),
            notice: .init(mark: .holds(true, word: Hostile.text), text: Hostile.text))
        for sample in Samples.pages {
            let html = renderer.html(sample.page, in: frame)
            for text in Hostile.forbidden {
                #expect(!html.unicodeScalars.contains(text.unicodeScalars), "\(sample.name) shows \(text) of the frame")
            }
        }
    }

    /// The template library's own escaping lets this pass: for it the mark and its accent are one character that is no mark.
    @Test func anAccentDoesNotHideAQuotationMark() throws {
        let html = try PageRenderer().html(LoginPage(next: "/\"\u{301} autofocus"), in: Samples.publicFrame)
        #expect(html.contains("value=\"/&quot;\u{301} autofocus\""))
    }

    private func tagNames(_ html: String) -> [String] {
        html.split(separator: "<").dropFirst().map {
            String($0.prefix { $0.isLetter || $0.isNumber || $0 == "/" || $0 == "!" })
        }
    }
}
