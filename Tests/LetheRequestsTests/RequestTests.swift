import Foundation
import LetheBytes
import LetheCrypto
import LetheStatements
import Testing

@testable import LetheRequests

struct CommitmentTests {
    @Test func theWorkedExampleIsReproduced() throws {
        // From a published worked example, so that the test holds without the file.
        let key = try #require(
            SubjectKey(bytes: Hex.decode("044bba2e2383dd50d55d044b10996716fda9452c02c445b99cd84b7fc967f571")))
        let identity = try #require(SubjectIdentity(type: "email", value: "Test.Person@EXAMPLE.com"))
        #expect(
            key.commitment(toSubject: identity).hex
                == "6df9186f91707c59cefba4ae913b4716201f629bd8a07049b7266f26d5a6d3bb")
    }

    @Test(.enabled(if: Shared.has("vectors/worked-example/opening.json")))
    func theSharedOpeningOpens() throws {
        let opening = try Shared.json("vectors/worked-example/opening.json")
        let keyText = try #require(opening["subjectKeyHex"]?.stringValue)
        let key = try #require(SubjectKey(bytes: Hex.decode(keyText)))
        let parts = try #require(opening["identity"]?.stringValue).split(separator: ":", maxSplits: 1)
        let identity = try #require(SubjectIdentity(type: String(parts[0]), value: String(parts[1])))
        #expect(key.commitment(toSubject: identity).hex == opening["subjectCommitment"]?.stringValue)
        let text = try Files.read("\(Shared.folder)/vectors/worked-example/request.drp.txt", limit: 1 << 16)
        let raw = try Base64.decode(String(decoding: text, as: UTF8.self))
        #expect(key.commitment(toRequest: raw).hex == opening["requestCommitment"]?.stringValue)
    }

    @Test func spellingsOfOneIdentityHaveOneCommitment() throws {
        let key = SubjectKey.generate()
        func commitment(_ value: String) throws -> Digest {
            key.commitment(toSubject: try #require(SubjectIdentity(type: "email", value: value)))
        }
        #expect(try commitment("Jose\u{301}@example.org") == commitment("jos\u{e9}@EXAMPLE.org"))
        #expect(try commitment("\u{212B}ngstrom") == commitment("\u{e5}ngstrom"))
        #expect(try commitment("a@example.org") != commitment("b@example.org"))
        let other = try #require(SubjectIdentity(type: "user-id", value: "a@example.org"))
        #expect(try commitment("a@example.org") != key.commitment(toSubject: other))
    }

    @Test func everyKeyAndEveryPurposeHasItsOwnValue() throws {
        let identity = try #require(SubjectIdentity(type: "email", value: "a"))
        let (first, second) = (SubjectKey.generate(), SubjectKey.generate())
        #expect(first.bytes != second.bytes)
        #expect(first.commitment(toSubject: identity) != second.commitment(toSubject: identity))
        #expect(first.commitment(toSubject: identity) != first.commitment(toRequest: Array("email:a".utf8)))
        #expect(first.sealingKey != first.bytes && first.sealingKey.count == 32)
        #expect(SubjectKey(bytes: [1, 2, 3]) == nil)
    }

    @Test(arguments: [
        ("", "a"), ("Email", "a"), ("email", ""), ("email", "a\nb"), ("email", "a\u{7f}"), ("e mail", "a"),
    ])
    func identitiesOfAnotherFormAreRefused(_ type: String, _ value: String) {
        #expect(SubjectIdentity(type: type, value: value) == nil)
        #expect(SubjectIdentity(type: "email", value: String(repeating: "a", count: 257)) == nil)
    }
}

struct RequestCheckerTests {
    let key: SigningKey
    let checker: RequestChecker
    let now: Timestamp

    init() throws {
        key = try signingKey(1)
        checker = RequestChecker(audience: "lethe.example/test", requesterKeys: [key.publicKey])
        now = try time("2026-03-01T10:05:00Z")
    }

    @Test func aSignedRequestIsReadAsItWasWritten() throws {
        let request = try DeletionRequest.fixture()
        let bytes = try request.sign(with: key)
        let checked = try checker.check(bytes, now: now)
        #expect(checked.request == request)
        #expect(checked.rawBytes == bytes)
        #expect(checked.signer == key.publicKey)
        #expect(try checker.check(bytes, now: now) { _, _ in [] } == .new(checked))
    }

    @Test func everyFlippedBitIsRefusedWithoutATrap() throws {
        let bytes = try DeletionRequest.fixture().sign(with: key)
        for index in bytes.indices {
            var altered = bytes
            altered[index] ^= 1 << UInt8(index % 8)
            let isAccepted = (try? checker.check(altered, now: now)) != nil
            #expect(!isAccepted, "byte \(index)")
        }
        for length in stride(from: 0, to: bytes.count, by: 7) {
            #expect(throws: RequestRefusal.malformedEnvelope) {
                try checker.check(Array(bytes.prefix(length)), now: now)
            }
        }
        #expect(throws: RequestRefusal.malformedEnvelope) { try checker.check(bytes + [0x0A], now: now) }
    }

    @Test func aForgedSignatureIsToldApartFromAnUnknownKey() throws {
        let request = try DeletionRequest.fixture()
        #expect(throws: RequestRefusal.unknownKey) { try checker.check(request.sign(with: signingKey(2)), now: now) }
        let genuine = try DSSEEnvelope(parsing: request.sign(with: key))
        let other = try DSSEEnvelope(parsing: DeletionRequest.fixture(number: 2).sign(with: signingKey(2)))
        let forged = try DSSEEnvelope(
            payloadType: genuine.payloadType, payload: other.payload, signatures: genuine.signatures)
        #expect(throws: RequestRefusal.badSignature) { try checker.check(forged.canonicalBytes, now: now) }
        let twice = try genuine.adding(signatureOf: key)
        #expect(throws: RequestRefusal.malformedEnvelope) { try checker.check(twice.canonicalBytes, now: now) }
    }

    @Test func theOrderOfChecksIsFixed() throws {
        // Each request has this fault and all the later ones; the first is reported.
        let late = try DeletionRequest.fixture(
            audience: "lethe.example/other", issuedAt: "2026-02-01T00:00:00Z", expiresAt: "2026-02-10T00:00:00Z")
        let seen = ReplayRecord(
            requestID: late.requestID, nonceTag: digest("n"), replayTag: digest("r"), receivedIndex: 0)
        func refusal(_ bytes: [UInt8], _ checker: RequestChecker) -> RequestRefusal? {
            do {
                _ = try checker.check(bytes, now: now) { _, _ in [seen] }
                return nil
            } catch { return error as RequestRefusal }
        }
        let bytes = try late.sign(with: key)
        #expect(refusal(bytes + Array(repeating: 0x20, count: 20_000), checker)?.code == "too-large")
        #expect(refusal(Array(bytes.dropLast()), checker) == .malformedEnvelope)
        #expect(refusal(try late.sign(with: signingKey(2)), checker) == .unknownKey)
        #expect(refusal(try signed(late.predicate, type: "urn:lethe:other:v1"), checker) == .wrongPredicateType)
        #expect(refusal(bytes, checker) == .wrongAudience)
        let other = RequestChecker(audience: "lethe.example/other", requesterKeys: [key.publicKey])
        #expect(refusal(bytes, other)?.code == "window-too-long")
        let wide = RequestChecker(
            audience: "lethe.example/other", requesterKeys: [key.publicKey], maximumWindowSeconds: 10_000_000)
        #expect(refusal(bytes, wide)?.code == "expired")
    }

    @Test func theTimeWindowIsHalfOpenWithSomeSkew() throws {
        let bytes = try DeletionRequest.fixture().sign(with: key)
        _ = try checker.check(bytes, now: time("2026-03-01T09:59:00Z"))
        _ = try checker.check(bytes, now: time("2026-03-01T10:09:59Z"))
        #expect(
            throws: RequestRefusal.notYetValid(
                now: try time("2026-03-01T09:58:59Z"), issuedAt: try time("2026-03-01T10:00:00Z"))
        ) { try checker.check(bytes, now: time("2026-03-01T09:58:59Z")) }
        #expect(
            throws: RequestRefusal.expired(
                now: try time("2026-03-01T10:10:00Z"), expiresAt: try time("2026-03-01T10:10:00Z"))
        ) { try checker.check(bytes, now: time("2026-03-01T10:10:00Z")) }
        #expect(throws: RequestRefusal.windowReversed) {
            try DeletionRequest.fixture(issuedAt: "2026-03-01T10:00:00Z", expiresAt: "2026-03-01T10:00:00Z")
        }
        let short = RequestChecker(
            audience: "lethe.example/test", requesterKeys: [key.publicKey], maximumWindowSeconds: 599)
        #expect(throws: RequestRefusal.windowTooLong(limitSeconds: 599, foundSeconds: 600)) {
            try short.check(bytes, now: now)
        }
    }

    @Test func aRepetitionGetsTheSameAnswerAndAConflictIsRefused() throws {
        let first = try checker.check(DeletionRequest.fixture().sign(with: key), now: now)
        let record = ReplayRecord(
            requestID: first.request.requestID, nonceTag: first.nonceTag, replayTag: first.replayTag, receivedIndex: 4)
        #expect(try first.compare(with: []) == .new(first))
        #expect(try first.compare(with: [record]) == .repetition(of: record))
        let sameID = try checker.check(
            DeletionRequest.fixture(value: "bo@example.org", nonce: 8).sign(with: key), now: now)
        #expect(throws: RequestRefusal.requestIDConflict) { try sameID.compare(with: [record]) }
        let sameNonce = try checker.check(DeletionRequest.fixture(number: 2).sign(with: key), now: now)
        #expect(throws: RequestRefusal.nonceConflict) { try sameNonce.compare(with: [record]) }
        let neither = try checker.check(DeletionRequest.fixture(number: 3, nonce: 9).sign(with: key), now: now)
        #expect(try neither.compare(with: []) == .new(neither))
        #expect(neither.nonceTag != first.nonceTag && neither.replayTag != first.replayTag)
    }

    @Test func everyMemberIsNeededAndNoOtherIsTaken() throws {
        let good = try DeletionRequest.fixture()
        let members = try #require(good.predicate.objectValue)
        #expect(members.count == 10)
        for name in members.keys {
            var fewer = members
            fewer[name] = nil
            let field = try #require(RequestField(rawValue: name))
            #expect(try refusal(of: fewer) == .field(field), "\(name)")
            for value: JSONValue in [
                .null, 1, true, [], [:], "", "x\u{0}y", .string(String(repeating: "Z", count: 300)),
            ] {
                var wrong = members
                wrong[name] = value
                #expect(try refusal(of: wrong) == .field(field), "\(name): \(value)")
            }
        }
        var more = members
        more["comment"] = "Ana Example asked by telephone"
        #expect(try refusal(of: more) == .field(.unknownMember))
        #expect(
            try refusal(of: members, subject: .init(name: "request:x", sha256: digest("x")))
                == .field(.statementSubject))
        #expect(try refusal(of: members) == nil)
    }

    @Test func noRefusalRepeatsWhatTheSenderWrote() throws {
        let secret = "ana.secret@example.org"
        var texts: [String] = []
        let members = try #require(DeletionRequest.fixture(value: secret).predicate.objectValue)
        for name in members.keys {
            var wrong = members
            wrong[name] = .string(secret)
            if let refusal = try refusal(of: wrong) { texts.append(refusal.description) }
            var extra = members
            extra[secret] = .string(secret)
            if let refusal = try refusal(of: extra) { texts.append(refusal.description) }
        }
        #expect(texts.count >= 19)
        for text in texts {
            #expect(!text.contains("ana") && !text.contains("\n"), "\(text)")
        }
    }

    private func signed(
        _ predicate: JSONValue, type: String = DeletionRequest.predicateType, subject: Statement.Subject? = nil
    ) throws -> [UInt8] {
        let id = predicate["requestId"]?.stringValue ?? ""
        let own = Statement.Subject(name: "request:\(id)", sha256: Digest(sha256: try predicate.canonicalBytes()))
        let statement = try Statement(subjects: [subject ?? own], predicateType: type, predicate: predicate)
        return try DSSEEnvelope(signing: statement.canonicalBytes(), with: [key]).canonicalBytes
    }

    private func refusal(
        of members: [String: JSONValue], subject: Statement.Subject? = nil
    ) throws -> RequestRefusal? {
        let bytes = try signed(.object(members), subject: subject)
        do {
            _ = try checker.check(bytes, now: now)
            return nil
        } catch { return error }
    }
}
