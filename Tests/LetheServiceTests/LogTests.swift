import Foundation
import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheLog
import LetheRecommendation
import LetheRequests
import LetheStatements
import LetheStore
import Synchronization
import Testing

@testable import LetheService

/// Witnesses in this process, reached by URL; they remember, as real ones do.
final class WitnessNetwork: Sendable {
    private struct Place {
        let witness: Witness
        var head = WitnessedHead.none
        var isUp = true
    }

    private let places = Mutex<[String: Place]>([:])
    /// What was posted, in order.
    let posted = Mutex<[String]>([])

    func add(_ url: String, _ number: UInt8, logs: [NoteVerifier]) throws -> NoteVerifier {
        let signer = try NoteSigner(
            name: "w\(number).example/w", key: SigningKey(seed: Array(repeating: 100 + number, count: 32)),
            kind: .cosignatureV1)
        let witness = try Witness(signer: signer, logs: logs)
        // One that was there keeps its memory and learns the log's new keys.
        places.withLock { places in
            let head = places[url + "/add-checkpoint"]?.head ?? .none
            places[url + "/add-checkpoint"] = Place(witness: witness, head: head)
        }
        return signer.verifier
    }

    func setUp(_ url: String, _ isUp: Bool) { places.withLock { $0[url + "/add-checkpoint"]?.isUp = isUp } }
    func setHead(_ url: String, _ head: WitnessedHead) { places.withLock { $0[url + "/add-checkpoint"]?.head = head } }

    @Sendable func post(_ request: WebRequest) throws -> WebAnswer {
        posted.withLock { $0.append(request.url) }
        return try places.withLock { places in
            guard var place = places[request.url], place.isUp else {
                throw ServiceError.unreachable(url: request.url, problem: "connection refused")
            }
            do throws(WitnessRefusal) {
                let wanted = try place.witness.authenticate(request.body)
                place.head = try place.witness.advance(place.head, to: wanted, now: 1_767_225_600)
                places[request.url] = place
                let line = place.witness.cosign(wanted, head: place.head).line
                return WebAnswer(status: 200, contentType: "text/plain", body: Array(line.utf8))
            } catch {
                return WebAnswer(status: error.status, contentType: error.contentType, body: Array(error.body.utf8))
            }
        }
    }
}

extension Desk {
    /// An environment that reaches witnesses.
    static func environment(_ network: WitnessNetwork, keeping folder: TestFolder? = nil) -> ServiceEnvironment {
        var environment = environment(keeping: folder)
        environment.post = network.post
        return environment
    }
}

/// A new workspace and three witnesses.
struct LogTests {
    private let data: TestFolder
    private let folder: TestFolder
    private let network = WitnessNetwork()
    private let workspace: Workspace
    private let keys: [NoteVerifier]
    private static let urls = ["https://one", "https://two", "https://three"]

    init() throws {
        data = try TestFolder()
        folder = try TestFolder()
        try DataSynthesizer(configuration: .small, seed: 3).write(to: data.path)
        _ = try Desk.create(in: folder, data: data)
        workspace = try Workspace.open(
            folder.path("workspace"), environment: Desk.environment(network, keeping: folder))
        let log = try workspace.logVerifiers()
        let network = network
        keys = try Self.urls.enumerated().map { try network.add($1, UInt8($0), logs: log) }
    }

    private func policy(_ threshold: String = "2") throws -> WitnessPolicy {
        let witnesses = zip(Self.urls, keys).enumerated().map { "witness w\($0) \($1.1.vkey) \($1.0)\n" }
        return try WitnessPolicy(
            parsing: Array((witnesses.joined() + "group g \(threshold) w0 w1 w2\nquorum g\n").utf8))
    }

    /// Something that makes the log grow.
    private func grow(_ count: Int = 1) throws {
        for _ in 0..<count {
            try workspace.record([
                .model(
                    ModelEvent(
                        .registered, role: .reference, digest: Digest(sha256: []), at: workspace.environment.now()))
            ])
        }
    }

    @Test func everyWitnessCosignsAndTheNoteCarriesAll() throws {
        let publication = try workspace.publishCheckpoint(policy: policy())
        #expect(publication.isMet && publication.outcomes.map(\.result) == keys.map { .cosigned([$0.name]) })
        let verified = try publication.note.verify(with: workspace.logVerifiers() + keys)
        #expect(verified.count == 4)
        #expect(try workspace.checkpoint() == publication.note)
        #expect(try workspace.prove(0).checkpoint == publication.note)
        #expect(try workspace.audit() == [])
    }

    @Test func aLogThatGrewIsProvedFromWhereTheWitnessWas() throws {
        _ = try workspace.publishCheckpoint(policy: policy())
        try grow(5)
        #expect(try workspace.publishCheckpoint(policy: policy()).isMet)
        // One request each time: the log remembers where its witnesses are.
        #expect(network.posted.withLock { $0.count } == 6)
        _ = try workspace.publishCheckpoint(policy: policy())
        #expect(network.posted.withLock { $0.count } == 6, "who has cosigned is not asked again")
    }

    @Test func aWitnessThatNamesAnotherSizeIsAskedAgainFromThere() throws {
        try grow(3)
        let size = try workspace.store.size() - 2
        network.setHead(
            Self.urls[0], WitnessedHead(size: size, rootHash: try workspace.store.rootHash(size: size), seconds: 1))
        #expect(try workspace.publishCheckpoint(policy: policy("all")).isMet)
        #expect(network.posted.withLock { $0.count } == 4)
    }

    @Test func missedQuorumsSayWhetherTheMachineOrTheWitnessesAreToBlame() throws {
        network.setUp(Self.urls[0], false)
        var publication = try workspace.publishCheckpoint(policy: policy())
        #expect(publication.isMet, "two of three are enough")
        publication = try workspace.publishCheckpoint(policy: policy("all"))
        #expect(!publication.isMet && publication.couldBeMet)
        // A witness that has seen another history never cosigns this one.
        network.setUp(Self.urls[0], true)
        network.setHead(Self.urls[0], WitnessedHead(size: 2, rootHash: Digest(sha256: [1]), seconds: 1))
        publication = try workspace.publishCheckpoint(policy: policy("all"))
        #expect(!publication.isMet && !publication.couldBeMet)
        guard case .refused(let reason) = publication.outcomes[0].result else { return }
        #expect(reason.contains("422"))
    }

    @Test func aLogThatWasRolledBackIsToldSo() throws {
        network.setHead(Self.urls[1], WitnessedHead(size: 900, rootHash: Digest(sha256: [1]), seconds: 1))
        let publication = try workspace.publishCheckpoint(policy: policy("all"))
        guard case .refused(let reason) = publication.outcomes[1].result else {
            Issue.record("\(publication.outcomes)")
            return
        }
        #expect(reason.contains("rolled back"))
    }

    @Test(arguments: [
        (200, "", ""), (200, "", "nonsense\n"), (200, "", "\u{2014} w0.example/w AAAA\n"), (409, "text/plain", "3\n"),
        (409, "text/x.tlog.size", "3"), (409, "text/x.tlog.size", "-3\n"), (500, "", "oops"), (302, "", ""),
        (0, "", ""),
    ])
    func otherAnswersAreRefusals(status: Int, contentType: String, body: String) throws {
        var environment = Desk.environment(network)
        environment.post = { _ in WebAnswer(status: status, contentType: contentType, body: Array(body.utf8)) }
        let workspace = try Workspace.open(folder.path("workspace"), environment: environment)
        let publication = try workspace.publishCheckpoint(policy: policy())
        #expect(!publication.isMet && !publication.couldBeMet)
        for outcome in publication.outcomes {
            guard case .refused = outcome.result else {
                Issue.record("\(outcome)")
                continue
            }
        }
        #expect(publication.note.signatures.count == 1)
    }

    @Test func aPolicyForOtherLogsIsRefused() throws {
        let other = try NoteVerifier(name: "other.example/log", key: SigningKey.generate().publicKey)
        let policy = try WitnessPolicy(parsing: Array("log \(other.vkey)\nquorum none\n".utf8))
        #expect(throws: ServiceError.self) { try workspace.publishCheckpoint(policy: policy) }
    }

    @Test func proofsAndExportsStayAtTheLastCheckpointThatMeetsThePolicy() throws {
        try Files.write(Array(policy().text.utf8), to: workspace.paths.witnesses)
        let first = try workspace.publishedCheckpoint()
        try grow()
        #expect(try workspace.prove(0).checkpoint == first)
        for url in Self.urls { network.setUp(url, false) }
        #expect(throws: ServiceError.self) { try workspace.exportLog(to: folder.path("export")) }
        #expect(!Files.exists(folder.path("export")))
        for url in Self.urls { network.setUp(url, true) }
        #expect(try workspace.exportLog(to: folder.path("export")).size == workspace.store.size())
        let newest = try workspace.checkpoint()
        #expect(try workspace.prove(0).checkpoint == newest)
    }

    /// The old key signed what the folder holds, the new one what comes: both are the log's.
    @Test func aChangedLogKeyGoesOnWithTheSameWitnessesAndFolder() throws {
        let folder = folder.path("export")
        let before = try workspace.exportLog(to: folder)
        _ = try workspace.publishCheckpoint(policy: policy())
        _ = try workspace.rotateKey(.log)
        try grow()
        #expect(try workspace.logVerifiers().count == 2)
        #expect(try workspace.exportLog(to: folder).size > before.size)
        // Witnesses that were given the old key only do not know the new one: they refuse, and nothing breaks.
        let publication = try workspace.publishCheckpoint(policy: policy())
        #expect(!publication.isMet && !publication.couldBeMet)
        let log = try workspace.logVerifiers()
        for (number, url) in Self.urls.enumerated() { _ = try network.add(url, UInt8(number), logs: log) }
        #expect(try workspace.publishCheckpoint(policy: policy()).isMet)
        #expect(try workspace.audit() == [])
    }

    @Test func aFaultyPolicyFileIsNamedByItsLine() throws {
        try Files.write(Array("quorum w\n".utf8), to: workspace.paths.witnesses)
        let error = #expect(throws: ServiceError.self) { try workspace.publishedCheckpoint() }
        #expect(error.map { "\($0)".contains("witnesses.txt") && "\($0)".contains("line 1") } == true)
    }
}

extension ServiceTests {
    /// Certificates that witnesses must have cosigned.
    struct CosignedCertificates {
        @Test func aMissedQuorumLeavesAStateThatTheNextCallCompletes() throws {
            let desk = try Desk.current
            let moment = try desk.answered.copy()
            let network = WitnessNetwork()
            let workspace = try Workspace.open(
                moment.root, environment: Desk.environment(network, keeping: moment.folder))
            let witness = try network.add("https://w", 1, logs: workspace.logVerifiers())
            let lines = "witness w \(witness.vkey) https://w\nquorum w\n"
            try Files.write(Array(lines.utf8), to: workspace.paths.witnesses)
            try Files.remove(workspace.paths.certificates)
            try Files.createFolder(workspace.paths.certificates)

            #expect(throws: ServiceError.self, "the trust file does not name the witness") {
                try workspace.certify(desk.runID)
            }
            try Files.write(
                Array((workspace.trust().text + lines).utf8), to: workspace.paths.trust)
            network.setUp("https://w", false)
            let error = #expect(throws: ServiceError.self) { try workspace.certify(desk.runID) }
            guard case .quorumMissed(_, _, isMachineFailure: true)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(try Files.names(in: workspace.paths.certificates) == [])

            network.setUp("https://w", true)
            let size = try workspace.store.size()
            let paths = try workspace.certify(desk.runID)
            #expect(try workspace.store.size() == size, "nothing is issued twice")
            #expect(paths.count == 20)
            let trust = try workspace.trust()
            for path in paths {
                let verified = try CertificateVerifier.verify(
                    Files.read(path, limit: 1 << 20), trusting: trust)
                #expect(verified.checked.contains("witness quorum of the trust file: the witness w"))
            }
            #expect(try workspace.audit() == [])
        }
    }
}
