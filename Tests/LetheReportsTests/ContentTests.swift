import Testing

@testable import LetheReports

/// What the report says, and what it never says.
struct ContentTests {
    @Test(arguments: Fixtures.named.map(\.name))
    func verdictStandsFirstInEveryFormat(name: String) throws {
        let report = try report(name)
        let code = report.verdict.rawValue
        let headline = Wording(report: report).headline
        let body = try #require(report.html.split(separator: "<main>").last)
        #expect(body.prefix(1_500).contains(code))
        #expect(body.prefix(1_500).contains(headline))
        #expect(report.markdown.hasPrefix("# \(headline)\n\n**"))
        #expect(try report.json.contains("\"verdict\":\"\(code)\""))
    }

    @Test(arguments: Fixtures.named.map(\.name))
    func noVerdictSaysThatDataIsGone(name: String) throws {
        let text = try report(name).markdown.lowercased()
        for claim in ["data removed", "data deleted", "data erased", "has been erased", "guarantee", "anonymous"] {
            #expect(!text.contains(claim))
        }
    }

    @Test func statisticalPassNamesItsTerms() {
        let claim = text(Wording(report: Fixtures.passStatistical).claim)
        for term in [
            "Outputs equivalent to retraining", "±0.20", "every training record of the people who asked",
            "3,068\u{A0}records",
            "20\u{A0}people", "α\u{A0}=\u{A0}0.05", "5\u{A0}retrained reference models", "power 0.94",
        ] {
            #expect(claim.contains(term), "\(term)")
        }
    }

    @Test func unmeasuredGateIsToldBesideAPass() {
        #expect(Fixtures.passStatistical.markdown.contains("was not measured (G4)"))
    }

    @Test func failedGateIsToldBesideAPass() {
        let report = Fixtures.change(Fixtures.passStatistical) { $0.gates[4].outcome = .failed }
        #expect(report.markdown.contains("- Tests not passed: G2."))
    }

    @Test func keptResidueIsToldBesideTheVerdict() {
        let markdown = Fixtures.fail.markdown
        #expect(markdown.contains("Still kept, and able to bring the records back: original model."))
        #expect(markdown.contains("> **Note.**"))
        #expect(!Fixtures.passStatistical.markdown.contains("> **Note.**"))
    }

    @Test(arguments: [nil, 0.1])
    func peopleCalledMembersAreShownWithWhatTheyWereHeldAgainst(margin: Double?) throws {
        let report = Fixtures.change(Fixtures.passStatistical) {
            $0.likelihoodRatio = AuditReport.LikelihoodRatio(
                people: 20, originals: 3, original: 0.85, unlearned: 0.05, retrained: 0.01,
                excess: .init(0.04, lower: -0.007, upper: 0.206),
                originalExcess: .init(0.84, lower: 0.646, upper: 0.948),
                margin: margin)
        }
        let markdown = report.markdown.replacing("\u{A0}", with: " ").replacing("\n", with: " ")
        for term in ["Who is recognised?", "3 models", "20 people", "0.850", "0.050", "0.010"] {
            #expect(markdown.contains(term), "\(term)")
        }
        #expect(markdown.contains("A part of G3.") == (margin != nil))
        #expect(report.html.contains("Who is recognised?"))
        #expect(try report.json.contains("\"likelihoodRatio\":{"))
        #expect(!Fixtures.passStatistical.markdown.contains("Who is recognised?"))
        #expect(try !Fixtures.passStatistical.json.contains("likelihoodRatio"))
    }

    @Test func aRecipientThatWasNotToldIsToldBesideAPass() throws {
        let report = Fixtures.change(Fixtures.passStatistical) {
            $0.recipients = [
                .init(name: "crm", outcome: .delivered, at: "2026-11-23T16:42:09Z", attempts: 1, logIndex: 7),
                .init(name: "<ads>", outcome: .failed, at: "2026-11-23T16:42:09Z", attempts: 9, logIndex: 8),
            ]
            $0.backups = [.init(system: "nightly", purgeBy: "2026-12-28T16:42:09Z")]
        }
        for text in [report.markdown, report.html] {
            #expect(text.contains("The erasure is not complete: not every recipient of the data was told"))
            #expect(text.contains("not told, given up") && text.contains("nightly"))
        }
        #expect(!report.html.contains("<ads>"))
        #expect(try report.json.contains("\"outcome\":\"failed\"") && report.json.contains("\"purgeBy\""))
        #expect(report.csv.contains("recipients not told: <ads>"))
        let whole = Fixtures.change(report) { $0.recipients.removeLast() }
        #expect(!whole.markdown.contains("not complete") && !whole.csv.contains("not told"))
        #expect(try !Fixtures.passStatistical.json.contains("recipients"))
    }

    @Test func earlierTriesStandBesideAPass() throws {
        let report = Fixtures.change(Fixtures.passStatistical) {
            $0.earlierRuns = [
                .init(id: "run-1", method: "<e2urec>", verdict: .fail, requests: 2, logIndex: 41),
                .init(id: "run-2", method: "bad-t", verdict: nil, requests: 1, logIndex: 52),
            ]
        }
        for text in [report.markdown, report.html] {
            #expect(text.contains("Tried before") && text.contains("FAIL") && text.contains("not judged"))
            #expect(text.contains("2 of \(report.requests.count)") && text.contains("at most that of each, added up"))
        }
        #expect(!report.html.contains("<e2urec>"))
        #expect(try report.json.contains("\"earlierRuns\":[{\"logIndex\":41,"))
        #expect(!Fixtures.passStatistical.markdown.contains("Tried before"))
        #expect(try !Fixtures.passStatistical.json.contains("earlierRuns"))
    }

    @Test func overdueRequestsComeFirst() {
        let figure = Document(Fixtures.inconclusive).keyFigures[1]
        #expect(figure.value == "1 overdue")
    }

    @Test func checkCommandNamesACertificateAndTheTrustFile() {
        #expect(
            Fixtures.passStatistical.markdown.contains(
                "    lethe certificate verify certificates/0012.lethe-certificate.json --trust trust.txt\n"))
        #expect(!Fixtures.refuse.markdown.contains("lethe certificate verify"))
        #expect(Fixtures.refuse.markdown.contains("    lethe log audit --workspace lethe-workspace\n"))
    }

    @Test func histogramKeepsCountsOnly() {
        let distribution = AuditReport.Distribution(of: [0, 0.1, 0.5, 0.99, 1, -0.1, 1.1, .nan], bins: 4)
        #expect(distribution.counts == [2, 0, 1, 2])
        #expect(abs(distribution.mean - 0.518) < 1e-12)
        #expect(AuditReport.Distribution(of: []).mean.isNaN)
    }

    @Test(arguments: [(-0.2, 0.2), (0, 1), (0.00108, 0.00229), (-3, 1_000), (5, 5), (0, .leastNonzeroMagnitude)])
    func ticksLieInsideTheScale(low: Double, high: Double) {
        let scale = Scale(covering: [low, high], from: 0, to: 100)
        let ticks = scale.ticks(about: 4)
        #expect((1...9).contains(ticks.count))
        for tick in ticks {
            #expect((-0.001...100.001).contains(scale.position(tick.value)))
            #expect(ticks.count { $0.label == tick.label } == 1)
        }
    }

    private func report(_ name: String) throws -> AuditReport {
        try #require(Fixtures.named.first { $0.name == name }).report
    }

    private func text(_ prose: Prose) -> String {
        prose.spans.map { if case .text(let text) = $0 { text } else { "" } }.joined()
    }
}
