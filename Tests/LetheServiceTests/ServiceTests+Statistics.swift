import Foundation
import LetheBytes
import LetheCrypto
import LetheRecommendation
import LetheRequests
import LetheStore
import Testing

@testable import LetheService

extension ServiceTests {
    /// The desk's figures and lists, and the trace of what was turned away.
    struct Figures {
        private static func year(_ year: Int) throws -> StatisticsPeriod { try StatisticsPeriod(year: year) }

        @Test func answersAreDatedByTheirEndAndNotByTheDestructionOfTheData() throws {
            let moment = try Desk.current.fresh.copy()
            var workspace = try moment.open()
            let records = try workspace.data().split.trainingUsers.prefix(5).map { user in
                try workspace.submit(Desk.sign(for: user, workspace: workspace).bytes)
            }
            let ids = records.map(\.requestID.text)
            workspace = try moment.open(now: "2026-03-05T12:00:00Z")
            try workspace.decide(.refused(.legalClaims), about: ids[0])
            try workspace.decide(.withdrawn, about: ids[1])
            try workspace.decide(.refused(.cannotIdentify), about: ids[2])
            try workspace.decide(.extended(.complexity), about: ids[3])
            // Destroyed right after, and much later, with other entries between.
            try workspace.shred(ids[2])
            workspace = try moment.open(now: "2026-05-05T12:00:00Z")
            try workspace.shred(ids[0])
            let found = try workspace.statistics(in: Self.year(2026))
            #expect(found.received == 5)
            #expect(found.refusals == [.legalClaims: 1, .cannotIdentify: 1])
            #expect(found.medianDays == "3.0" && found.meanDays == "3.0")
            #expect(found.answeredLate == 0)
            #expect(found.extended == 1)
            #expect(found.withdrawn == 1)
            #expect(found.open == 2)
            // The one that was not extended was due on 2 April.
            #expect(found.overdue == 1)
            #expect(try workspace.statistics(in: Self.year(2026), regulation: .ccpa).received == 0)
            #expect(try workspace.statistics(in: Self.year(2025)).received == 0)
        }

        @Test func whatARunFulfilledIsCompliedWith() throws {
            let desk = try Desk.current
            let workspace = try desk.answered.open()
            let found = try workspace.statistics(in: Self.year(2026))
            #expect(found.received == desk.answered.filed.count)
            let passed = desk.measured.verdict.hasPrefix("PASS")
            #expect(found.complied == (passed ? desk.answered.filed.count : 0))
            #expect(found.meanDays == (passed ? "0.0" : nil))
        }

        @Test func listAndFiguresAsCSVAndJSON() throws {
            let moment = try Desk.current.fresh.copy()
            var workspace = try moment.open()
            let filed = try workspace.data().split.trainingUsers.prefix(4).map {
                try Desk.sign(for: $0, workspace: workspace)
            }
            let ids = try filed.map { try workspace.submit($0.bytes).requestID.text }
            try workspace.decide(.refused(.legalObligation), about: ids[1])
            try workspace.decide(.identityDoubted, about: ids[2])
            workspace = try moment.open(now: "2026-04-04T12:00:00Z")
            let list = try workspace.requestList()
            let csv = list.csv(untold: [0, 0, 0, 0])
            let rows = csv.components(separatedBy: "\r\n")
            #expect(rows[0] == RequestList.columns.joined(separator: ","))
            #expect(rows.count == 6 && rows[5].isEmpty)
            let first = rows[1].components(separatedBy: ",")
            #expect(
                Array(first.prefix(13)) == [
                    ids[0], "gdpr", "in_progress", "", "", "2026-03-02T12:00:00Z", "2026-03-02", "2026-04-02",
                    "2026-04-02", "-2", "overdue", "red", "no",
                ])
            #expect(rows[2].contains(",refused,gdpr-17.3.b,,") && rows[2].contains(",,,closed,grey,"))
            #expect(rows[3].contains(",identity_pending,") && rows[3].contains(",paused,blue,"))
            #expect(rows.dropLast().allSatisfy { $0.components(separatedBy: ",").count == RequestList.columns.count })
            // As JSON: canonical, and the same values.
            let json = list.json(untold: [[], ["crm", "a\"b"], [], []])
            let parsed = try StrictJSON.parse(json)
            #expect(try parsed.canonicalBytes() == json)
            #expect(parsed[0]?["requestId"]?.stringValue == ids[0] && parsed[0]?["daysLeft"]?.stringValue == "-2")
            #expect(
                parsed[0]?["nextDeadline"]?.stringValue == "2026-04-02" && parsed[0]?["colour"]?.stringValue == "red")
            #expect(parsed[1]?["ground"]?.stringValue == "gdpr-17.3.b" && parsed[1]?["daysLeft"] == nil)
            #expect(parsed[1]?["recipientsNotTold"] == ["crm", "a\"b"] && parsed[2]?["recipientsNotTold"] == nil)
            #expect(parsed.arrayValue?.count == 4)
            #expect(String(decoding: workspace.list([]).json(untold: []), as: UTF8.self) == "[]")
            let due = try workspace.requestList(dueWithin: 0)
            #expect(due.records.map(\.requestID.text) == [ids[0], ids[2], ids[3]])
            #expect(try workspace.requestList().csv(untold: [0, 0, 0, 0]) == csv, "the same ledger, the same bytes")

            let figures = try workspace.statistics(in: Self.year(2026))
            let lines = figures.csv.components(separatedBy: "\r\n")
            #expect(lines[0] == "figure,value")
            for line in [
                "first_day,2026-01-01", "regulation,all", "received,4", "denied,1", "denied_exempt,1",
                "median_days,0.0", "open,3", "overdue,2", "refused:gdpr-17.3.b,1",
            ] {
                #expect(lines.contains(line), "\(line)")
            }
            #expect(figures.json["received"]?.stringValue == "4")
            #expect(figures.json["deniedNotVerifiable"]?.stringValue == "0")
            #expect(figures.json["refusedByGround"]?["gdpr-17.3.b"]?.stringValue == "1")
            #expect(try workspace.statistics(in: Self.year(2020)).json["medianDays"] == nil)
            // Of a person nothing but a commitment is anywhere, and that not in these.
            for one in filed {
                let commitment = try workspace.request(one.request.requestID.text).subjectCommitment.hex
                #expect(!csv.contains(commitment) && !csv.contains(Hex.encode(one.request.nonce)))
            }
        }

        // MARK: Turned away

        @Test func whatIsTurnedAwayIsCountedByDayDoorAndCause() throws {
            let moment = try Desk.current.fresh.copy()
            var workspace = try moment.open()
            let user = try #require(try workspace.data().split.trainingUsers.first)
            let good = try Desk.sign(for: user, workspace: workspace).bytes
            _ = try workspace.submit([good, good, Array(good.dropLast()), Array("{}".utf8)])
            workspace = try moment.open(now: "2026-03-03T12:00:00Z")
            #expect(throws: RequestRefusal.self) { try workspace.submit(good + [0x20]) }
            #expect(throws: ForeignRefusal.self) { try workspace.submit(good, through: .opendsr) }
            func counts(_ first: String, _ last: String) throws -> [String] {
                try workspace.statistics(in: StatisticsPeriod(from: CivilDate(first), to: CivilDate(last))).turnedAway
                    .map { "\($0.door.rawValue) \($0.cause) \($0.count)" }
            }
            #expect(try counts("2026-03-02", "2026-03-02") == ["native malformed-envelope 2", "native replayed 1"])
            #expect(
                try counts("2026-01-01", "2026-12-31") == [
                    "native malformed-envelope 3", "native replayed 1", "opendsr-2.0 invalid-field 1",
                ])
            #expect(try counts("2027-01-01", "2027-12-31").isEmpty)
            #expect(try workspace.audit().isEmpty)
        }

        @Test func manyProcessesCountTogetherAndADamagedCountIsNamed() throws {
            let folder = try TestFolder()
            let tally = RefusalTally(folder: folder.path("refusals"))
            let day = try CivilDate("2026-03-02")
            DispatchQueue.concurrentPerform(iterations: 8) { _ in
                for _ in 0..<25 { try? tally.add(["bad-signature", "replayed"], at: .native, on: day) }
            }
            let period = try StatisticsPeriod(from: day, to: day)
            #expect(try tally.counts(in: period).map(\.count) == [200, 200])
            let file = folder.path("refusals/2026.json")
            for damage in [
                "", "{", "[]", #"{"2026-03-02":[]}"#, #"{"2026-03-02":{"native":{"replayed":1}}}"#,
                #"{"2026-03-02":{"native":{"replayed":"-1"}}}"#,
                #"{"2026-03-02":{"native":{"replayed":"99999999999999999999"}}}"#,
            ] {
                try Files.write(Array(damage.utf8), to: file)
                #expect(throws: ServiceError.self, "\(damage)") { try tally.counts(in: period) }
                #expect(throws: ServiceError.self, "\(damage)") { try tally.add(["replayed"], at: .native, on: day) }
            }
        }
    }
}
