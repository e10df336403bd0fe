import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheRecommendation
import LetheReports
import LetheRequests
import LetheStatements
import LetheStore
import LetheUnlearning
import LetheVerification
import Testing

@testable import LetheService

extension ServiceTests {
    /// A policy that tries one method after the other.
    struct Ladder {
        @Test func exactMethodsAreThoseThatUnlearningCallsExact() throws {
            let policy = try Policy(yaml: DeskPolicy().yaml)
            let keeping = ShardKeeping(
                key: [UInt8](repeating: 1, count: 32), code: "", checkpoints: MemoryCheckpoints())
            for settings in [policy.method, .retrain] + policy.methods {
                #expect(try policy.unlearningMethod(settings) { keeping }.isExact == settings.name.isExact)
            }
        }

        /// One person alone is too few for any statistic; retraining, repeated bit for bit, answers them all the same.
        @Test func whatNoStatisticDecidesIsRetrainedAndRepeated() throws {
            let desk = try Desk.current
            let folder = try TestFolder()
            var policy = DeskPolicy()
            policy.epochs = 1
            policy.references = 2
            let yaml = policy.yaml + "ladder: {methods: [e2urec, retrain], assumedHours: 1}\n"
            let workspace = try Desk.create(in: folder, data: desk.data, policy: yaml)
            try workspace.pretrain { _ in }
            try workspace.trainOriginal { _ in }
            let users = try workspace.data().split.trainingUsers
            let filed = try Desk.sign(for: try #require(users.first), workspace: workspace)
            _ = try workspace.submit(filed.bytes)

            var step = try #require(try workspace.runPlan().ladder)
            #expect(step.method == .e2urec && step.number == 1 && step.reason == .first && !step.isContinuation)
            #expect(step.hoursToEnd == 2)
            #expect(try !workspace.runPlan().isDue)
            let first = try workspace.unlearn { _ in }
            #expect(first.method == "e2urec" && first.ladder?.reason == "first")
            #expect(try workspace.verify(first.runID) { _ in }.verdict == "INCONCLUSIVE")
            try workspace.certify(first.runID)

            step = try #require(try workspace.runPlan().ladder)
            #expect(step.method == .retrain && step.number == 2 && step.reason == .inconclusive && step.isContinuation)
            #expect(try workspace.runPlan().isDue)
            // A named method is nobody's step.
            let second = try workspace.unlearn { _ in }
            #expect(second.method == "retrain" && second.ladder == .init(step))
            let measured = try workspace.verify(second.runID) { _ in }
            #expect(measured.verdict == "PASS-EXACT" && measured.references == 0 && measured.reasons == [])
            #expect(measured.gates.map(\.gate) == ["P0"])
            let files = try workspace.certify(second.runID)
            let request = try #require(try workspace.requests().first)
            #expect(request.state == .fulfilled)
            #expect(try workspace.runPlan().step == .nothing)

            let secondID = try #require(RunID(second.runID))
            let record = try #require(try workspace.store.run(secondID))
            #expect(record.indexes["reference-seeds-drawn"] == nil)
            let inputs = try #require(record.indexes["inputs-committed"])
            let text = String(
                decoding: try DSSEEnvelope(parsing: workspace.store.entry(inputs)).payload, as: UTF8.self)
            #expect(text.contains(#""ladder":{"count":"2","number":"2","reason":"inconclusive"}"#), "\(text)")
            let verified = try CertificateVerifier.verify(
                Files.read(try #require(files.first), limit: 1 << 20), trusting: workspace.trust())
            #expect(verified.certificate.verification.verdict == .passExact)
            #expect(verified.certificate.verification.references.isEmpty)
            #expect(!Files.exists(Files.join(workspace.paths.run(second.runID), "repetition")))
            let audited = try workspace.examine()
            #expect(audited.findings.isEmpty && audited.completeness.fulfilledByRuns == [2: 1])
            #expect(audited.text.contains("requests fulfilled after earlier runs did not pass: 1 after 1"))
            #expect(audited.json["completeness"]?["fulfilledByRuns"]?["2"] == .string("1"))
            let judged = try #require(try workspace.store.run(RunID(first.runID) ?? secondID)?.indexes["verified"])
            #expect(
                try workspace.auditReport(second.runID).earlierRuns == [
                    .init(
                        id: first.runID, method: "e2urec", verdict: .inconclusive, requests: 1,
                        logIndex: Int(clamping: judged))
                ])
            #expect(try workspace.auditReport(first.runID).earlierRuns.isEmpty)
            let reports = try workspace.report(
                second.runID, to: workspace.paths.reports, formats: ReportFormat.allCases)
            let markdown = try #require(reports[.markdown])
            let report = String(decoding: try Files.read(markdown, limit: 1 << 22), as: UTF8.self)
            #expect(report.contains("PASS-EXACT") && report.contains("number 2 of the policy’s 2"))
            #expect(report.contains("Tried before") && report.contains("1 of 1"))
            #expect(report.contains("was done a second time") && !report.contains("0 models"))
            let replayed = try workspace.replay(
                second.runID, subjects: try Self.list(users.prefix(1), in: folder), to: "\(folder.path)/replayed"
            ) { _ in }
            #expect(replayed.holds, "\(replayed.text)")
        }

        private static func list(_ users: some Sequence<Int>, in folder: TestFolder) throws -> String {
            let path = "\(folder.path)/people.txt"
            try Files.write(Array(users.map { "\($0)\n" }.joined().utf8), to: path)
            return path
        }

        /// A candidate that is not what the log's inputs give is refused, and the difference is named.
        @Test func aCandidateThatCannotBeRepeatedIsRefused() throws {
            let desk = try Desk.current.trained.copy()
            let workspace = try desk.open()
            let people = try workspace.data().split.trainingUsers.prefix(2)
            for user in people { _ = try workspace.submit(try Desk.sign(for: user, workspace: workspace).bytes) }
            let run = try workspace.unlearn(method: "retrain") { _ in }
            let runID = try #require(RunID(run.runID))
            let record = try #require(try workspace.store.run(runID))
            let original = try workspace.model(.original)
            let data = try workspace.prepared(original)
            func verdict(forgetting users: Set<Int>) throws -> Measurements {
                try workspace.repeated(
                    LoggedRun(record, in: workspace), by: .retrain, base: workspace.model(.base), original: original,
                    records: DividedRecords(data.split.training, forgetting: users), data: data,
                    in: Files.join(workspace.paths.root, "repetition"),
                    session: TrainingSession(store: nil, traceInterval: Trajectory.interval)
                ) { _ in }.measurements
            }
            #expect(try verdict(forgetting: Set(people)).verdict == "PASS-EXACT")
            let refused = try verdict(forgetting: Set(people.prefix(1)))
            #expect(refused.verdict == "REFUSE")
            #expect(refused.reasons.contains { $0.contains("candidate") && $0.contains(run.candidateDigest ?? "none") })
        }
    }
}
