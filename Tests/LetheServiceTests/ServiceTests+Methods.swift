import LetheBytes
import LetheCrypto
import LetheRecommendation
import LetheRequests
import LetheStore
import LetheUnlearning
import Testing

@testable import LetheService

extension ServiceTests {
    /// A copy of the trained desk where two people asked to be forgotten.
    private func asked() throws -> (moment: Desk.Moment, workspace: Workspace) {
        let moment = try Desk.current.trained.copy()
        let workspace = try moment.open()
        for user in try workspace.data().split.trainingUsers.prefix(2) {
            _ = try workspace.submit(try Desk.sign(for: user, workspace: workspace).bytes)
        }
        return (moment, workspace)
    }

    @Test(arguments: [
        "e2urec", "e2urec-calibrated", "retrain", "negkl", "neggrad", "bad-t", "bad-t-reference", "random-label",
        "rewind", "adapters", "receraser",
    ])
    func everyMethodOfThePolicyMakesACandidateByItsName(name: String) throws {
        let (moment, workspace) = try asked()
        let dossier = try workspace.unlearn(method: name) { _ in }
        #expect(dossier.method == name)
        let parsed = try #require(Policy.MethodName(rawValue: name))
        let settings = try #require(workspace.policy.method(named: parsed))
        #expect(dossier.parameters.count == settings.fields.count)
        #expect(dossier.methodDigest == settings.parametersDigest)
        #expect((dossier.trainableParameters ?? 0) > 0)
        let isEnsemble = name == "receraser"
        #expect(EnsembleFolder.isEnsemble(Files.join(workspace.paths.run(dossier.runID), "candidate")) == isEnsemble)
        let committed = try Entry.all(of: workspace).compactMap { entry -> String? in
            if case .inputsCommitted(let inputs)? = entry.runStep { inputs.method } else { nil }
        }
        #expect(committed == ["urn:lethe:method:\(name):v1"])
        _ = moment
    }

    @Test func anEnsembleIsVerifiedAndCertified() throws {
        let (moment, workspace) = try asked()
        let dossier = try workspace.unlearn(method: "sisa") { _ in }
        // A member that was changed afterwards is noticed.
        let member = Files.join(workspace.paths.run(dossier.runID), "candidate/member-2/config.json")
        let bytes = try Files.read(member, limit: 1 << 20)
        try Files.write(bytes + [0x0A], to: member)
        #expect(throws: ServiceError.self) { try workspace.verify(dossier.runID) { _ in } }

        try Files.write(bytes, to: member)
        let measured = try workspace.verify(dossier.runID) { _ in }
        #expect(!measured.verdict.isEmpty)
        #expect(try workspace.certify(dossier.runID).count == 2)
        _ = moment
    }

    @Test func checkpointsOfOneRunServeTheNext() throws {
        let (moment, workspace) = try asked()
        let first = try workspace.unlearn(method: "adapters") { _ in }
        let folder = workspace.paths.checkpoints
        let lineage = Files.join(folder, try Files.names(in: folder)[0])
        #expect(try Files.names(in: lineage).count == 3)
        let people = try workspace.data().split.trainingUsers
        let last = try #require(people.last)
        _ = try workspace.submit(try Desk.sign(for: last, workspace: workspace).bytes)
        let second = try workspace.unlearn(method: "adapters") { _ in }
        #expect(try Files.names(in: folder).count == 1)
        #expect(try Files.names(in: lineage).count == 3)
        #expect(second.residue.contains { $0.kind == "training-checkpoint" })
        #expect(first.candidateDigest != second.candidateDigest)
        _ = moment
    }

    @Test(arguments: ["original", "", "E2URec", "nothing", "../sisa"])
    func aMethodWithoutSettingsIsRefusedBeforeAnythingIsLogged(name: String) throws {
        let (moment, workspace) = try asked()
        let size = try workspace.store.size()
        #expect(throws: ServiceError.self) { try workspace.unlearn(method: name) { _ in } }
        #expect(try workspace.store.size() == size)
        _ = moment
    }

    @Test func aDamagedShardKeyIsNamed() throws {
        let (moment, workspace) = try asked()
        try Files.write(Array("short\n".utf8), to: workspace.paths.shardKey, permissions: 0o600)
        let size = try workspace.store.size()
        #expect(throws: ServiceError.self) { try workspace.unlearn(method: "adapters") { _ in } }
        #expect(try workspace.store.size() == size)
        _ = moment
    }
}
