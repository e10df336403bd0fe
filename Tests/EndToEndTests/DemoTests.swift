import Foundation
import LetheBytes
import Testing

struct DemoTests {
    @Test func theDemonstrationKeepsItsPromises() throws {
        let folder = try TemporaryFolder()
        try Tour.writeData(to: folder.path("data"))
        try folder.write(Array(Tour.policy.utf8), to: "policy.yaml")
        let demo = try LetheCommand.run(
            "demo", "--data", "data", "--policy", "policy.yaml", "--output", "out", "--json", in: folder)
        #expect(demo.status == 0, "\(demo.errors)")
        #expect(demo.errors.contains("refused: a request signed by a key that nobody registered"))
        #expect(demo.errors.contains("refused: a copy of the first request"))
        #expect(demo.errors.contains("refused: a certificate with one bit changed"))

        let summary = try StrictJSON.parse(try folder.bytes("out/summary.json"))
        #expect(summary == (try demo.json()))
        let members = try #require(summary.objectValue)
        #expect(Set(members.keys) == ["certificates", "trust", "report", "verdict", "metrics", "seconds"])
        let metrics = try #require(summary["metrics"]?.objectValue)
        #expect(Set(metrics.keys).isSuperset(of: ["auc", "jsd", "l2"]))
        let seconds = try #require(summary["seconds"]?.objectValue)
        #expect(!seconds.isEmpty)
        for number in Array(metrics.values) + Array(seconds.values) {
            guard case .number(let text) = number, let value = Double(text) else {
                Issue.record("\(number) is no number")
                continue
            }
            #expect(value.isFinite)
        }
        let verdict = try #require(summary["verdict"]?.stringValue)
        #expect(["PASS-EXACT", "PASS-STATISTICAL", "INCONCLUSIVE", "FAIL", "REFUSE"].contains(verdict))

        let certificates = try #require(summary["certificates"]?.arrayValue?.compactMap { $0.stringValue })
        let trust = try #require(summary["trust"]?.stringValue)
        let report = try #require(summary["report"]?.stringValue)
        for path in certificates + [trust, report] {
            #expect(!path.hasPrefix("/") && !path.contains(".."))
            #expect(folder.has("out/\(path)"), "\(path)")
        }
        #expect(report.hasSuffix(".html"))
        #expect(certificates.count > 1)
        for certificate in certificates {
            let result = try LetheCommand.run(
                "certificate", "verify", "out/\(certificate)", "--trust", "out/\(trust)", in: folder)
            #expect(result.status == 0, "\(result.errors)")
        }
        let tampered = try LetheCommand.run(
            "certificate", "verify", "out/tampered-certificate.json", "--trust", "out/\(trust)", in: folder)
        #expect(tampered.status == 1)

        let audit = try LetheCommand.run("log", "audit", "--workspace", "out/workspace", in: folder)
        #expect(audit.status == 0, "\(audit.output)")
        let requests = try LetheCommand.run("request", "list", "--workspace", "out/workspace", "--json", in: folder)
        let states = try #require(try requests.json().arrayValue?.compactMap { $0["state"]?.stringValue })
        #expect(states.count == certificates.count)
        #expect(Set(states) == [verdict.hasPrefix("PASS") ? "fulfilled" : "in_progress"], "nobody is left half done")

        let left = try folder.names()
        #expect(!left.contains { $0.hasSuffix(".incomplete") })
        try expectRefusal(
            ["demo", "--data", "data", "--policy", "policy.yaml", "--output", "out"], in: folder, naming: "out",
            "exists already")
        try expectRefusal(
            ["demo", "--data", "data", "--output", "out/summary.json"], in: folder, naming: "summary.json")
    }

    @Test func theDemonstrationRunsOnGoodReadsWhoseUsersHaveNames() throws {
        let folder = try TemporaryFolder()
        try Tour.writeBookGraph(to: folder.path("data"))
        try folder.write(Array(Tour.policy.utf8), to: "policy.yaml")
        let described = try LetheCommand.run("data", "describe", "data", "--dataset", "goodreads", in: folder)
        #expect(described.output.contains("1 rows: not rated, first in line 1"))
        let demo = try LetheCommand.run(
            "demo", "--dataset", "goodreads", "--data", "data", "--policy", "policy.yaml", "--output", "out", "--json",
            in: folder)
        #expect(demo.status == 0, "\(demo.errors)")
        #expect(!demo.errors.contains("c0ffee"), "no user's name is told")
        let summary = try demo.json()
        #expect(try #require(summary["certificates"]?.arrayValue).count > 1)
        let report = try folder.bytes("out/\(try #require(summary["report"]?.stringValue))")
        #expect(String(decoding: report, as: UTF8.self).contains("not the paper"))
        let audit = try LetheCommand.run("log", "audit", "--workspace", "out/workspace", in: folder)
        #expect(audit.status == 0, "\(audit.output)")
        // How long prompts are for the vocabulary that was trained.
        let spiece = try #require(folder.names().filter { $0.hasSuffix("original/spiece.model") }.first)
        let prompts = try LetheCommand.run(
            "data", "describe", "data", "--dataset", "goodreads", "--policy", "policy.yaml", "--tokenizer", spiece,
            in: folder)
        #expect(prompts.output.contains("cut at 64 tokens"), "\(prompts.errors)")
        try expectRefusal(
            ["data", "describe", "data", "--dataset", "goodreads", "--tokenizer", "policy.yaml"], in: folder,
            naming: "policy.yaml")
    }
}
