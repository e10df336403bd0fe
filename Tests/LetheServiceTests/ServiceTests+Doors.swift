import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheLog
import LetheRecommendation
import LetheRequests
import LetheStatements
import LetheStore
import Testing

@testable import LetheService

extension ServiceTests {
    /// Requests in other formats, and receipts for data subjects.
    struct Doors {
        private static let email = "ana.unmistakable@example.org"

        private func drp(
            _ agent: SigningKey, reference: String = "r-1", identifier: String? = nil, verified: Bool = true,
            business: String = "BIZ_B"
        ) throws -> [UInt8] {
            var content: [String: JSONValue] = [
                "agent-id": "AGENT_A", "business-id": .string(business), "issued-at": "2026-03-02T11:59:00Z",
                "expires-at": "2026-03-02T12:09:00Z", "agent-request-id": .string(reference), "drp.version": "1.0",
                "exercise": "deletion", "regime": "ccpa", "email": .string(Self.email),
                "email_verified": .bool(verified),
            ]
            content["identifier"] = identifier.map { .string($0) }
            let bytes = try JSONValue.object(content).canonicalBytes()
            return Base64.encodedASCII(agent.sign(bytes) + bytes)
        }

        private func door(_ key: VerifyingKey, agentID: String = "AGENT_A") throws -> RequestDoor {
            let directory: JSONValue = [["id": "AGENT_A", "verify_key": .string(Base64.encode(key.rawBytes))]]
            return .drp(
                businessID: "BIZ_B", agentID: agentID,
                agents: try AgentDirectory(parsing: directory.canonicalBytes()))
        }

        private func openDSR(_ user: Int, id: String = "a7551968-d5d6-44b2-9831-815ac9017798") throws -> [UInt8] {
            let request: JSONValue = [
                "regulation": "gdpr", "subject_request_id": .string(id), "subject_request_type": "erasure",
                "submitted_time": "2026-03-02T11:00:00Z", "api_version": "2.0",
                "subject_identities": [
                    [
                        "identity_type": "controller_customer_id", "identity_value": .string("\(user)"),
                        "identity_format": "raw",
                    ]
                ],
            ]
            return try request.canonicalBytes()
        }

        @Test func aDRPRequestIsAnsweredOnceAndItsBytesAreInTheVaultAlone() throws {
            let workspace = try Desk.current.fresh.copy().open()
            let user = try #require(try workspace.data().split.trainingUsers.first)
            let agent = SigningKey.generate()
            try workspace.registerKey(agent.publicKey, as: .requester)
            let body = try drp(agent)
            let first = try workspace.submit(body, through: door(agent.publicKey), subject: "\(user)")
            #expect(!first.isRepetition)
            #expect(first.record.state == .inProgress)
            #expect(first.record.lifecycle.regulation == .ccpa)
            #expect(first.record.clock.confirmBy?.description == "2026-03-16")
            let item = try workspace.store.openVault(first.record.requestID, masterKey: workspace.masterKey)
            #expect(item.rawRequest == body)
            #expect(item.identity.type == "user-id")

            let size = try workspace.store.size()
            let again = try workspace.submit(body, through: door(agent.publicKey), subject: "\(user)")
            #expect(again.isRepetition)
            #expect(again.record == first.record)
            #expect(throws: RequestRefusal.nonceConflict) {
                try workspace.submit(drp(agent, verified: false), through: door(agent.publicKey), subject: "\(user)")
            }
            #expect(try workspace.store.size() == size)
            let second = try workspace.submit(
                drp(agent, reference: "r-2"), through: door(agent.publicKey), subject: "\(user)")
            #expect(second.record.state == .duplicate(of: first.record.requestID))

            for entry in try Entry.all(of: workspace) {
                let text = String(decoding: try DSSEEnvelope(parsing: entry.bytes).payload, as: UTF8.self)
                for secret in [Self.email, "r-1", Base64.encode(Array(Self.email.utf8))] {
                    #expect(!text.contains(secret))
                }
            }
            #expect(try workspace.audit().isEmpty)
        }

        @Test func anIdentityThatNobodyProvedWaitsForItsProof() throws {
            let workspace = try Desk.current.fresh.copy().open()
            let users = try workspace.data().split.trainingUsers
            let agent = SigningKey.generate()
            try workspace.registerKey(agent.publicKey, as: .requester)
            // The agent has proved an address, and only says that this account is that person's.
            let claimed = try workspace.submit(drp(agent, identifier: "\(users[0])"), through: door(agent.publicKey))
            #expect(claimed.record.state == .identityPending)
            let unproved = try workspace.submit(
                drp(agent, reference: "r-2", verified: false), through: door(agent.publicKey), subject: "\(users[1])")
            #expect(unproved.record.state == .identityPending)
            let open = try workspace.submit(openDSR(users[2]), through: .opendsr)
            #expect(open.record.state == .identityPending)
            #expect(open.record.requestID.text == "a7551968-d5d6-44b2-9831-815ac9017798")
            #expect(throws: ServiceError.nothingDue) { try workspace.unlearn(method: "retrain") { _ in } }
            let proof = IdentityProof(level: .emailVerified, method: .emailLink)
            let confirmed = try workspace.decide(
                .identityConfirmed, about: open.record.requestID.text, evidence: proof)
            #expect(confirmed.state == .inProgress)
            #expect(try workspace.audit().isEmpty)
        }

        @Test func aStrangerDoesNotLearnThatAPersonHasAsked() throws {
            let workspace = try Desk.current.fresh.copy().open()
            let users = try workspace.data().split.trainingUsers
            let own = try workspace.submit(Desk.sign(for: users[0], workspace: workspace).bytes)
            #expect(own.state == .inProgress)
            let (asked, fresh) = (
                try workspace.submit(openDSR(users[0]), through: .opendsr).record,
                try workspace.submit(openDSR(users[1], id: "b7551968-d5d6-44b2-9831-815ac9017798"), through: .opendsr)
                    .record
            )
            #expect(asked.state == .identityPending)
            #expect(asked.lifecycle.state == fresh.lifecycle.state && asked.clock == fresh.clock)
            // The controller sees it as soon as somebody proves to be that person.
            let id = asked.requestID.text
            #expect(throws: ServiceError.alreadyHandled(id: id, original: own.requestID.text)) {
                try workspace.decide(
                    .identityConfirmed, about: id, evidence: .init(level: .emailVerified, method: .emailLink))
            }
        }

        @Test func openDSRAnswersTheSameBytesTheSameAndRefusesOthersOfTheSameID() throws {
            let workspace = try Desk.current.fresh.copy().open()
            let users = try workspace.data().split.trainingUsers
            let first = try workspace.submit(openDSR(users[0]), through: .opendsr)
            let size = try workspace.store.size()
            #expect(try workspace.submit(openDSR(users[0]), through: .opendsr).record == first.record)
            #expect(throws: RequestRefusal.requestIDConflict) {
                try workspace.submit(openDSR(users[1]), through: .opendsr)
            }
            #expect(try workspace.store.size() == size)
        }

        @Test func whatADoorRefusesChangesNothingAndRepeatsNothing() throws {
            let workspace = try Desk.current.fresh.copy().open()
            let users = try workspace.data().split.trainingUsers
            let (agent, stranger) = (SigningKey.generate(), SigningKey.generate())
            try workspace.registerKey(agent.publicKey, as: .requester)
            let good = try door(agent.publicKey)
            let before = try LogState(workspace)
            func expect(
                _ needle: String, _ bytes: [UInt8], _ door: RequestDoor, subject: String?,
                sourceLocation: SourceLocation = #_sourceLocation
            ) throws {
                let error = #expect(throws: (any Error).self, sourceLocation: sourceLocation) {
                    try workspace.submit(bytes, through: door, subject: subject)
                }
                let line = error.map { "\($0)" } ?? ""
                #expect(line.contains(needle), "\(line)", sourceLocation: sourceLocation)
                #expect(!line.contains(Self.email) && !line.contains("\n"), sourceLocation: sourceLocation)
                #expect(try LogState(workspace) == before, sourceLocation: sourceLocation)
            }
            let user = "\(users[0])"
            try expect("signature", drp(stranger), good, subject: user)
            try expect("not registered", drp(stranger), door(stranger.publicKey), subject: user)
            try expect("not in the directory", drp(agent), door(agent.publicKey, agentID: "AGENT_Z"), subject: user)
            try expect("another business", drp(agent, business: "BIZ_C"), good, subject: user)
            try expect("by email", drp(agent), good, subject: nil)
            try expect("another user-id", drp(agent, identifier: "\(users[1])"), good, subject: user)
            try expect("no training record", drp(agent), good, subject: "987654321")
            try expect("no training record", drp(agent), good, subject: "")
            try expect("no training record", openDSR(987_654_321), .opendsr, subject: nil)
            try expect("base64", openDSR(users[0]), good, subject: user)
            try expect("JSON", drp(agent), .opendsr, subject: user)
        }

        // MARK: Receipts

        @Test func aReceiptProvesItsOwnRequestAndHoldsNobodyElses() throws {
            let workspace = try Desk.current.fresh.copy().open()
            let users = Array(try workspace.data().split.trainingUsers.prefix(3))
            let filed = try users.map { try Desk.sign(for: $0, workspace: workspace) }
            for request in filed { _ = try workspace.submit(request.bytes) }
            let trust = try workspace.trust()
            for (place, own) in filed.enumerated() {
                let bytes = try workspace.receipt(of: own.request.requestID.text).bytes()
                let receipt = try RequestReceipt(parsing: bytes)
                let verified = try receipt.verify(trusting: trust)
                #expect(verified.event.requestID == own.request.requestID)
                #expect(receipt.opening?.request == own.bytes)
                let text = String(decoding: bytes, as: UTF8.self)
                for other in filed.indices where other != place {
                    #expect(!text.contains(filed[other].request.requestID.text))
                    #expect(!text.contains(Base64.encode(filed[other].bytes)))
                    let key = try workspace.store.openVault(
                        filed[other].request.requestID, masterKey: workspace.masterKey
                    ).key
                    #expect(!text.contains(Hex.encode(key.bytes)))
                }
                #expect(!"\(receipt)".contains(Hex.encode(receipt.opening?.key.bytes ?? [])))
            }
        }

        @Test func aReceiptThatWasChangedDoesNotHold() throws {
            let workspace = try Desk.current.fresh.copy().open()
            let users = Array(try workspace.data().split.trainingUsers.prefix(2))
            let filed = try users.map { try Desk.sign(for: $0, workspace: workspace) }
            for request in filed { _ = try workspace.submit(request.bytes) }
            let receipts = try filed.map { try workspace.receipt(of: $0.request.requestID.text) }
            let (first, second) = (receipts[0], receipts[1])
            let trust = try workspace.trust()
            // The opening, the proof or the entry of another request.
            #expect(throws: ReceiptError.opening("request")) {
                try RequestReceipt(entry: first.entry, proof: first.proof, opening: second.opening).verify(
                    trusting: trust)
            }
            #expect(throws: ReceiptError.self) {
                try RequestReceipt(entry: first.entry, proof: second.proof, opening: first.opening).verify(
                    trusting: trust)
            }
            let opening = try #require(first.opening)
            let renamed = RequestReceipt.Opening(
                key: opening.key, subject: try #require(SubjectIdentity(type: "user-id", value: "1x")),
                request: opening.request)
            #expect(throws: ReceiptError.opening("subject")) {
                try RequestReceipt(entry: first.entry, proof: first.proof, opening: renamed).verify(trusting: trust)
            }
            // An entry that received nothing.
            let other = try DSSEEnvelope(parsing: workspace.store.entry(first.proof.index + 1))
            #expect(throws: ReceiptError.notAReceipt) {
                try RequestReceipt(entry: other, proof: first.proof, opening: nil).verify(trusting: trust)
            }
            #expect(throws: ReceiptError.signature) {
                try first.verify(trusting: TrustFile(key: SigningKey.generate().publicKey))
            }
            // Every byte counts; a step of 13 meets every part.
            let bytes = try first.bytes()
            for place in stride(from: 0, to: bytes.count, by: 13) {
                var changed = bytes
                changed[place] ^= 0x01
                #expect(throws: ReceiptError.self, "byte \(place)") {
                    try RequestReceipt(parsing: changed).verify(trusting: trust)
                }
            }
            for hostile in [[], bytes + [0x0A], Array(bytes.dropLast()), [UInt8](repeating: 0x20, count: 1 << 18)] {
                #expect(throws: ReceiptError.self) { try RequestReceipt(parsing: hostile) }
            }
        }

        @Test func aReceiptOutlivesTheKeyOfItsCommitments() throws {
            let desk = try Desk.current
            let workspace = try desk.answered.open()
            let filed = try #require(desk.answered.filed.first)
            let receipt = try workspace.receipt(of: filed.request.requestID.text)
            #expect(receipt.opening == nil)
            let verified = try RequestReceipt(parsing: receipt.bytes()).verify(trusting: workspace.trust())
            #expect(verified.event.requestID == filed.request.requestID)
        }
    }
}
