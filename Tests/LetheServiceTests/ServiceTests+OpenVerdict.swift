import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheRecommendation
import LetheRequests
import LetheStore
import Testing

@testable import LetheService

extension ServiceTests {
    /// A run over one person's request: too few to measure anything.
    struct OpenVerdict {
        @Test func aRunThatShowsNothingLeavesTheRequestOpenAndSaysSo() throws {
            let desk = try Desk.current
            let folder = try TestFolder()
            var policy = DeskPolicy()
            policy.epochs = 1
            policy.references = 2
            policy.gates = "G0, G1, G2, G3, G5"
            let workspace = try Desk.create(in: folder, data: desk.data, policy: policy.yaml)
            try workspace.pretrain { _ in }
            try workspace.trainOriginal { _ in }
            let user = try #require(try workspace.data().split.trainingUsers.first)
            let filed = try Desk.sign(for: user, workspace: workspace)
            _ = try workspace.submit(filed.bytes)

            let run = try workspace.unlearn { _ in }
            #expect(run.requests == [filed.request.requestID.text])
            #expect(try workspace.requests().map(\.state) == [.verifying])
            #expect(throws: ServiceError.self) { try workspace.certify(run.runID) }
            #expect(throws: ServiceError.noJudgedRun) { try workspace.lastJudgedRun() }
            let measured = try workspace.verify(run.runID) { _ in }
            #expect(measured.verdict == "INCONCLUSIVE")
            #expect(!measured.reasons.isEmpty)
            let membership = try #require(measured.gates.first { $0.gate == "G3" })
            #expect(membership.value != nil && membership.acceptedBelow == 0.05 && membership.acceptedAbove == -0.05)
            #expect(!measured.notAssessed.contains { $0.name == "G3 membership" })
            // One person alone has no spread to test against.
            #expect(measured.relativeTests == [])
            #expect(measured.membership?.map(\.unit) == ["record", "user"])
            #expect(measured.membership?[1].forgotten == 1)
            #expect(measured.worstUsers == nil, "it would be one person's figure")
            #expect(measured.notAssessed.contains { $0.name == "relative three-sample test" })
            let files = try workspace.certify(run.runID)

            let request = try #require(try workspace.requests().first)
            #expect(request.state == .inProgress)
            #expect(request.certificateIndex == nil)
            #expect(request.shreddedIndex == nil)
            let item = try workspace.store.openVault(request.requestID, masterKey: workspace.masterKey)
            #expect(item.rawRequest == filed.bytes)
            #expect(files.count == 1)
            let verified = try CertificateVerifier.verify(
                Files.read(try #require(files.first), limit: 1 << 20), trusting: workspace.trust())
            #expect(verified.certificate.verification.verdict == .inconclusive)
            #expect(verified.certificate.verification.verdict.result != .passed)
            #expect(try workspace.audit().isEmpty)

            // The next run takes the request up again, and its certificate follows the first.
            let again = try workspace.unlearn { _ in }
            #expect(again.requests == run.requests)
            #expect(again.runID != run.runID)
            _ = try workspace.verify(again.runID) { _ in }
            let more = try workspace.certify(again.runID)
            let chain = try CertificateVerifier.verifyChain(
                (files + more).map { try Files.read($0, limit: 1 << 20) }, trusting: workspace.trust())
            #expect(chain.map(\.isLinkVerified) == [false, true])
            #expect(try workspace.audit().isEmpty)

            // Withdrawn before its run is judged: nobody waits for a certificate, and no verdict stays open.
            let third = try workspace.unlearn { _ in }
            _ = try workspace.decide(.withdrawn, about: filed.request.requestID.text)
            _ = try workspace.verify(third.runID) { _ in }
            #expect(try workspace.runPlan().step == .nothing)
            #expect(try workspace.certify(third.runID).isEmpty)
            _ = try workspace.rotateKey(.verifier)
            #expect(try workspace.audit().isEmpty)
        }
    }
}
