import LetheBytes
import LetheCrypto
import LetheRecommendation
import LetheRequests
import LetheStatements
import LetheStore
import Testing

@testable import LetheService

extension ServiceTests {
    struct Requests {
        /// Something that is not a request of a person of this data set, to this log, now.
        enum Wrong: String, CaseIterable, CustomTestStringConvertible {
            case forged, unknownKey, replayed, expired, notYetValid, validForTooLong, wrongAudience, unknownSubject
            case subjectThatIsNoNumber, otherKindOfSubject, weakIdentity, noRequestAtAll, truncated

            var testDescription: String { rawValue }
        }

        @Test func aGoodRequestIsTwoEntriesAndAVaultRow() throws {
            let moment = try Desk.current.fresh.copy()
            let workspace = try moment.open()
            let before = try workspace.store.size()
            let user = try #require(try workspace.data().split.trainingUsers.first)
            let filed = try Desk.sign(for: user, workspace: workspace)
            let record = try workspace.submit(filed.bytes)
            #expect(record.requestID == filed.request.requestID)
            #expect(record.state == .inProgress)
            #expect("\(record.receivedAt)" == Desk.noon)
            #expect("\(record.due)" == "2026-04-02")
            #expect(try workspace.request(record.requestID.text) == record)
            #expect(try workspace.requests() == [record])
            #expect(
                try Entry.all(of: workspace).dropFirst(Int(before)).map(\.name) == ["received", "identity-confirmed"])
            let item = try workspace.store.openVault(record.requestID, masterKey: workspace.masterKey)
            #expect(item.rawRequest == filed.bytes)
            #expect(item.key.commitment(toRequest: filed.bytes) == record.requestCommitment)
            #expect(item.key.commitment(toSubject: filed.request.subject) == record.subjectCommitment)
            #expect(try workspace.audit().isEmpty)
        }

        @Test(arguments: Wrong.allCases)
        func aWrongRequestIsRefusedInOneLineAndChangesNothing(wrong: Wrong) throws {
            let desk = try Desk.current
            let moment = try desk.fresh.copy()
            var workspace = try moment.open()
            let user = try #require(try workspace.data().split.trainingUsers.last)
            let good = try Desk.sign(for: user, workspace: workspace)
            var subject = "user-id"
            let bytes: [UInt8]
            var expected = ""
            switch wrong {
            case .forged:
                var forged = good.bytes
                // Another letter within the base64 of the payload.
                let position = try #require(forged.firstRange(of: Array("\"payload\":\"".utf8))?.upperBound) + 40
                forged[position] = forged[position] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
                bytes = forged
                expected = "forged"
            case .unknownKey:
                bytes = try Desk.sign(for: user, workspace: workspace, key: .generate()).bytes
                expected = "registered requester key"
            case .replayed:
                _ = try workspace.submit(good.bytes)
                bytes = good.bytes
                expected = "replay"
            case .expired:
                workspace = try moment.open(now: "2026-03-02T12:10:00Z")
                bytes = good.bytes
                expected = "expired at 2026-03-02T12:10:00Z"
            case .notYetValid:
                bytes = try Desk.sign(for: user, workspace: workspace, issuedAt: "2026-03-02T12:01:01Z").bytes
                expected = "future"
            case .validForTooLong:
                bytes = try Desk.sign(for: user, workspace: workspace, validSeconds: 86_401).bytes
                expected = "86400 seconds"
            case .wrongAudience:
                bytes = try Desk.sign(for: user, workspace: workspace, audience: "other.example/log").bytes
                expected = "another log"
            case .unknownSubject:
                bytes = try Desk.sign(for: user, workspace: workspace, value: "987654321").bytes
                subject = "987654321"
                expected = "no training record"
            case .subjectThatIsNoNumber:
                bytes = try Desk.sign(for: user, workspace: workspace, value: "Ulrike M.").bytes
                subject = "Ulrike"
                expected = "no training record"
            case .otherKindOfSubject:
                bytes = try Desk.sign(for: user, workspace: workspace, type: "email", value: "u@example.org").bytes
                subject = "u@example.org"
                expected = "user-id"
            case .weakIdentity:
                bytes = try Desk.sign(for: user, workspace: workspace, level: .unverified).bytes
                expected = "email-verified"
            case .noRequestAtAll:
                bytes = Array("{\"hello\": \"world\"}".utf8)
                expected = "envelope"
            case .truncated:
                bytes = Array(good.bytes.dropLast(7))
                expected = "envelope"
            }
            let before = try LogState(workspace)
            let error = #expect(throws: (any Error).self) { try workspace.submit(bytes) }
            let line = "\(try #require(error))"
            #expect(line.contains(expected), "\(line)")
            #expect(!line.contains("\n"))
            #expect(subject == "user-id" || !line.contains(subject), "a refusal repeats the name: \(line)")
            #expect(try LogState(workspace) == before)
            #expect(try workspace.audit().isEmpty)
        }

        @Test func aPersonWithoutTrainingRecordsHasNothingToForget() throws {
            let workspace = try Desk.current.fresh.copy().open()
            let (dataset, split) = try workspace.data()
            let trained = Set(split.trainingUsers)
            let stranger = try #require(dataset.users.map(\.id).first { !trained.contains($0) })
            let filed = try Desk.sign(for: stranger, workspace: workspace)
            #expect(throws: ServiceError.unknownSubject) { try workspace.submit(filed.bytes) }
        }

        @Test func aRequestThatNobodyFiledIsUnknown() throws {
            let workspace = try Desk.current.fresh.open()
            for id in ["00000000-0000-4000-8000-000000000000", "x", ""] {
                #expect(throws: ServiceError.unknownRequest(id: id)) { try workspace.request(id) }
            }
        }
    }
}
