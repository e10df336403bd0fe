import LetheBytes
import LetheCrypto
import LetheRecommendation
import LetheRequests
import LetheStatements
import LetheStore
import Testing

@testable import LetheService

extension ServiceTests {
    /// Requests that name their person by an address: received at once, and answered once somebody has said whom that means.
    struct Naming {
        private static let email = "ana.unmistakable@example.org"
        private static let evidence = IdentityProof(level: .emailVerified, method: .emailLink)

        /// A workspace, its people, and a request that an agent sends for one of them, with a verified address and no number.
        private func desk(
            _ workspace: Workspace, reference: String = "r-1", agent: SigningKey = .generate()
        ) throws -> (users: [Int], record: RequestRecord) {
            if try !workspace.requesterKeys().contains(agent.publicKey) {
                try workspace.registerKey(agent.publicKey, as: .requester)
            }
            let content: JSONValue = [
                "agent-id": "AGENT_A", "business-id": "BIZ_B", "issued-at": "2026-03-02T11:59:00Z",
                "expires-at": "2026-03-02T12:09:00Z", "agent-request-id": .string(reference), "drp.version": "1.0",
                "exercise": "deletion", "regime": "gdpr", "email": .string(Self.email), "email_verified": true,
            ]
            let bytes = try content.canonicalBytes()
            let directory: JSONValue = [
                ["id": "AGENT_A", "verify_key": .string(Base64.encode(agent.publicKey.rawBytes))]
            ]
            let door = RequestDoor.drp(
                businessID: "BIZ_B", agentID: "AGENT_A",
                agents: try AgentDirectory(parsing: directory.canonicalBytes()))
            let received = try workspace.submit(
                Base64.encodedASCII(agent.sign(bytes) + bytes), through: door, mayWaitForName: true)
            return (try workspace.data().split.trainingUsers.sorted(), received.record)
        }

        @Test func anAddressIsReceivedAndWaitsUntilSomebodySaysWhomItMeans() throws {
            let workspace = try Desk.current.fresh.copy().open()
            let (users, record) = try desk(workspace)
            let id = record.requestID.text
            // Verified or not, an address alone says nothing of the data's people.
            #expect(record.state == .identityPending)
            let entries = try Entry.all(of: workspace)
            if case .request(let event)? = entries[Int(record.receivedIndex)].event,
                case .received(let receipt) = event.kind
            {
                #expect(receipt.identity == IdentityProof(level: .unverified, method: .agentAttested))
            }
            let waiting = try workspace.identities(of: id)
            #expect(waiting.claimed.value == Self.email && waiting.subject == nil)
            #expect(throws: ServiceError.nothingDue) { try workspace.unlearn(method: "retrain") { _ in } }

            let before = try LogState(workspace)
            #expect(throws: ServiceError.subjectNotNamed(types: ["email"])) {
                try workspace.decide(.identityConfirmed, about: id, evidence: Self.evidence)
            }
            for nobody in ["987654321", "", "\u{202E}1", String(repeating: "1", count: 300)] {
                #expect(throws: ServiceError.unknownSubject) {
                    try workspace.decide(.identityConfirmed, about: id, evidence: Self.evidence, naming: nobody)
                }
            }
            #expect(try LogState(workspace) == before)

            let confirmed = try workspace.decide(
                .identityConfirmed, about: id, evidence: Self.evidence, naming: "\(users[0])")
            #expect(confirmed.state == .inProgress)
            #expect(try workspace.subjectUser(confirmed) == users[0])
            #expect(try workspace.identities(of: id).subject?.value == "\(users[0])")
            let item = try workspace.store.openVault(record.requestID, masterKey: workspace.masterKey)
            #expect(item.identity.value == Self.email, "what the receipt commits to stays")
            // The log has a commitment under the request's own key, and no name.
            let last = try #require(try Entry.all(of: workspace).last)
            guard case .request(let event)? = last.event else {
                Issue.record("expected a request event")
                return
            }
            #expect(event.namedSubject == item.key.commitment(toSubject: try #require(item.named)))
            for entry in try Entry.all(of: workspace) {
                let text = String(decoding: try DSSEEnvelope(parsing: entry.bytes).payload, as: UTF8.self)
                #expect(!text.contains(Self.email) && !text.contains("user-id"))
            }
            #expect(try workspace.audit().isEmpty)
            // Its receipt opens to the address that was sent.
            let receipt = try workspace.receipt(of: id)
            _ = try receipt.verify(trusting: workspace.trust())
            #expect(receipt.opening?.subject.value == Self.email)
        }

        @Test func whoWasNamedIsThatPersonToEverythingElse() throws {
            let workspace = try Desk.current.fresh.copy().open()
            let agent = SigningKey.generate()
            let (users, first) = try desk(workspace, agent: agent)
            _ = try workspace.decide(
                .identityConfirmed, about: first.requestID.text, evidence: Self.evidence, naming: "\(users[0])")
            // The person's own request comes second.
            let own = try workspace.submit(Desk.sign(for: users[0], workspace: workspace).bytes)
            #expect(own.state == .duplicate(of: first.requestID))
            // So does another by the address, which is known for one only once somebody says whom it means.
            let (_, second) = try desk(workspace, reference: "r-2", agent: agent)
            let id = second.requestID.text
            #expect(throws: ServiceError.alreadyHandled(id: id, original: first.requestID.text)) {
                try workspace.decide(
                    .identityConfirmed, about: id, evidence: Self.evidence, naming: "\(users[0])")
            }
            #expect(throws: ServiceError.subjectNotNamed(types: ["email"])) {
                try workspace.decide(.foundDuplicate(of: first.requestID), about: id)
            }
            #expect(throws: ServiceError.differentSubjects(first: first.requestID.text, second: id)) {
                try workspace.decide(.foundDuplicate(of: first.requestID), about: id, naming: "\(users[1])")
            }
            let ended = try workspace.decide(
                .foundDuplicate(of: first.requestID), about: id, naming: "\(users[0])")
            #expect(ended.state == .duplicate(of: first.requestID))
            #expect(try workspace.audit().isEmpty)
        }

        @Test func aNameThatTheLogDoesNotHaveCountsForNothing() throws {
            let workspace = try Desk.current.fresh.copy().open()
            let (users, record) = try desk(workspace)
            let id = record.requestID.text
            let masterKey = try workspace.masterKey
            func name(_ user: Int) throws {
                try workspace.store.name(
                    record.requestID, as: #require(SubjectIdentity(type: "user-id", value: "\(user)")),
                    masterKey: masterKey)
            }
            // Whoever can write to the vault alone names nobody.
            try name(users[1])
            #expect(throws: ServiceError.subjectNotNamed(types: ["email"])) {
                try workspace.decide(.identityConfirmed, about: id, evidence: Self.evidence)
            }
            let confirmed = try workspace.decide(
                .identityConfirmed, about: id, evidence: Self.evidence, naming: "\(users[0])")
            // Nor can a name be put in the place of the one that the log commits to.
            try name(users[1])
            #expect(throws: ServiceError.subjectNotNamed(types: ["email"])) {
                try workspace.subjectUser(confirmed)
            }
            try name(users[0])
            #expect(try workspace.subjectUser(confirmed) == users[0])
        }

        @Test func aRequestThatNamesItsUserTakesNoOther() throws {
            let workspace = try Desk.current.fresh.copy().open()
            let users = try workspace.data().split.trainingUsers.sorted()
            let body: JSONValue = [
                "regulation": "gdpr", "subject_request_id": "a7551968-d5d6-44b2-9831-815ac9017798",
                "subject_request_type": "erasure", "submitted_time": "2026-03-02T11:00:00Z",
                "subject_identities": [
                    [
                        "identity_type": "controller_customer_id", "identity_value": .string("\(users[0])"),
                        "identity_format": "raw",
                    ]
                ],
            ]
            let record = try workspace.submit(body.canonicalBytes(), through: .opendsr, mayWaitForName: true).record
            let id = record.requestID.text
            #expect(throws: ServiceError.subjectsDisagree) {
                try workspace.decide(
                    .identityConfirmed, about: id, evidence: Self.evidence, naming: "\(users[1])")
            }
            let confirmed = try workspace.decide(
                .identityConfirmed, about: id, evidence: Self.evidence, naming: "\(users[0])")
            #expect(confirmed.state == .inProgress)
            let last = try #require(try Entry.all(of: workspace).last)
            if case .request(let event)? = last.event { #expect(event.namedSubject == nil) }
        }

        @Test func whoIsNamedByOnePersonIsReadByTheSecond() throws {
            let roles = try RolesDesk("roles: {twoPersons: [confirm]}")
            let workspace = try roles.open()
            let (users, record) = try desk(workspace)
            let id = record.requestID.text
            guard
                case .proposed = try workspace.decide(
                    .identityConfirmed, about: id, evidence: Self.evidence, naming: "\(users[0])", as: roles.officer)
            else {
                Issue.record("expected a proposal")
                return
            }
            #expect(throws: ServiceError.subjectNotNamed(types: ["email"])) { try workspace.subjectUser(record) }
            // Who is to sign second can read whom the first has named.
            let waiting = try workspace.identities(of: id)
            #expect(waiting.subject == nil && waiting.proposed?.value == "\(users[0])")
            #expect(try workspace.waitsForName(record))
            // Another name in the vault is not what was proposed.
            let masterKey = try workspace.masterKey
            try workspace.store.name(
                record.requestID, as: #require(SubjectIdentity(type: "user-id", value: "\(users[1])")),
                masterKey: masterKey)
            #expect(line { _ = try workspace.approve(id, as: roles.second) }.contains("it has lapsed"))
            try workspace.store.name(
                record.requestID, as: #require(SubjectIdentity(type: "user-id", value: "\(users[0])")),
                masterKey: masterKey)
            let approved = try workspace.approve(id, as: roles.second).request
            #expect(approved.state == .inProgress)
            #expect(try workspace.subjectUser(approved) == users[0])
            let named = try workspace.identities(of: id)
            #expect(named.subject?.value == "\(users[0])" && named.proposed == nil)
            #expect(try !workspace.waitsForName(approved))
            #expect(try workspace.audit().isEmpty)
        }

        @Test func theNameGoesWithTheKey() throws {
            let workspace = try Desk.current.fresh.copy().open()
            let (users, record) = try desk(workspace)
            let id = record.requestID.text
            _ = try workspace.decide(
                .identityConfirmed, about: id, evidence: Self.evidence, naming: "\(users[0])")
            _ = try workspace.decide(.withdrawn, about: id)
            let shredded = try workspace.shred(id)
            #expect(try !workspace.waitsForName(shredded))
            #expect(throws: StoreError.vaultMissing(record.requestID)) { try workspace.identities(of: id) }
            #expect(throws: StoreError.vaultMissing(record.requestID)) { try workspace.subjectUser(shredded) }
            #expect(try workspace.audit().isEmpty)
        }
    }
}
