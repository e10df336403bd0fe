import Foundation
import LetheBytes
import Testing

extension DeskTests {
    /// The way of a request from the portal to the certificate.
    struct Way {
        @Test func everyStepSucceedsAndSaysWhatItDid() throws {
            let tour = try Tour.current
            #expect(tour.initialize.status == 0, "\(tour.initialize.errors)")
            #expect(try tour.initialize.json()["origin"]?.stringValue == Tour.origin)
            for (step, role) in [(tour.pretrain, "base"), (tour.train, "original")] {
                #expect(step.status == 0, "\(step.errors)")
                #expect(try step.json()["role"]?.stringValue == role)
                #expect(try step.json()["digest"]?.stringValue?.count == 64)
                #expect(step.errors.contains("\(role) model: "), "progress is told")
            }
            for (sign, submit) in zip(tour.sign, tour.submit) {
                #expect(sign.status == 0, "\(sign.errors)")
                #expect(submit.status == 0, "\(submit.errors)")
                #expect(try sign.json()["requestId"] == (try submit.json()["requestId"]))
                #expect(try submit.json()["state"]?.stringValue == "in_progress")
            }
            // One epoch memorises nothing: the run ends, its verdict is no pass.
            let run = try tour.run.json()
            #expect(run["verdict"]?.stringValue == "INCONCLUSIVE")
            #expect(tour.run.status == 1)
            #expect(run["reasons"]?.arrayValue?.isEmpty == false)
        }

        @Test func aSignedRequestIsItsOwnersAlone() throws {
            let tour = try Tour.current
            let attributes = try FileManager.default.attributesOfItem(atPath: tour.folder.path("request-0.json"))
            #expect(attributes[.posixPermissions] as? Int == 0o600)
        }

        @Test func requestsAreListedAndShown() throws {
            let tour = try Tour.current
            let list = try LetheCommand.run("request", "list", "--workspace", "desk", "--json", in: tour.folder).json()
            let requests = try #require(list.arrayValue)
            #expect(requests.map { $0["requestId"] } == (try tour.sign.map { try $0.json()["requestId"] }))
            for request in requests {
                #expect(request["state"]?.stringValue == "in_progress", "a run that shows nothing leaves requests open")
                let id = try #require(request["requestId"]?.stringValue)
                let shown = try LetheCommand.run(
                    "request", "show", id, "--workspace", "desk", "--json", in: tour.folder)
                var members = try #require(try shown.json().objectValue)
                let decisions = try #require(members.removeValue(forKey: "decisions")?.arrayValue)
                #expect(decisions.allSatisfy { $0["signedBy"]?.arrayValue?.isEmpty == false })
                #expect(.object(members) == request)
                let text = try LetheCommand.run("request", "show", id, "--workspace", "desk", in: tour.folder).output
                #expect(text.contains(id))
                #expect(text.contains("in the vault"))
            }
            let table = try LetheCommand.run("request", "list", "--workspace", "desk", in: tour.folder).output
            #expect(table.split(separator: "\n").count == Tour.people + 1)
        }

        @Test func everyCertificateVerifiesWithNothingButTheTrustFile() throws {
            let tour = try Tour.current
            let list = try LetheCommand.run(
                "certificate", "list", "--workspace", "desk", "--json", in: tour.folder
            ).json()
            let certificates = try #require(list.arrayValue)
            #expect(certificates.count == Tour.people)
            let elsewhere = try TemporaryFolder()
            try elsewhere.write(try tour.folder.bytes("desk/trust.txt"), to: "trust.txt")
            for certificate in certificates {
                let file = try #require(certificate["file"]?.stringValue)
                try elsewhere.write(try tour.folder.bytes(file), to: "certificate.json")
                let json = try LetheCommand.run(
                    "certificate", "verify", "certificate.json", "--trust", "trust.txt", "--json", in: elsewhere)
                #expect(json.status == 0)
                #expect(try json.json()["holds"]?.boolValue == true)
                #expect(try json.json()["request"] == certificate["request"])
                #expect(try json.json()["verdict"]?.stringValue == "INCONCLUSIVE")
                #expect(try json.json()["result"]?.stringValue != "PASSED")
                let text = try LetheCommand.run(
                    "certificate", "verify", "certificate.json", "--trust", "trust.txt", in: elsewhere)
                #expect(text.output.hasPrefix("certificate.json: holds\n"))
                #expect(text.output.contains("not checked"))
            }
            let shown = try LetheCommand.run("certificate", "show", "1", "--workspace", "desk", in: tour.folder)
            #expect(shown.status == 0)
            #expect(shown.output.contains(": holds\n"))
        }

        @Test func theLogIsProvedAndAudited() throws {
            let folder = try Tour.current.copy()
            let audit = try LetheCommand.run("log", "audit", "--workspace", "desk", "--json", in: folder)
            #expect(audit.status == 0)
            let size = try #require(try audit.json()["entries"]?.stringValue.flatMap(Int.init))
            let checkpoint = try LetheCommand.run("log", "checkpoint", "--workspace", "desk", in: folder).output
            #expect(checkpoint.hasPrefix("\(Tour.origin)\n\(size)\n"))
            let proof = try LetheCommand.run("log", "prove", "\(size - 1)", "--workspace", "desk", in: folder)
            #expect(proof.status == 0)
            #expect(proof.output.hasPrefix("c2sp.org/tlog-proof@v1\n"))
            #expect(proof.output.hasSuffix(checkpoint))
            try expectRefusal(
                ["log", "prove", "\(size)", "--workspace", "desk"], in: folder, naming: "\(size)")
            let keys = try LetheCommand.run("key", "list", "--workspace", "desk", "--json", in: folder).json()
            #expect(keys.arrayValue?.count == 5)
        }

        @Test func reportsAreWrittenInTheFormatsAskedFor() throws {
            let folder = try Tour.current.copy()
            let all = try LetheCommand.run("report", "--workspace", "desk", "--output", "reports", "--json", in: folder)
            #expect(all.status == 0)
            let files = try #require(try all.json().arrayValue?.compactMap { $0.stringValue })
            #expect(files.map { $0.split(separator: ".").last } == ["html", "md", "json", "csv"])
            for file in files { #expect(try !folder.bytes(file).isEmpty) }
            let page = String(decoding: try folder.bytes(try #require(files.first)), as: UTF8.self)
            #expect(page.hasPrefix("<!doctype html>") || page.hasPrefix("<!DOCTYPE html>"))
            let one = try LetheCommand.run(
                "report", "--workspace", "desk", "--output", "one", "--format", "csv", in: folder)
            #expect(one.output.split(separator: "\n").count == 1)
            #expect(try folder.names().filter { $0.hasPrefix("one/") }.count == 1)
        }

        @Test func aModelIsDescribedWithTheDigestInTheLog() throws {
            let tour = try Tour.current
            let described = try LetheCommand.run(
                "model", "describe", "desk/models/original", "--json", in: tour.folder
            ).json()
            #expect(described["digest"] == (try tour.train.json()["digest"]))
            #expect(described["shape"]?.stringValue?.contains("d_model 64") == true)
        }
    }
}
