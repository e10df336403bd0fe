import LetheBytes
import LetheCrypto
import LetheStatements
import Testing

@testable import LetheRequests

/// Requests in other systems' formats. The cases of `../shared/vectors` run where these files are; the fixtures here always.
struct DoorTests {
    // MARK: Data Rights Protocol

    static let now = "2026-03-01T10:00:00Z"

    static func drpContent(_ changes: [String: JSONValue?] = [:]) -> JSONValue {
        var members: [String: JSONValue] = [
            "agent-id": "AGENT_A", "business-id": "BIZ_B", "issued-at": "2026-03-01T09:58:00Z",
            "expires-at": "2026-03-01T10:08:00Z", "agent-request-id": "r-1", "drp.version": "1.0",
            "exercise": "deletion", "regime": "ccpa", "relationships": ["customer"],
            "status_callback": "https://agent.example/status", "name": "Ana Example", "email": "ana@example.org",
            "email_verified": true,
        ]
        for (name, value) in changes { members[name] = value }
        return .object(members)
    }

    static func drpBody(_ content: [UInt8], key: SigningKey) -> [UInt8] {
        Base64.encodedASCII(key.sign(content) + content)
    }

    static func drpBody(_ changes: [String: JSONValue?] = [:], key: UInt8 = 1) throws -> [UInt8] {
        drpBody(try drpContent(changes).canonicalBytes(), key: try signingKey(key))
    }

    static func drpChecker() throws -> DRPChecker {
        DRPChecker(businessID: "BIZ_B", agentID: "AGENT_A", agentKey: try signingKey(1).publicKey)
    }

    /// Why the body is refused; nil where it is accepted.
    private func refusal(_ body: [UInt8], now text: String = now) throws -> ForeignRefusal? {
        let (checker, now) = (try Self.drpChecker(), try time(text))
        do throws(ForeignRefusal) {
            _ = try checker.check(body, now: now)
            return nil
        } catch { return error }
    }

    @Test func aDRPRequestSaysWhomWhatAndHowWellProved() throws {
        let request = try Self.drpChecker().check(Self.drpBody(), now: time(Self.now))
        #expect(request.format == .drp)
        #expect(request.requestID == nil)
        #expect(request.reference == "r-1")
        #expect(request.regulation == .ccpa)
        #expect(request.callbacks == ["https://agent.example/status"])
        let email = try #require(SubjectIdentity(type: "email", value: "ana@example.org"))
        #expect(
            request.claims == [
                IdentityClaim(
                    identity: email, proof: IdentityProof(level: .emailVerified, method: .agentAttested))
            ])
        #expect(request.signer == (try signingKey(1)).publicKey)
    }

    @Test func anAgentsWordForAnAccountIsNoProof() throws {
        let request = try Self.drpChecker().check(
            Self.drpBody(["identifier": "42", "email_verified": nil]), now: time(Self.now))
        #expect(request.claims.map(\.identity.type) == ["user-id", "email"])
        #expect(request.claims.allSatisfy { $0.proof.level == .unverified })
    }

    @Test func aRegimeMayBeLeftOut() throws {
        #expect(try Self.drpChecker().check(Self.drpBody(["regime": nil]), now: time(Self.now)).regulation == nil)
    }

    @Test func drpChecksComeInTheOrderOfTheProtocol() throws {
        // Each body is wrong in this way and in every later one.
        let wrong: [String: JSONValue?] = [
            "agent-id": "AGENT_Z", "business-id": "BIZ_C", "issued-at": "2026-03-02T00:00:00Z",
            "expires-at": "2027-03-01T00:00:00Z", "drp.version": "0.9",
        ]
        func without(_ names: String...) -> [String: JSONValue?] { wrong.filter { !names.contains($0.key) } }
        #expect(try refusal(Array("%%%%".utf8)) == .notBase64)
        #expect(
            try refusal(Base64.encodedASCII([UInt8](repeating: 7, count: 64))) == .tooShort(expected: 64, found: 64))
        #expect(try refusal(Self.drpBody(wrong, key: 2)) == .badSignature)
        #expect(try refusal(Self.drpBody(wrong)) == .wrongAgent)
        #expect(try refusal(Self.drpBody(without("agent-id"))) == .wrongBusiness)
        let early = try refusal(Self.drpBody(without("agent-id", "business-id")))
        #expect(early == .notYetValid(now: try time(Self.now), issuedAt: try time("2026-03-02T00:00:00Z")))
        let long = try refusal(Self.drpBody(without("agent-id", "business-id", "issued-at")))
        #expect(long == .windowTooLong(limitSeconds: 86_400, foundSeconds: 31_500_120))
        #expect(try refusal(Self.drpBody(["drp.version": "0.9"])) == .field(.drpVersion))
    }

    @Test func theWindowIsHalfOpen() throws {
        let body = try Self.drpBody()
        #expect(try refusal(body, now: "2026-03-01T09:57:59Z") != nil)
        #expect(try refusal(body, now: "2026-03-01T09:58:00Z") == nil)
        #expect(try refusal(body, now: "2026-03-01T10:07:59Z") == nil)
        #expect(
            try refusal(body, now: "2026-03-01T10:08:00Z")
                == .expired(now: time("2026-03-01T10:08:00Z"), expiresAt: time("2026-03-01T10:08:00Z")))
    }

    @Test(
        arguments: [
            ("business-id", .number("7"), ForeignField.businessID), ("issued-at", "2026-03-01 09:58", .issuedAt),
            ("issued-at", "2026-03-01T09:58:00", .issuedAt), ("expires-at", nil, .expiresAt),
            ("agent-request-id", "", .agentRequestID), ("agent-request-id", nil, .agentRequestID),
            ("exercise", "erase", .exercise), ("regime", "lgpd", .regime), ("regime", nil, nil),
            ("relationships", "customer", .relationships), ("status_callback", "http://agent.example", .statusCallback),
            ("status_callback", "https://a@agent.example", .statusCallback), ("email", .number("1"), .claims),
            ("email", "a\u{0}b", .claims), ("email_verified", "true", .claims), ("email", nil, .claims),
        ] as [(String, JSONValue?, ForeignField?)])
    func aWrongMemberOfADRPRequestIsNamed(name: String, value: JSONValue?, field: ForeignField?) throws {
        let found = try refusal(Self.drpBody([name: value]))
        if field == .businessID {
            #expect(found == .field(.businessID))
        } else {
            #expect(found == field.map { .field($0) })
        }
    }

    @Test func hostileDRPBodiesAreRefused() throws {
        let key = try signingKey(1)
        func refused(_ content: String) throws -> ForeignRefusal? {
            try refusal(Self.drpBody(Array(content.utf8), key: key))
        }
        #expect(try refusal([UInt8](repeating: 0x41, count: 16_385)) == .tooLarge(limit: 16_384, found: 16_385))
        #expect(try refusal(Self.drpBody() + Array("\n\n".utf8)) == .notBase64)
        #expect(try refusal(Self.drpBody() + Array("\n".utf8)) == nil)
        #expect(try refused(#"{"agent-id":"AGENT_A","agent-id":"AGENT_A"}"#) == .notJSON)
        #expect(try refused("[]") == .notJSON)
        #expect(try refused(String(repeating: "[", count: 200)) == .notJSON)
        #expect(try refused(#"{"agent-id":"\ud800"}"#) == .notJSON)
        #expect(try refusal(Self.drpBody(["exercise": "access"])) == .otherRight)
        // A letter that looks like another is another.
        #expect(try refusal(Self.drpBody(["agent-id": "\u{0410}GENT_A"])) == .wrongAgent)
        // Every bit of the bytes counts.
        let body = try Base64.decode(ascii: Self.drpBody())
        for place in stride(from: 0, to: body.count, by: 7) {
            var changed = body
            changed[place] ^= 1
            #expect(try self.refusal(Base64.encodedASCII(changed)) == .badSignature)
        }
    }

    @Test(.enabled(if: Shared.has("vectors/drp/signed-request-cases.json")))
    func theDRPCasesOfTheSharedVectorsAreDecidedAsTheySay() throws {
        let cases = try #require(Shared.json("vectors/drp/signed-request-cases.json").arrayValue)
        #expect(cases.count >= 14)
        // What the specification leaves open, and our rule for it.
        let open = ["valid-trailing-newline": true, "version-0.9.4": false, "long-window-1-year": false]
        for one in cases {
            let fields = JSONFields(one)
            let name = try fields.member("name").string()
            let checker = DRPChecker(
                businessID: try fields.member("receiver_business_id").string(),
                agentID: try fields.member("bearer_agent_id").string(),
                agentKey: try VerifyingKey(
                    rawBytes: Base64.decode(fields.member("agent_verify_key_base64").string())))
            let body = Array(try fields.member("body_text_plain").string().utf8)
            let now = try fields.member("now").timestamp()
            let expected = try #require((one["valid"]?.boolValue ?? open[name]) as Bool?, "no rule for \(name)")
            let isAccepted = (try? checker.check(body, now: now)) != nil
            #expect(isAccepted == expected, "\(name)")
        }
    }

    @Test func theSameReferenceWithOtherBytesIsAConflictAndTheSameBytesARepetition() throws {
        func checked(_ body: [UInt8], id: Int, secret: UInt8 = 9) throws -> CheckedRequest {
            try Self.drpChecker().check(body, now: time(Self.now)).checked(
                as: #require(SubjectIdentity(type: "user-id", value: "42")),
                proof: IdentityProof(level: .emailVerified, method: .agentAttested), audience: "lethe.example/test",
                law: .gdpr, drawn: makeRequestID(id), secret: Array(repeating: secret, count: 32))
        }
        let first = try checked(Self.drpBody(), id: 1)
        let record = ReplayRecord(
            requestID: first.request.requestID, nonceTag: first.nonceTag, replayTag: first.replayTag, receivedIndex: 7)
        let again = try checked(Self.drpBody(), id: 2)
        #expect(try again.compare(with: [record]) == .repetition(of: record))
        let other = try checked(Self.drpBody(["email": "bob@example.org"]), id: 3)
        #expect(other.nonceTag == first.nonceTag)
        #expect(throws: RequestRefusal.nonceConflict) { try other.compare(with: [record]) }
        let next = try checked(Self.drpBody(["agent-request-id": "r-2"]), id: 4)
        #expect(next.nonceTag != first.nonceTag)
        // Without the secret, the log's tag of a reference cannot be guessed.
        #expect(try checked(Self.drpBody(), id: 5, secret: 8).nonceTag != first.nonceTag)
    }

    @Test func aDirectoryOfAgentsIsReadStrictly() throws {
        let key = try signingKey(1).publicKey
        let entry: JSONValue = ["id": "AGENT_A", "name": "Agent", "verify_key": .string(Base64.encode(key.rawBytes))]
        #expect(try AgentDirectory(parsing: JSONValue.array([entry]).canonicalBytes()).keys == ["AGENT_A": key])
        for (json, expected) in [
            (entry, AgentDirectoryError.notJSON),
            ([entry, entry], .entry(position: 1, expected: "an id that no entry before has")),
        ] as [(JSONValue, AgentDirectoryError)] {
            #expect(throws: expected) { try AgentDirectory(parsing: json.canonicalBytes()) }
        }
        for broken in [
            ["id": "two words", "verify_key": .string(Base64.encode(key.rawBytes))],
            ["id": "AGENT_A", "verify_key": "short"], ["id": "AGENT_A"],
            ["id": "AGENT_A", "verify_key": .string(Base64.encode([UInt8](repeating: 0, count: 32)))],
        ] as [JSONValue] {
            #expect(throws: AgentDirectoryError.self) {
                try AgentDirectory(parsing: JSONValue.array([broken]).canonicalBytes())
            }
        }
    }

    // MARK: OpenDSR

    static func openDSR(_ changes: [String: JSONValue?] = [:]) throws -> [UInt8] {
        var members: [String: JSONValue] = [
            "regulation": "gdpr", "subject_request_id": "a7551968-d5d6-44b2-9831-815ac9017798",
            "subject_request_type": "erasure", "submitted_time": "2026-03-01T09:00:00+01:00", "api_version": "2.0",
            "subject_identities": [
                ["identity_type": "controller_customer_id", "identity_value": "42", "identity_format": "raw"],
                ["identity_type": "email", "identity_value": "55e79200", "identity_format": "sha256"],
            ], "status_callback_urls": ["https://controller.example/callbacks"],
        ]
        for (name, value) in changes { members[name] = value }
        return try JSONValue.object(members).canonicalBytes()
    }

    @Test func anOpenDSRRequestNamesTheCustomerAndProvesNothing() throws {
        let request = try OpenDSRChecker().check(Self.openDSR(), now: time(Self.now))
        #expect(request.requestID?.text == "a7551968-d5d6-44b2-9831-815ac9017798")
        #expect(request.regulation == .gdpr)
        #expect("\(request.issuedAt)" == "2026-03-01T08:00:00Z")
        #expect(request.claims.map(\.identity.type) == ["user-id", "email-sha256"])
        #expect(request.claims.allSatisfy { $0.proof.level == .unverified })
        #expect(request.signer == nil)
    }

    @Test(
        arguments: [
            ("regulation", nil, ForeignField.regulation), ("regulation", "GDPR", .regulation),
            ("subject_request_id", "A7551968-D5D6-44B2-9831-815AC9017798", .subjectRequestID),
            ("subject_request_type", "delete", .subjectRequestType), ("submitted_time", "2026-03-01", .submittedTime),
            ("subject_identities", [], .subjectIdentities), ("subject_identities", ["x"], .subjectIdentities),
            ("subject_identities", .array(Array(repeating: ["identity_type": "email"], count: 65)), .subjectIdentities),
            ("api_version", "1.0", .apiVersion), ("status_callback_urls", "https://a.example", .statusCallbackURLs),
            ("status_callback_urls", ["http://a.example"], .statusCallbackURLs), ("extensions", [], .extensions),
        ] as [(String, JSONValue?, ForeignField)])
    func aWrongMemberOfAnOpenDSRRequestIsNamed(name: String, value: JSONValue?, field: ForeignField) throws {
        #expect(throws: ForeignRefusal.field(field)) {
            try OpenDSRChecker().check(Self.openDSR([name: value]), now: time(Self.now))
        }
    }

    @Test func otherRightsAndTimesToComeAreRefused() throws {
        for right in ["access", "portability"] as [JSONValue] {
            #expect(throws: ForeignRefusal.otherRight) {
                try OpenDSRChecker().check(Self.openDSR(["subject_request_type": right]), now: time(Self.now))
            }
        }
        let late = try Self.openDSR(["submitted_time": "2026-03-01T10:01:01Z"])
        #expect(throws: ForeignRefusal.self) { try OpenDSRChecker().check(late, now: time(Self.now)) }
        #expect(throws: ForeignRefusal.notJSON) {
            try OpenDSRChecker().check(Array(#"{"regulation":"gdpr","regulation":"gdpr"}"#.utf8), now: time(Self.now))
        }
    }

    @Test(.enabled(if: Shared.has("vectors/opendsr/request-cases.json")))
    func theOpenDSRCasesOfTheSharedVectorsAreDecidedAsTheySay() throws {
        let cases = try #require(Shared.json("vectors/opendsr/request-cases.json").arrayValue)
        #expect(cases.count >= 13)
        for one in cases {
            let bytes = try #require(one["request"]).canonicalBytes()
            let accepted = (try? OpenDSRChecker().check(bytes, now: time(Self.now))) != nil
            #expect(accepted == one["valid"]?.boolValue, "\(one["name"]?.stringValue ?? "")")
        }
    }

    @Test func noRefusalRepeatsWhatTheSenderWrote() throws {
        let secret = "Zebulon"
        for field in ForeignField.allCases where field != .issuedAt && field != .expiresAt {
            let text = JSONValue.string(secret)
            for refused in [
                try refusal(Self.drpBody([field.rawValue: text])).map { "\($0)" },
                {
                    do {
                        _ = try OpenDSRChecker().check(Self.openDSR([field.rawValue: text]), now: time(Self.now))
                    } catch {
                        return "\(error)"
                    }
                    return nil
                }() as String?,
            ].compactMap({ $0 }) {
                #expect(!refused.contains(secret))
                #expect(!refused.contains("\n"))
            }
        }
        let request = try Self.drpChecker().check(Self.drpBody(["name": .string(secret)]), now: time(Self.now))
        #expect(!"\(request)".contains("ana@"))
        #expect(!"\(request.claims)".contains("ana@"))
    }

    // MARK: Statuses

    static let states: [RequestState] =
        [
            .received, .identityPending, .inProgress, .blockedPartial, .verifying, .fulfilled, .withdrawn, .expired,
            .duplicate(of: makeRequestID(1)),
        ] + RefusalGround.allCases.map { .refused($0) }

    @Test(arguments: states) func everyStateHasAStatusThatMeansIt(state: RequestState) throws {
        let drp = DRPStatus(state)
        #expect(DRPStatus(status: drp.status, reason: drp.reason) == drp, "a pair that the protocol does not have")
        let working = ["in_progress", "blocked_partial", "verifying"]
        if working.contains(state.name) {
            #expect(drp.stateName == "in_progress")
            #expect(OpenDSRStatus(state).stateName == "in_progress")
        } else {
            #expect(drp.stateName == state.name)
        }
        switch OpenDSRStatus(state) {
        case .pending: #expect(state == .received)
        case .inProgress: #expect(!state.isFinal)
        case .completed: #expect(state == .fulfilled)
        case .cancelled: #expect(state.isFinal && state != .fulfilled)
        }
    }

    @Test func aDenialNeedsAReasonAndNothingElseTakesOne() {
        #expect(DRPStatus(status: .denied, reason: nil) == nil)
        #expect(DRPStatus(status: .denied, reason: .needUserVerification) == nil)
        for status in DRPStatus.Status.allCases where status != .denied {
            #expect(DRPStatus(status: status, reason: .other) == nil)
            #expect(DRPStatus(status: status, reason: nil) != nil)
        }
    }

    @Test(.enabled(if: Shared.has("vectors/drp/states.json")))
    func theStatesOfTheSharedVectorsAreThoseThatAreKnown() throws {
        var known = 0
        for one in try #require(Shared.json("vectors/drp/states.json").arrayValue) {
            let status = try #require(DRPStatus.Status(rawValue: one["state"]?.stringValue ?? ""))
            let reason = try one["reason"]?.stringValue.map { try #require(DRPStatus.Reason(rawValue: $0)) }
            let pair = try #require(DRPStatus(status: status, reason: reason))
            let isFinal = ["fulfilled", "withdrawn", "expired", "refused", "duplicate"].contains(pair.stateName)
            #expect(isFinal == one["final"]?.boolValue)
            known += 1
        }
        #expect(known == 13)
    }
}
