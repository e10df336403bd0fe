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
        /// Takes a person's ratings out of the data, as an erasure elsewhere in the house does, and has the log commit to what is left.
        private func erase(_ user: Int, from data: TestFolder, of workspace: Workspace) throws {
            let path = data.path("ratings.dat")
            let lines = String(decoding: try Files.read(path, limit: 1 << 24), as: UTF8.self).split(separator: "\n")
            let kept = lines.filter { !$0.hasPrefix("\(user)::") }
            try #require(kept.count < lines.count)
            try Files.write(Array((kept.joined(separator: "\n") + "\n").utf8), to: path)
            let split = try workspace.profile.load().1
            try workspace.record([
                .policy(
                    PolicyEvent(
                        adopting: workspace.policy, at: Timestamp(Desk.noon),
                        extra: [
                            "dataset": .string(workspace.profile.kind.rawValue),
                            "trainingRecords": .string("\(split.training.count)"),
                            "trainingRecordsRoot": .string(recordsRoot(split.training).hex),
                        ]))
            ])
        }

        @Test func aConfirmedRequestOfSomebodyWhoIsGoneIsAnsweredWithTheNextRun() throws {
            let data = try TestFolder()
            try DataSynthesizer(configuration: Desk.synthesis, seed: 3).write(to: data.path)
            var policy = DeskPolicy()
            policy.epochs = 1
            policy.references = 2
            let moment = Desk.Moment(folder: try TestFolder())
            var workspace = try Desk.create(in: moment.folder, data: data, policy: policy.yaml)
            let users = Array(try workspace.data().split.trainingUsers.prefix(2))
            let waiting = try workspace.submit(Desk.sign(for: users[0], workspace: workspace).bytes)
            _ = try workspace.decide(.identityDoubted, about: waiting.requestID.text)
            try erase(users[0], from: data, of: workspace)

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
    }
}
