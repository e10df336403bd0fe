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
    /// People whose request waited while their records went: the data have nobody of that name any more.
    struct Absent {
        /// Takes people's ratings out of the data, as an erasure elsewhere in the house does, and has the log commit to what is left; the
        /// workspace must be opened again.
        private func erase(
            _ users: [Int], from data: TestFolder, of workspace: Workspace, by administrator: SigningKey? = nil
        ) throws {
            let path = data.path("ratings.dat")
            let lines = String(decoding: try Files.read(path, limit: 1 << 24), as: UTF8.self).split(separator: "\n")
            let kept = lines.filter { line in !users.contains { line.hasPrefix("\($0)::") } }
            try #require(kept.count < lines.count)
            try Files.write(Array((kept.joined(separator: "\n") + "\n").utf8), to: path)
            let split = try workspace.profile.load().1
            let adoption = PolicyEvent(
                adopting: workspace.policy, at: try Timestamp(Desk.noon),
                extra: [
                    "dataset": .string(workspace.profile.kind.rawValue),
                    "trainingRecords": .string("\(split.training.count)"),
                    "trainingRecordsRoot": .string(recordsRoot(split.training).hex),
                ])
            try workspace.record([.policy(adoption)], by: administrator)
        }

        @Test func aConfirmedRequestOfSomebodyWhoIsGoneIsAnsweredWithTheNextRun() throws {
            let data = try TestFolder()
            try DataSynthesizer(configuration: .small, seed: 3).write(to: data.path)
            var policy = DeskPolicy()
            policy.epochs = 1
            policy.references = 2
            let moment = Desk.Moment(folder: try TestFolder())
            var workspace = try Desk.create(in: moment.folder, data: data, policy: policy.yaml)
            let users = Array(try workspace.data().split.trainingUsers.prefix(2))
            let waiting = try workspace.submit(Desk.sign(for: users[0], workspace: workspace).bytes)
            _ = try workspace.decide(.identityDoubted, about: waiting.requestID.text)
            try erase([users[0]], from: data, of: workspace)

            workspace = try moment.open()
            #expect(try !workspace.data().split.trainingUsers.contains(users[0]))
            #expect(throws: ServiceError.unknownSubject) {
                try workspace.submit(Desk.sign(for: users[0], workspace: workspace).bytes)
            }
            let proof = IdentityProof(level: .documentVerified, method: .documentCheck)
            let confirmed = try workspace.decide(.identityConfirmed, about: waiting.requestID.text, evidence: proof)
            #expect(confirmed.state == .inProgress)

            try workspace.pretrain { _ in }
            try workspace.trainOriginal { _ in }
            // Alone there is nothing to remove, and nothing is begun.
            let before = try LogState(workspace)
            #expect(throws: ServiceError.nothingHeld(requests: 1)) { try workspace.unlearn(method: "retrain") { _ in } }
            #expect(try LogState(workspace) == before)

            _ = try workspace.submit(Desk.sign(for: users[1], workspace: workspace).bytes)
            let run = try workspace.unlearn(method: "retrain") { _ in }
            #expect(run.requests.first == waiting.requestID.text)
            #expect(run.recordsRemoved[0] == 0 && run.recordsRemoved[1] > 0)
            _ = try workspace.verify(run.runID) { _ in }
            let certificates = try workspace.certify(run.runID).map {
                try CertificateVerifier.verify(Files.read($0, limit: 1 << 20), trusting: workspace.trust()).certificate
            }
            #expect(certificates.map(\.dataset.recordsRemoved) == run.recordsRemoved.map { UInt64($0) })
            #expect(certificates.first?.request.requestID == waiting.requestID.text)
            #expect(try workspace.audit().isEmpty)
        }

        /// A desk under a policy with roles where everybody who waits is gone from the data; the duplicate of the first is among them.
        private func gone(_ data: TestFolder, modelBefore: Bool) throws -> (
            moment: Desk.Moment, engineer: SigningKey, waiting: [RequestID]
        ) {
            try DataSynthesizer(configuration: .small, seed: 3).write(to: data.path)
            let moment = Desk.Moment(folder: try TestFolder())
            let workspace = try Desk.create(in: moment.folder, data: data, policy: DeskPolicy().yaml + "roles: {}\n")
            let (engineer, administrator) = (SigningKey.generate(), SigningKey.generate())
            try workspace.registerKey(engineer.publicKey, as: .engineer)
            try workspace.registerKey(administrator.publicKey, as: .administrator)
            let users = Array(try workspace.data().split.trainingUsers.prefix(2))
            let waiting = try (users + [users[0]]).map { user in
                try workspace.submit(Desk.sign(for: user, workspace: workspace).bytes)
            }
            #expect(waiting.map(\.state.name) == ["in_progress", "in_progress", "duplicate"])
            let model = LedgerEvent.model(
                ModelEvent(.registered, role: .original, digest: Digest(sha256: [1]), at: try Timestamp(Desk.noon)))
            if modelBefore { try workspace.record([model]) }
            try erase(users, from: data, of: workspace, by: administrator)
            if !modelBefore { try moment.open().record([model]) }
            return (moment, engineer, waiting.map(\.requestID))
        }

        @Test func whereNobodyElseWaitsRequestsEndBecauseNothingIsHeld() throws {
            let data = try TestFolder()
            let (moment, engineer, waiting) = try gone(data, modelBefore: false)
            let workspace = try moment.open()
            let before = try LogState(workspace)
            let officer = SigningKey.generate()
            for key in [nil, officer] {
                #expect(throws: ServiceError.self) { try workspace.endWhereNothingIsHeld(as: key) }
            }
            #expect(try LogState(workspace) == before)

            let ended = try workspace.endWhereNothingIsHeld(as: engineer)
            #expect(ended.map(\.requestID) == Array(waiting.prefix(2)))
            #expect(
                ended.allSatisfy { $0.state == .fulfilled && $0.certificateIndex == nil && $0.shreddedIndex != nil })
            #expect(try workspace.request(waiting[2].text).shreddedIndex != nil, "the duplicate's data go too")
            #expect(try workspace.runPlan().step == .nothing)
            #expect(try workspace.endWhereNothingIsHeld(as: engineer).isEmpty)

            // The entry says what was looked at, and who has decided.
            let index = try #require(ended[0].shreddedIndex) - 1
            let root = recordsRoot(try workspace.data().split.training)
            guard case .request(let event)? = try workspace.store.event(index) else {
                Issue.record("entry \(index) is no event of a request")
                return
            }
            #expect(event.kind == .changed(.nothingHeld(trainingRecords: root), clock: nil))
            let signers = try DSSEEnvelope(parsing: workspace.store.entry(index)).signatures.map(\.keyID)
            #expect(signers.last == engineer.publicKey.keyID && signers.count == 2)
            let statistics = try workspace.statistics(in: StatisticsPeriod(year: 2026))
            #expect(statistics.complied == 2 && statistics.open == 0)
            #expect(try workspace.audit().isEmpty)
        }

        @Test func whereTheModelMayHaveLearnedFromThemTheyWaitForARun() throws {
            let data = try TestFolder()
            let (moment, engineer, _) = try gone(data, modelBefore: true)
            let workspace = try moment.open()
            let before = try LogState(workspace)
            #expect(try workspace.endWhereNothingIsHeld(as: engineer).isEmpty)
            #expect(try LogState(workspace) == before)
        }

        @Test func whereSomebodyIsHeldNobodyEndsSo() throws {
            let workspace = try Desk.current.fresh.copy().open()
            let user = try #require(try workspace.data().split.trainingUsers.first)
            let record = try workspace.submit(Desk.sign(for: user, workspace: workspace).bytes)
            let before = try LogState(workspace)
            #expect(try workspace.endWhereNothingIsHeld().isEmpty)
            let root = recordsRoot(try workspace.data().split.training)
            for root in [root, Digest(sha256: [])] {
                #expect(throws: ServiceError.self) {
                    try workspace.decide(.nothingHeld(trainingRecords: root), about: record.requestID.text)
                }
            }
            #expect(try LogState(workspace) == before)
        }
    }
}
