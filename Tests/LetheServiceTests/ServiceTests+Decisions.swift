import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheRecommendation
import LetheRequests
import LetheStatements
import LetheStore
import Testing

@testable import LetheService

extension ServiceTests {
    /// What an officer decides, and second requests of one person.
    struct Decisions {
        private let proof = IdentityProof(level: .documentVerified, method: .documentCheck)

        /// A fresh desk with a request of each of the first `people` in the data.
        private func desk(people: Int = 1) throws -> (Workspace, [RequestRecord]) {
            let workspace = try Desk.current.fresh.copy().open()
            let records = try workspace.data().split.trainingUsers.prefix(people).map { user in
                try workspace.submit(Desk.sign(for: user, workspace: workspace).bytes)
            }
            return (workspace, records)
        }

        @Test func eachDecisionIsOneSignedEntry() throws {
            let moment = try Desk.current.fresh.copy()
            var workspace = try moment.open()
            let records = try workspace.data().split.trainingUsers.prefix(5).map { user in
                try workspace.submit(Desk.sign(for: user, workspace: workspace).bytes)
            }
            let before = try workspace.store.size()
            func decide(
                _ change: LifecycleEvent, _ place: Int, evidence: IdentityProof? = nil
            ) throws -> RequestRecord {
                try workspace.decide(change, about: records[place].requestID.text, evidence: evidence)
            }
            #expect(try decide(.refused(.legalObligation), 0).state == .refused(.legalObligation))
            #expect(try decide(.withdrawn, 1).state == .withdrawn)
            #expect("\(try decide(.extended(.complexity), 2).due)" == "2026-06-02")
            #expect(try decide(.identityDoubted, 3).state == .identityPending)
            #expect(try decide(.identityDoubted, 4).state == .identityPending)
            #expect(try decide(.identityConfirmed, 4, evidence: proof).state == .inProgress)
            workspace = try moment.open(now: "2026-04-01T23:59:59Z")
            let early = #expect(throws: DecisionError.self) { try decide(.expired, 3) }
            #expect(early.map { "\($0)".contains("2026-04-02") } == true)
            workspace = try moment.open(now: "2026-04-02T00:00:00Z")
            #expect(try decide(.expired, 3).state == .expired)
            let entries = try Entry.all(of: workspace).dropFirst(Int(before))
            #expect(
                entries.map(\.name) == [
                    "refused", "withdrawn", "extended", "identity-doubted", "identity-doubted",
                    "identity-confirmed", "expired",
                ])
            let controller = try workspace.keys.controller.publicKey
            for entry in entries { _ = try DSSEEnvelope(parsing: entry.bytes).verify(trusting: [controller]) }
            #expect(try workspace.audit().isEmpty)
        }

        @Test func whatIsNotAllowedIsOneLineAndChangesNothing() throws {
            let (workspace, records) = try desk(people: 2)
            let (id, other) = (records[0].requestID, records[1].requestID)
            let state = try LogState(workspace)
            let unknown = "00000000-0000-4000-8000-000000000000"
            let wrong: [(LifecycleEvent, String, String)] = [
                (.expired, id.text, "event expired is not possible in state in_progress"),
                (.identityConfirmed, id.text, "not possible in state in_progress"),
                (.resumed, id.text, "not possible"), (.refused(.statutoryException), id.text, "belongs to ccpa"),
                (.foundDuplicate(of: id), id.text, "duplicate of itself"),
                (.foundDuplicate(of: other), id.text, "received after"),
                (.foundDuplicate(of: id), other.text, "different people"), (.withdrawn, unknown, "no request"),
                (.foundDuplicate(of: try #require(RequestID(unknown))), id.text, "no request"),
            ]
            for (change, request, expected) in wrong {
                let error = #expect(throws: (any Error).self) {
                    try workspace.decide(change, about: request, evidence: proof)
                }
                let line = error.map { "\($0)" } ?? ""
                #expect(line.contains(expected), "\(line)")
                #expect(!line.contains("\n"))
                #expect(try LogState(workspace) == state)
            }
            _ = try workspace.decide(.withdrawn, about: id.text)
            for change in [.withdrawn, .refused(.legalClaims), .extended(.complexity)] as [LifecycleEvent] {
                #expect(throws: DecisionError.self) { try workspace.decide(change, about: id.text) }
            }
        }

        @Test func anExtensionAfterTheFirstMonthIsRefused() throws {
            let moment = try Desk.current.fresh.copy()
            var workspace = try moment.open()
            let user = try #require(try workspace.data().split.trainingUsers.first)
            let id = try workspace.submit(Desk.sign(for: user, workspace: workspace).bytes).requestID.text
            workspace = try moment.open(now: "2026-04-03T00:00:00Z")
            let error = #expect(throws: DecisionError.self) {
                try workspace.decide(.extended(.numberOfRequests), about: id)
            }
            #expect(error.map { "\($0)".contains("2026-04-02") } == true)
            workspace = try moment.open(now: "2026-04-02T23:59:59Z")
            #expect("\(try workspace.decide(.extended(.numberOfRequests), about: id).due)" == "2026-06-02")
        }

        @Test func aPauseMovesTheDeadlineByItsDaysAndTheAuditAgrees() throws {
            let moment = try Desk.current.fresh.copy()
            var workspace = try moment.open()
            let user = try #require(try workspace.data().split.trainingUsers.first)
            let id = try workspace.submit(Desk.sign(for: user, workspace: workspace).bytes).requestID.text
            _ = try workspace.decide(.identityDoubted, about: id)
            workspace = try moment.open(now: "2026-03-09T12:00:00Z")
            #expect(throws: DecisionError.self) {
                try workspace.decide(
                    .identityConfirmed, about: id, evidence: .init(level: .unverified, method: .selfDeclared))
            }
            let record = try workspace.decide(.identityConfirmed, about: id, evidence: proof)
            #expect("\(record.due)" == "2026-04-09")
            #expect(try workspace.audit().isEmpty)
        }

        @Test func holidaysOfTheWorkspacesFileMoveTheDeadline() throws {
            let moment = try Desk.current.fresh.copy()
            let workspace = try moment.open()
            let users = try workspace.data().split.trainingUsers
            let bytes = try Desk.sign(for: users[0], workspace: workspace).bytes
            try Files.write(
                Array("2026-04-02 # Maundy Thursday\n2026-04-03 Good Friday\nmorning".utf8),
                to: workspace.paths.holidays)
            let error = #expect(throws: ServiceError.self) { try workspace.submit(bytes) }
            #expect(error.map { "\($0)".contains("holidays.txt") && "\($0)".contains("line 3") } == true)
            try Files.write(
                Array("2026-04-02 # Maundy Thursday\n2026-04-03 Good Friday\n".utf8), to: workspace.paths.holidays)
            let record = try workspace.submit(bytes)
            #expect("\(record.due)" == "2026-04-06")
            #expect(try workspace.audit().isEmpty)
            guard case .request(let event)? = try Entry.all(of: workspace)[Int(record.receivedIndex)].event else {
                Issue.record("no receipt")
                return
            }
            #expect(event.extra["holidays"]?.stringValue?.count == 64)
        }

        @Test func personalDataOfAnEndedRequestIsDestroyedOnce() throws {
            let (workspace, records) = try desk(people: 2)
            let id = records[0].requestID
            let before = try LogState(workspace)
            #expect(throws: ServiceError.notShreddable(id: id.text, problem: "it is in_progress")) {
                try workspace.shred(id.text)
            }
            #expect(try LogState(workspace) == before)
            _ = try workspace.decide(.refused(.legalClaims), about: id.text)
            let sealed = try workspace.store.openVault(id, masterKey: workspace.masterKey)
            #expect(try workspace.shred(id.text).shreddedIndex == before.size + 1)
            #expect(throws: StoreError.self) { try workspace.store.openVault(id, masterKey: workspace.masterKey) }
            #expect(throws: ServiceError.notShreddable(id: id.text, problem: "it was destroyed before")) {
                try workspace.shred(id.text)
            }
            #expect(try workspace.receipt(of: id.text).opening == nil)
            for name in try Files.names(in: workspace.paths.root) where name.hasPrefix("ledger.sqlite") {
                let bytes = try Files.read(Files.join(workspace.paths.root, name), limit: 1 << 28)
                #expect(bytes.firstRange(of: sealed.key.bytes) == nil)
            }
            #expect(try workspace.audit().isEmpty)
        }

        // MARK: Second requests

        @Test func aSecondRequestOfOnePersonEndsAsADuplicate() throws {
            let moment = try Desk.current.fresh.copy()
            var workspace = try moment.open()
            let users = Array(try workspace.data().split.trainingUsers.prefix(2))
            let first = try workspace.submit(Desk.sign(for: users[0], workspace: workspace).bytes)
            let second = try workspace.submit(Desk.sign(for: users[0], workspace: workspace).bytes)
            #expect(second.state == .duplicate(of: first.requestID))
            #expect(try workspace.submit(Desk.sign(for: users[1], workspace: workspace).bytes).state == .inProgress)
            // Another process, which reads the vault anew.
            workspace = try moment.open()
            let third = try workspace.submit(Desk.sign(for: users[0], workspace: workspace).bytes)
            #expect(third.state == .duplicate(of: first.requestID))
            // Once the first has ended, the person may ask again.
            _ = try moment.open().decide(.withdrawn, about: first.requestID.text)
            #expect(try workspace.submit(Desk.sign(for: users[0], workspace: workspace).bytes).state == .inProgress)
            #expect(try workspace.audit().isEmpty)
        }

        @Test func ofOnePersonsRequestsInAGroupTheFirstIsHandled() throws {
            let (workspace, _) = try desk(people: 0)
            let users = Array(try workspace.data().split.trainingUsers.prefix(2))
            let filed = try [users[0], users[1], users[0], users[0]].map {
                try Desk.sign(for: $0, workspace: workspace)
            }
            let repeated = filed[0].bytes
            let outcomes = try workspace.submit(filed.map(\.bytes) + [repeated])
            let states = outcomes.map { outcome -> String in
                switch outcome {
                case .received(let record): record.state.name
                case .refused(let error): error is ServiceError ? "refused" : "\(error)"
                }
            }
            #expect(states == ["in_progress", "in_progress", "duplicate", "duplicate", "refused"])
            #expect(try workspace.requests().count == 4)
            #expect(try workspace.audit().isEmpty)
        }

        @Test func aRequestThatWaitsForItsProofStandsInNobodysWay() throws {
            let (workspace, records) = try desk()
            let id = records[0].requestID.text
            _ = try workspace.decide(.identityDoubted, about: id)
            let user = try #require(try workspace.data().split.trainingUsers.first)
            let own = try workspace.submit(Desk.sign(for: user, workspace: workspace).bytes)
            #expect(own.state == .inProgress)
            // Nor does the person's own end behind it.
            #expect(throws: ServiceError.noOriginal(id: id, problem: "it is identity_pending")) {
                try workspace.decide(.foundDuplicate(of: records[0].requestID), about: own.requestID.text)
            }
            // Whoever sent the first cannot have it handled besides: it can only end as the duplicate of the person's own.
            #expect(throws: ServiceError.alreadyHandled(id: id, original: own.requestID.text)) {
                try workspace.decide(.identityConfirmed, about: id, evidence: proof)
            }
            let ended = try workspace.decide(.foundDuplicate(of: own.requestID), about: id)
            #expect(ended.state == .duplicate(of: own.requestID))
            #expect(try workspace.audit().isEmpty)
        }

        @Test func requestsUnderTwoLawsAreNoDuplicates() throws {
            let (workspace, records) = try desk()
            let user = try #require(try workspace.data().split.trainingUsers.first)
            let other = try workspace.submit(
                Desk.sign(for: user, workspace: workspace, regulation: .ccpa).bytes)
            #expect(other.state == .inProgress)
            #expect(throws: ServiceError.noOriginal(id: records[0].requestID.text, problem: "it was made under gdpr")) {
                try workspace.decide(.foundDuplicate(of: records[0].requestID), about: other.requestID.text)
            }
        }

        @Test func aRunGoesOnWithoutTheRequestsThatEndedMeanwhile() throws {
            let moment = try Desk.current.trained.copy()
            let workspace = try moment.open()
            for user in try workspace.data().split.trainingUsers.prefix(20) {
                _ = try workspace.submit(Desk.sign(for: user, workspace: workspace).bytes)
            }
            let records = try workspace.requests()
            var decided = false
            let run = try workspace.unlearn(method: "retrain") { _ in
                guard !decided, let record = records.first else { return }
                decided = (try? moment.open().decide(.withdrawn, about: record.requestID.text)) != nil
            }
            #expect(decided)
            #expect(try workspace.request(records[0].requestID.text).state == .withdrawn)
            #expect(try workspace.request(records[1].requestID.text).state == .verifying)
            _ = try moment.open().decide(.withdrawn, about: records[1].requestID.text)
            // Whose records the run removed must be known until it is judged.
            let early = #expect(throws: ServiceError.self) { try workspace.shred(records[1].requestID.text) }
            #expect(early.map { "\($0)".contains("being verified") } == true)
            let measured = try workspace.verify(run.runID) { _ in }
            let files = try workspace.certify(run.runID)
            // Nobody waits for a certificate of a request that was withdrawn.
            #expect(files.count == 18)
            let chain = try CertificateVerifier.verifyChain(
                files.map { try Files.read($0, limit: 1 << 20) }, trusting: workspace.trust())
            #expect(
                chain.map(\.certificate.request.requestID) == records.dropFirst(2).map(\.requestID.text))
            #expect(!chain.dropFirst().map(\.isLinkVerified).contains(false))
            #expect(try workspace.certify(run.runID) == files)
            #expect(try workspace.runPlan().step != .certify(run: run.runID))
            _ = try workspace.shred(records[1].requestID.text)
            let ended = try workspace.requests().map(\.state.name)
            let expected = measured.verdict.hasPrefix("PASS") ? "fulfilled" : "in_progress"
            #expect(ended == ["withdrawn", "withdrawn"] + [String](repeating: expected, count: 18))
            #expect(try workspace.audit().isEmpty)
        }
    }
}
