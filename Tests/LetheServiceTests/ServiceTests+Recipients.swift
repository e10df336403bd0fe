import Foundation
import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheRecommendation
import LetheReports
import LetheRequests
import LetheStatements
import LetheStore
import Synchronization
import Testing

@testable import LetheService

/// A desk whose policy names recipients, right after a run over twenty people's requests passed, nothing certified yet.
struct JudgedDesk: Sendable {
    let moment: Desk.Moment
    let runID: String

    static let sections = """
        recipients:
          giveUpDays: 7
          list:
            - {name: crm, url: "https://crm.example/erasure"}
            - {name: ads, url: "https://ads.example/erasure"}
            - {name: press, outcome: disproportionate-effort, reason: "printed catalogues"}
            - {name: old-shop, outcome: impossible, reason: "dissolved"}
        backups:
          - {system: nightly, purgeDays: 35}
        retained:
          - {category: invoices, ground: gdpr-17.3.b, days: 3650}
          - {category: lawsuit, ground: gdpr-17.3.e, days: none}
          - {category: orders, ground: ccpa-1798.105.d, days: 730}

        """

    private static let made = Result { try JudgedDesk() }

    /// A copy to work on.
    static func copy() throws -> JudgedDesk {
        let desk = try made.get()
        return JudgedDesk(moment: try desk.moment.copy(), runID: desk.runID)
    }

    private init(moment: Desk.Moment, runID: String) {
        self.moment = moment
        self.runID = runID
    }

    private init() throws {
        let desk = try Desk.current
        let policy = DeskPolicy().yaml.replacing(
            "shredAfterFulfilment: true", with: "shredAfterFulfilment: true\n  tombstoneDays: 30")
        // As for the shared desk: the seeds come from the log, and one in ten remembers too little to measure.
        for _ in 0..<4 {
            var moment = Desk.Moment(folder: try TestFolder())
            let workspace = try Desk.create(in: moment.folder, data: desk.data, policy: policy + Self.sections)
            try workspace.pretrain { _ in }
            try workspace.trainOriginal { _ in }
            for user in try workspace.data().split.trainingUsers.prefix(20) {
                moment.filed.append(try Desk.sign(for: user, workspace: workspace))
                _ = try workspace.submit(moment.filed[moment.filed.count - 1].bytes)
            }
            let run = try workspace.unlearn(method: "retrain") { _ in }
            if try workspace.verify(run.runID, progress: { _ in }).verdict.hasPrefix("PASS") {
                self.init(moment: moment, runID: run.runID)
                return
            }
        }
        throw ServiceError.noJudgedRun
    }

    func open(_ post: Inbox, now: String = Desk.noon) throws -> Workspace {
        var environment = Desk.environment(now: now, keeping: moment.folder)
        environment.post = { try post.take($0) }
        environment.wait = { post.wait($0) }
        return try Workspace.open(moment.root, environment: environment)
    }
}

/// Plays every recipient: keeps what it is sent, and answers as it is told.
final class Inbox: Sendable {
    private let state = Mutex((requests: [WebRequest](), waited: 0.0))
    private let answer: @Sendable (WebRequest) throws -> WebAnswer

    /// Answers with a status by host.
    init(_ answer: @escaping @Sendable (WebRequest) throws -> WebAnswer) { self.answer = answer }

    convenience init(crm: Int, ads: Int = 200) {
        self.init {
            WebAnswer(status: $0.url.contains("crm") ? crm : ads, contentType: "", body: Array("evil\u{1b}[2J".utf8))
        }
    }

    var requests: [WebRequest] { state.withLock { $0.requests } }
    var waited: Double { state.withLock { $0.waited } }

    func take(_ request: WebRequest) throws -> WebAnswer {
        state.withLock { $0.requests.append(request) }
        return try answer(request)
    }

    func wait(_ seconds: Double) { state.withLock { $0.waited += seconds } }

    func sent(to host: String) -> [WebRequest] { requests.filter { $0.url.contains(host) } }
}

extension ServiceTests {
    @Suite(.serialized) struct Recipients {
        private let desk: JudgedDesk

        init() throws { desk = try JudgedDesk.copy() }

        private func certificates(_ workspace: Workspace) throws -> [UnlearningCertificate] {
            try CertificateVerifier.verifyChain(
                workspace.certificates().map {
                    try Files.read(
                        Files.join(workspace.paths.certificates, Workspace.certificateName($0.number)), limit: 1 << 20)
                }, trusting: workspace.trust()
            ).map(\.certificate)
        }

        private func expectPending(
            _ workspace: Workspace, naming: String..., sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            let error = #expect(throws: ServiceError.self, sourceLocation: sourceLocation) {
                try workspace.certify(desk.runID)
            }
            guard case .recipientsPending(let run, let lines)? = error else {
                Issue.record("\(String(describing: error))", sourceLocation: sourceLocation)
                return
            }
            #expect(run == desk.runID && lines.count == naming.count, sourceLocation: sourceLocation)
            for name in naming { #expect(lines.contains { $0.hasPrefix("\(name): ") }, sourceLocation: sourceLocation) }
        }

        @Test func everyRecipientIsToldBeforeARequestIsFulfilled() throws {
            let inbox = Inbox(crm: 204)
            let workspace = try desk.open(inbox)
            try workspace.certify(desk.runID)

            #expect(inbox.requests.map(\.url) == ["https://crm.example/erasure", "https://ads.example/erasure"])
            let controller = try WorkspaceKeys.read(from: workspace.paths).controller.publicKey
            for (request, name) in zip(inbox.requests, ["crm", "ads"]) {
                #expect(request.contentType == ErasureNotice.contentType)
                let envelope = try DSSEEnvelope(parsing: request.body, maximumByteCount: ErasureNotice.maximumByteCount)
                let notice = try ErasureNotice(Statement(verified: envelope.verify(trusting: [controller])))
                #expect(notice.runID.text == desk.runID && notice.recipient == name && notice.controller == Desk.origin)
                #expect(notice.people.map(\.identity.value) == desk.moment.filed.map { "\($0.user)" })
                #expect(notice.people.map(\.requestID) == desk.moment.filed.map(\.request.requestID))
            }
            let names = try Entry.all(of: workspace).map(\.name)
            let first = try #require(names.firstIndex { $0.hasPrefix("notification") })
            #expect(
                names[first..<first + 5] == [
                    "notification crm delivered", "notification ads delivered",
                    "notification press disproportionate-effort",
                    "notification old-shop impossible", "certificate",
                ])
            #expect(try workspace.requests().allSatisfy { $0.state == .fulfilled && $0.shreddedIndex != nil })
            for certificate in try certificates(workspace) {
                #expect(certificate.notifications.map(\.recipient) == ["crm", "ads", "press", "old-shop"])
                #expect(
                    certificate.notifications.map(\.outcome) == [.sent, .sent, .disproportionateEffort, .impossible])
                #expect(
                    certificate.backups == [.init(system: "nightly", purgeBy: try Timestamp("2026-04-06T12:00:00Z"))])
                // Under the request's own law.
                #expect(
                    certificate.retained == [
                        .init(
                            category: "invoices", ground: "gdpr-17.3.b", until: try Timestamp("2036-02-28T12:00:00Z")),
                        .init(category: "lawsuit", ground: "gdpr-17.3.e", until: nil),
                    ])
            }
            #expect(try workspace.audit().isEmpty)
            #expect(try workspace.recipients(ofRun: desk.runID).filter(\.isOpenOrFailed).isEmpty)
            #expect(try workspace.runsWaitingForRecipients().isEmpty)
            try workspace.certify(desk.runID)
            #expect(inbox.requests.count == 2, "nobody is told twice")
        }

        @Test func whoeverCannotBeReachedBlocksTheRequestsAndLosesNothing() throws {
            let down = Inbox(crm: 503)
            var workspace = try desk.open(down)
            try expectPending(workspace, naming: "crm")
            #expect(down.sent(to: "crm").count == 3 && down.sent(to: "ads").count == 1)
            #expect(down.waited == 6, "two seconds, then four")
            #expect(try workspace.requests().allSatisfy { $0.state == .blockedPartial && $0.shreddedIndex == nil })
            #expect(try workspace.certificates().isEmpty && Files.names(in: workspace.paths.certificates).isEmpty)
            #expect(try workspace.runsWaitingForRecipients() == [desk.runID])
            let crm = try #require(try workspace.recipients(ofRun: desk.runID).first)
            #expect(
                crm.outcome == nil && crm.attempts == 3
                    && crm.line == "crm: not told yet after 3 attempts, last answered with status 503")
            let request = try #require(try workspace.requests().first)
            #expect(try workspace.untold(of: request).map(\.name) == ["crm"])
            #expect(DRPStatus(request.state).status == .inProgress && OpenDSRStatus(request.state) == .inProgress)
            #expect(throws: ServiceError.self) { try workspace.shred(request.requestID.text) }
            #expect(
                try workspace.auditReport(desk.runID).markdown.contains(
                    "not every recipient of the data was told (crm)"))
            #expect(try workspace.audit().isEmpty)

            let silent = Inbox { throw ServiceError.unreachable(url: $0.url, problem: "evil\u{1b}[2J\nrefused") }
            workspace = try desk.open(silent, now: "2026-03-05T12:00:00Z")
            try expectPending(workspace, naming: "crm")
            #expect(silent.requests.count == 3)
            let line = try workspace.recipients(ofRun: desk.runID)[0].line
            #expect(line.contains("6 attempts") && !line.contains("\u{1b}") && !line.contains("\n"))
            #expect(throws: ServiceError.nothingDue) { _ = try workspace.unlearn { _ in } }

            let up = Inbox(crm: 200)
            workspace = try desk.open(up, now: "2026-03-06T12:00:00Z")
            try workspace.certify(desk.runID)
            #expect(up.requests.count == 1)
            #expect(
                Set((down.sent(to: "crm") + silent.requests + up.requests).map(\.body)).count == 1,
                "always the same notice")
            #expect(try workspace.requests().allSatisfy { $0.state == .fulfilled && $0.shreddedIndex != nil })
            #expect(try certificates(workspace).allSatisfy { $0.notifications.allSatisfy { $0.outcome != .failed } })
            #expect(try workspace.audit().isEmpty)
            let names = try Entry.all(of: workspace).map(\.name)
            #expect(["blocked", "resumed", "fulfilled"].allSatisfy { name in names.count { $0 == name } == 20 })
            #expect(names.count { $0 == "unlearned" } == 40)
        }

        @Test func whoeverIsGivenUpStandsOnTheCertificateAsNotTold() throws {
            try expectPending(try desk.open(Inbox(crm: 302, ads: 500)), naming: "crm", "ads")
            let late = Inbox(crm: 302)
            let workspace = try desk.open(late, now: "2026-03-09T12:00:00Z")
            try workspace.certify(desk.runID)
            #expect(late.sent(to: "crm").count == 3)
            let certified = try certificates(workspace)
            #expect(certified.count == 20)
            #expect(
                certified.allSatisfy { $0.notifications.contains { $0.recipient == "crm" && $0.outcome == .failed } })
            #expect(certified.allSatisfy { $0.notifications.contains { $0.recipient == "ads" && $0.outcome == .sent } })
            let crm = try #require(try workspace.recipients(ofRun: desk.runID).first { $0.name == "crm" })
            #expect(crm.outcome == .failed(status: 302, attempts: 6) && crm.isOpenOrFailed)
            let request = try #require(try workspace.requests().first)
            #expect(request.state == .fulfilled)
            #expect(try workspace.untold(of: request).map(\.name) == ["crm"])
            let report = try workspace.auditReport(desk.runID)
            #expect(
                report.markdown.contains("The erasure is not complete")
                    && report.csv.contains("recipients not told: crm"))
            #expect(report.backups.map(\.system) == ["nightly"])
            #expect(try workspace.audit().isEmpty)
        }

        @Test func whatWasDeliveredAndNotLoggedIsDeliveredAgainUnderItsName() throws {
            struct Killed: Error {}
            let killed = Inbox { request in
                if request.url.contains("ads") { throw Killed() }
                return WebAnswer(status: 200, contentType: "", body: [])
            }
            #expect(throws: Killed.self) { try desk.open(killed).certify(desk.runID) }
            let again = Inbox(crm: 200)
            let workspace = try desk.open(again)
            #expect(try workspace.requests().allSatisfy { $0.state == .verifying })
            #expect(try workspace.runsWaitingForRecipients() == [desk.runID])
            try workspace.certify(desk.runID)
            #expect(again.requests == killed.sent(to: "ads"), "the same bytes, and nothing to whom the log has as told")
            #expect(try workspace.audit().isEmpty)
        }

        @Test func whoWithdrawsMeanwhileIsInNoLaterNotice() throws {
            let down = Inbox(crm: 503)
            var workspace = try desk.open(down)
            try expectPending(workspace, naming: "crm")
            let gone = desk.moment.filed[3]
            try workspace.decide(.withdrawn, about: gone.request.requestID.text)
            let up = Inbox(crm: 200)
            workspace = try desk.open(up)
            _ = try? workspace.certify(desk.runID)
            let controller = try WorkspaceKeys.read(from: workspace.paths).controller.publicKey
            func notice(_ request: WebRequest) throws -> ErasureNotice {
                let envelope = try DSSEEnvelope(parsing: request.body, maximumByteCount: ErasureNotice.maximumByteCount)
                return try ErasureNotice(Statement(verified: envelope.verify(trusting: [controller])))
            }
            let (before, after) = (
                try notice(try #require(down.sent(to: "crm").first)), try notice(try #require(up.requests.first))
            )
            #expect(before.people.count == 20 && after.people.count == 19)
            #expect(!after.people.contains { $0.requestID == gone.request.requestID })
            #expect(before.noticeID != after.noticeID)
        }

        @Test func noIdentityIsInTheLogOrInWhatIsKeptOfTheRun() throws {
            let workspace = try desk.open(Inbox(crm: 503))
            try expectPending(workspace, naming: "crm")
            for entry in try Entry.all(of: workspace) {
                let text = String(decoding: try entry.statement.canonicalBytes(), as: UTF8.self)
                #expect(!text.contains("user-id") && !text.contains("evil"))
            }
            let folder = Files.join(desk.moment.root, "runs/\(desk.runID)")
            for name in ["notices.json", "retained-manifest.json", "tombstones.sealed", "run.json"] {
                let bytes = try Files.read(Files.join(folder, name), limit: 1 << 24)
                #expect(
                    bytes.firstRange(of: Array("\"user".utf8)) == nil
                        && bytes.firstRange(of: Array("evil".utf8)) == nil, "\(name)")
            }
            #expect(try Files.permissions(Files.join(folder, "notices.json")) & 0o077 == 0)
        }
    }
}
