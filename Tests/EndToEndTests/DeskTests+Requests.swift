import Foundation
import LetheBytes
import Testing

extension DeskTests {
    /// The officer's desk on the command line: what is decided, and what a data subject gets.
    struct Officer {
        private let desk = ["--workspace", "desk"]

        private func request(_ arguments: String..., in folder: TemporaryFolder) throws -> JSONValue {
            let result = try LetheCommand.run(["request"] + arguments + desk + ["--json"], in: folder)
            #expect(result.status == 0, "\(arguments): \(result.errors)")
            return try result.json()
        }

        private func ids() throws -> [String] {
            try Tour.current.sign.map { try #require(try $0.json()["requestId"]?.stringValue) }
        }

        @Test func requestsAreRefusedExtendedDoubtedAndWithdrawn() throws {
            let folder = try Tour.current.copy()
            let ids = try ids()
            let refused = try request("deny", ids[0], "--ground", "gdpr-17.3.b", in: folder)
            #expect(refused["state"]?.stringValue == "refused")
            #expect(refused["ground"]?.stringValue == "gdpr-17.3.b")
            let extended = try request("extend", ids[1], "--reason", "complexity", in: folder)
            #expect(extended["extended"]?.boolValue == true)
            #expect(try request("doubt", ids[1], in: folder)["state"]?.stringValue == "identity_pending")
            // The proof may still come.
            try expectRefusal(["request", "expire", ids[1]] + desk, in: folder, naming: "expires from")
            let confirmed = try request(
                "confirm", ids[1], "--level", "document-verified", "--method", "document-check", in: folder)
            #expect(confirmed["state"]?.stringValue == "in_progress")
            #expect(try request("withdraw", ids[2], in: folder)["state"]?.stringValue == "withdrawn")

            let text = try LetheCommand.run(["request", "show", ids[0]] + desk, in: folder).output
            #expect(text.contains("refused, GDPR Art. 17(3)(b)"))
            let drp = try LetheCommand.run(["request", "show", ids[0], "--format", "drp"] + desk, in: folder).json()
            #expect(drp["status"]?.stringValue == "denied")
            #expect(drp["reason"]?.stringValue == "claim_not_covered")
            let open = try LetheCommand.run(["request", "show", ids[1], "--format", "opendsr"] + desk, in: folder)
            #expect(try open.json()["request_status"]?.stringValue == "in_progress")

            // What is over is over.
            for again in [
                ["deny", ids[0], "--ground", "gdpr-12.5"], ["withdraw", ids[2]], ["expire", ids[1]],
                ["extend", ids[1], "--reason", "complexity"], ["deny", ids[1], "--ground", "ccpa-1798.105.d"],
                ["confirm", ids[1], "--level", "document-verified", "--method", "document-check"],
                ["duplicate", ids[2], "--of", ids[1]], ["duplicate", ids[1], "--of", "x"],
            ] {
                try expectRefusal(["request"] + again + desk, in: folder)
            }
            #expect(try LetheCommand.run(["log", "audit"] + desk, in: folder).status == 0)
        }

        @Test func theListSaysWhatIsDueAndHowSoon() throws {
            let folder = try Tour.current.copy()
            let all = try #require(try request("list", in: folder).arrayValue)
            #expect(all.count == Tour.people)
            for one in all {
                let days = try #require(one["daysLeft"]?.stringValue.flatMap { Int($0) })
                #expect((25...35).contains(days))
                #expect(one["colour"]?.stringValue == "green")
            }
            #expect(try request("list", "--due-within", "20", in: folder).arrayValue?.isEmpty == true)
            #expect(try request("list", "--due-within", "40", in: folder).arrayValue?.count == Tour.people)
            _ = try request("withdraw", try ids()[0], in: folder)
            #expect(try request("list", "--due-within", "40", in: folder).arrayValue?.count == Tour.people - 1)
            let table = try LetheCommand.run(["request", "list"] + desk, in: folder).output
            #expect(table.contains("grey") && table.contains("green") && table.contains("days left"))
        }

        @Test func aReceiptIsVerifiedFarFromTheDesk() throws {
            let folder = try Tour.current.copy()
            let id = try ids()[1]
            _ = try request("receipt", id, "--output", "receipt.json", in: folder)
            let attributes = try FileManager.default.attributesOfItem(atPath: folder.path("receipt.json"))
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            try expectRefusal(["request", "receipt", id, "--output", "receipt.json"] + desk, in: folder)
            let elsewhere = try TemporaryFolder()
            for (from, to) in [("desk/trust.txt", "trust.txt"), ("receipt.json", "receipt.json")] {
                try elsewhere.write(try folder.bytes(from), to: to)
            }
            for number in 0..<Tour.people {
                try elsewhere.write(try Tour.current.folder.bytes("request-\(number).json"), to: "sent-\(number).json")
            }
            let verify = ["request", "verify", "receipt.json", "--trust", "trust.txt"]
            let holds = try LetheCommand.run(verify + ["--request", "sent-1.json", "--json"], in: elsewhere)
            #expect(holds.status == 0, "\(holds.errors)")
            #expect(try holds.json()["requestId"]?.stringValue == id)
            #expect(try LetheCommand.run(verify, in: elsewhere).output.contains("receipt.json: holds"))
            #expect(try LetheCommand.run(verify + ["--request", "sent-0.json"], in: elsewhere).status == 1)
            var changed = try elsewhere.bytes("receipt.json")
            changed[changed.count / 2] ^= 0x01
            try elsewhere.write(changed, to: "receipt.json")
            let broken = try LetheCommand.run(verify, in: elsewhere)
            #expect(broken.status == 1)
            #expect(broken.errors.contains("does not hold"))
            try expectRefusal(["request", "verify", "none", "--trust", "trust.txt"], in: elsewhere, naming: "none")
        }

        @Test func anOpenDSRRequestIsReceivedAndWaitsForItsProof() throws {
            let folder = try Tour.current.copy()
            let user = try #require(try Tour.trainingUsers(in: folder.path("data")).last)
            let id = "a7551968-d5d6-44b2-9831-815ac9017798"
            let body =
                #"{"regulation":"gdpr","subject_request_id":"\#(id)","subject_request_type":"erasure","#
                + #""submitted_time":"2020-01-02T03:04:05Z","api_version":"2.0","subject_identities":[{"identity_type":"#
                + #""controller_customer_id","identity_value":"\#(user)","identity_format":"raw"}]}"#
            try folder.write(Array(body.utf8), to: "erase.json")
            let received = try request("submit", "erase.json", "--format", "opendsr", in: folder)
            #expect(received["state"]?.stringValue == "identity_pending")
            #expect(received["answer"]?["subject_request_id"]?.stringValue == id)
            #expect(received["answer"]?["encoded_request"]?.stringValue == Base64.encode(Array(body.utf8)))
            #expect(received["repetition"]?.boolValue == false)
            let again = try request("submit", "erase.json", "--format", "opendsr", in: folder)
            #expect(again["repetition"]?.boolValue == true)
            #expect(again["receivedEntry"] == received["receivedEntry"])
            try folder.write(Array(body.utf8) + [0x20], to: "erase.json")
            try expectRefusal(
                ["request", "submit", "erase.json", "--format", "opendsr"] + desk, in: folder, naming: "id")
            #expect(try LetheCommand.run(["log", "audit"] + desk, in: folder).status == 0)
        }
    }
}
