import LetheBytes
import LetheCertificates
import LetheRecommendation
import Testing

@testable import LetheService

/// `lethe benchmark redteam --papers-only`: real keys, real trainings of a few steps, and the functions behind the verifying commands.
@Suite(.serialized) struct PaperCourtTests {
    @Test func everyFalsePaperIsRefusedForTheRightReasonAndTheHonestOnesHold() throws {
        let folder = try TestFolder()
        let output = folder.path("out")
        let court = PaperCourt(output: output, environment: Desk.environment())
        var names: [String] = []
        let report = try #require(
            try court.run {
                if case .job(_, let count, let name, _) = $0 {
                    names.append(name)
                    #expect(count == FalsePaper.allCases.count + 1)
                }
            })
        #expect(names == ["honest papers"] + FalsePaper.allCases.map(\.rawValue))
        for check in report.honest { #expect(check.holds, "\(check.claim): \(check.found)") }
        for item in report.cases {
            #expect(item.isRightlyRefused, "\(item.paper.rawValue): found \(item.found), expected \(item.paper.reason)")
        }
        #expect(report.cases.map(\.paper) == FalsePaper.allCases && report.holds)
        // What is false in one way only is refused for that alone.
        func item(_ paper: FalsePaper) throws -> PapersReport.Case {
            try #require(report.cases.first { $0.paper == paper })
        }
        for paper in FalsePaper.allCases where paper.verifier != .replay && paper != .publishedChoice {
            #expect(try item(paper).found == [paper.reason])
        }
        #expect(try item(.publishedChoice).found == ["verification.references", "verification.attestations"])
        #expect(try item(.droppedReference).found == ["number of reference models"])
        #expect(try item(.betterReference).found == ["reference 2"])
        for paper in [FalsePaper.madeUpTraining, .reorderedBatches] {
            #expect(try item(paper).found == ["trajectory of candidate", "candidate"])
            // Signed and logged like an honest run, it is seen by nobody who does not repeat it.
            #expect(try item(paper).passes == [.certificate, .audit])
        }
        for paper in [FalsePaper.searchedSeed, .publishedChoice, .secondTest] {
            #expect(try item(paper).passes == [.certificate])
        }
        #expect(try item(.droppedReference).passes == [.audit])

        // Nothing of it is left, keys least of all.
        #expect(try Files.names(in: output) == [])
        try report.write(to: output, command: "lethe benchmark redteam --papers-only --output DIR")
        let text = String(decoding: try Files.read(Files.join(output, "redteam.md"), limit: 1 << 20), as: UTF8.self)
        for paper in FalsePaper.allCases {
            #expect(text.contains("| `\(paper.rawValue)` | \(paper.story) | `\(paper.verifier.rawValue)` |"))
        }
        let json = try StrictJSON.parse(Files.read(Files.join(output, "redteam.json"), limit: 1 << 20))
        #expect(json["papers"]?.arrayValue?.count == FalsePaper.allCases.count)
        #expect(json["holds"]?.boolValue == true)
    }

    @Test func whatIsNotRefusedIsSaid() throws {
        let environment = Desk.environment()
        func report(_ found: [String]) throws -> PapersReport {
            PapersReport(
                honest: [.init(claim: "honest papers hold", found: "holds", holds: true)],
                cases: [.init(paper: .otherTenant, found: found, passes: [.audit])],
                program: try environment.program(), machine: environment.description)
        }
        #expect(try report(["tenant"]).holds)
        for found in [[], ["origin"]] {
            let report = try report(found)
            #expect(!report.holds)
            let text = report.markdown(command: "lethe")
            #expect(text.contains("| 0 of 1 | **does not hold** |") && text.contains("| **no** | `lethe log audit` |"))
            #expect(text.contains("**nothing**") == found.isEmpty)
            #expect(report.json(command: "lethe")["holds"]?.boolValue == false)
        }
    }

    @Test func whoIsStoppedLeavesNothing() throws {
        let folder = try TestFolder()
        let court = PaperCourt(output: folder.path, environment: Desk.environment())
        #expect(try court.run(isInterrupted: { true }) { _ in } == nil)
        #expect(try Files.names(in: folder.path) == [])
    }
}
