import Foundation
import Testing

@testable import LethePages

/// What every page must be: strict, labelled, and complete without scripts.
struct MarkupTests {
    private static func html(_ name: String) throws -> String {
        let sample = try #require(Samples.pages.first { $0.name == name })
        return try PageRenderer().html(sample.page, in: sample.frame)
    }

    @Test(arguments: Samples.pages.map(\.name))
    func nothingIsInlineAndNothingIsForeign(name: String) throws {
        let html = try Self.html(name)
        for (number, line) in html.split(separator: "\n").enumerated() {
            #expect(line.firstMatch(of: /\sstyle="/) == nil, "\(name):\(number + 1): an inline style")
            #expect(line.firstMatch(of: /\son[a-z]+=/) == nil, "\(name):\(number + 1): an inline handler")
            #expect(
                line.firstMatch(of: /<style|<script>|javascript:/) == nil,
                "\(name):\(number + 1): inline style or script")
            #expect(
                line.firstMatch(of: /(?:src|href|action)="(?:https?:)?\/\//) == nil,
                "\(name):\(number + 1): a foreign address")
        }
        for script in html.matches(of: /<script([^>]*)>(.*?)<\/script>/) {
            #expect(script.2.isEmpty)
            #expect(script.1.contains("type=\"module\"") && script.1.contains("src=\"/assets/"))
        }
    }

    @Test(arguments: Samples.pages.map(\.name))
    func everyFormThatChangesSomethingCarriesTheToken(name: String) throws {
        let html = try Self.html(name)
        for form in html.matches(of: /(?s)<form([^>]*)>(.*?)<\/form>/) {
            guard form.1.contains("method=\"post\"") else {
                #expect(form.1.contains("method=\"get\""), "\(name): a form without a method")
                continue
            }
            #expect(
                form.2.firstMatch(of: /<input type="hidden" name="csrf" value="[0-9a-f]+">/) != nil,
                "\(name): no token in \(form.1)")
        }
    }

    @Test(arguments: Samples.pages.map(\.name))
    func everyFieldHasALabel(name: String) throws {
        let html = try Self.html(name)
        for field in html.matches(of: /<(?:input|select|textarea)([^>]*)>/) where !field.1.contains("type=\"hidden\"") {
            let id = try #require(field.1.firstMatch(of: /id="([^"]+)"/)?.1, "\(name): a field without id: \(field.1)")
            #expect(html.contains("<label for=\"\(id)\">"), "\(name): no label for \(id)")
        }
    }

    @Test(arguments: Samples.pages.map(\.name))
    func everyPageHasItsLandmarks(name: String) throws {
        let html = try Self.html(name)
        #expect(html.hasPrefix("<!DOCTYPE html>\n<html lang=\"en\">"))
        #expect(html.contains("<a class=\"skip\" href=\"#main\">") && html.contains("<main id=\"main\""))
        #expect(html.matches(of: /<h1[ >]/).count == 1, "\(name): expected one h1")
        #expect(html.firstMatch(of: /<title>[^<]+<\/title>/) != nil)
        let ids = html.matches(of: /\sid="([^"]+)"/).map { String($0.1) }
        #expect(Set(ids).count == ids.count, "\(name): an id twice")
        for reference in html.matches(of: /aria-(?:labelledby|describedby)="([^"]+)"/) {
            for id in reference.1.split(separator: " ") {
                #expect(ids.contains(String(id)), "\(name): no element \(id)")
            }
        }
        #expect(!html.contains("{{") && !html.contains("Optional("))
    }

    @Test(arguments: ["PASS-STATISTICAL", "INCONCLUSIVE", "FAIL", "REFUSE"])
    func aVerdictIsAWordAndAShapeOfItsOwn(verdict: String) throws {
        func shape(_ word: String) throws -> String {
            let html = try PageRenderer().html(Samples.certificate(word), in: Samples.publicFrame)
            let mark = try #require(
                html.firstMatch(of: /<span class="mark [a-z]+"><svg[^>]*><path[^>]* d="([^"]+)"\/><\/svg>([^<]+)</))
            #expect(mark.2 == word)
            return String(mark.1)
        }
        let own = try shape(verdict)
        for other in ["PASS-STATISTICAL", "INCONCLUSIVE", "FAIL", "REFUSE"] where other != verdict {
            #expect(try shape(other) != own)
        }
    }

    /// What is wrong with a field is said beside it, and tied to it for who does not see that.
    @Test func aFieldIsTiedToItsHintAndToWhatIsWrongWithIt() throws {
        let html = try Self.html("act-naming")
        let fields = html.matches(of: /<input id="([a-z]+)" name="[a-z]+"[^>]*>/).filter { $0.1 != "sure" }
        #expect(fields.map { String($0.1) } == ["of", "subject"])
        #expect(fields[0].0.contains("aria-describedby=\"of-hint\"") && !fields[0].0.contains("aria-invalid"))
        #expect(fields[1].0.contains("aria-describedby=\"subject-hint subject-failure\""))
        #expect(fields[1].0.contains("aria-invalid=\"true\"") && fields[1].0.contains("value=\"117\""))
        #expect(html.contains("<span class=\"is-bad\" id=\"subject-failure\">No user of this number"))
    }

    @Test func aRunThatGoesOnLoadsAgainWithoutScriptsAlone() throws {
        let html = try Self.html("run")
        #expect(html.contains("<noscript><meta http-equiv=\"refresh\" content=\"5\"></noscript>"))
        let desk = try Self.html("desk")
        #expect(!desk.contains("refresh"))
    }

    @Test func aMissingValueIsNotBorrowedFromThePage() throws {
        // The table's cells have no link, and the page has properties of those names.
        let html = try Self.html("statistics")
        #expect(html.contains("<td data-label=\"Value\"><span>12</span></td>"))
    }

    @Test func everyAssetIsThereAndEveryScriptImportsOnlyAssets() {
        let names = Set(Asset.all.map(\.name))
        #expect(names.isSuperset(of: Script.allCases.map(\.rawValue)))
        for asset in Asset.all {
            let text = String(decoding: asset.bytes, as: UTF8.self)
            #expect(!text.isEmpty)
            for module in text.matches(of: /from "\.\/([^"]+)"/) { #expect(names.contains(String(module.1))) }
            #expect(
                text.firstMatch(of: /https?:\/\/(?!in-toto\.io|www\.w3\.org\/2000\/svg)/) == nil,
                "\(asset.name) names a foreign address")
            #expect(text.firstMatch(of: /\beval\(|innerHTML|document\.write/) == nil, "\(asset.name)")
        }
    }
}
