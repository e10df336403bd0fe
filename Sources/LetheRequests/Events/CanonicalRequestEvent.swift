import LetheCrypto
import LetheStatements

/// Writes and reads the statement of a request event in its one spelling, JCS, without a tree of JSON values between.
///
/// Nearly every entry of a log is one, so this is what receiving and auditing spend their time on. An event with `extra` members and
/// whatever is spelled otherwise are left to the general writer and reader, which say what is wrong; a test holds both to the
/// same bytes and the same verdict.
enum CanonicalRequestEvent {
    // MARK: Writing

    /// What `event.statement().canonicalBytes()` gives; nil for an event that the general writer must write.
    static func write(_ event: RequestEvent) -> [UInt8]? {
        guard event.extra.isEmpty else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(1_280)
        func add(_ text: String) { bytes += text.utf8 }
        func add(_ digest: Digest) { digest.append(hexTo: &bytes) }
        func add(_ clock: LoggedClock) {
            add(#"{"#)
            if let day = clock.confirmBy { add(#""confirmBy":"\#(day)","#) }
            add(#""due":"\#(clock.due)","extended":"\#(clock.extended)"}"#)
        }
        add(#"{"_type":"\#(Statement.type)","predicate":{"at":"\#(event.at)""#)
        switch event.kind {
        case .received(let receipt):
            add(#","channel":"native","clock":"#)
            add(receipt.clock)
            add(#","event":"received","identity":{"level":"\#(receipt.identity.level.rawValue)","method":""#)
            add(#"\#(receipt.identity.method.rawValue)"},"nonceTag":""#)
            add(receipt.nonceTag)
            add(#"","policy":""#)
            add(receipt.policyDigest)
            add(#"","regulation":"\#(receipt.regulation.rawValue)","replayTag":""#)
            add(receipt.replayTag)
            add(#"","requestId":"\#(event.requestID)","subject":{"alg":"hmac-sha256","context":""#)
            add(#"\#(SubjectKey.subjectContext)","value":""#)
            add(receipt.subjectCommitment)
            add(#""}"#)
        case .changed(let change, let clock):
            if case .fulfilled(let entry) = change { add(#","certificateEntry":"\#(entry)""#) }
            if let clock {
                add(#","clock":"#)
                add(clock)
            }
            if case .foundDuplicate(let original) = change { add(#","duplicateOf":"\#(original)""#) }
            add(#","event":"\#(change.name)""#)
            if case .refused(let ground) = change { add(#","ground":"\#(ground.rawValue)""#) }
            if case .extended(let reason) = change { add(#","reason":"\#(reason.rawValue)""#) }
            add(#","requestId":"\#(event.requestID)""#)
            if case .unlearned(let run) = change { add(#","runId":"\#(run)""#) }
            if case .nothingHeld(let root) = change {
                add(#","trainingRecordsRoot":""#)
                add(root)
                add("\"")
            }
        }
        add(#"},"predicateType":"\#(RequestEvent.predicateType)","subject":[{"digest":{"hmacSha256":""#)
        add(event.requestCommitment)
        add(#""},"name":"request:\#(event.requestID)"}]}"#)
        return bytes
    }

    // MARK: Reading

    /// The event whose statement `payload` is; nil where the general reader must decide.
    static func read(_ payload: [UInt8]) -> RequestEvent? {
        payload.withUnsafeBufferPointer { payload in
            var reader = FixedFormReader(payload)
            return read(&reader)
        }
    }

    private static func read(_ reader: inout FixedFormReader) -> RequestEvent? {
        guard reader.take(#"{"_type":"https://in-toto.io/Statement/v1","predicate":{"at":""#),
            let at = reader.value().flatMap({ Timestamp(ascii: $0) }), reader.take("\""),
            let (kind, id) = receipt(&reader) ?? change(&reader),
            reader.take(#"},"predicateType":"urn:lethe:request-event:v1","subject":[{"digest":{"hmacSha256":""#),
            let commitment = digest(&reader), reader.take(#""},"name":"request:"#),
            reader.value().flatMap({ RequestID(ascii: $0) }) == id, reader.take(#""}]}"#), reader.isAtEnd
        else { return nil }
        return RequestEvent(requestID: id, at: at, requestCommitment: commitment, kind: kind)
    }

    private static func receipt(_ reader: inout FixedFormReader) -> (RequestEvent.Kind, RequestID)? {
        guard reader.take(#","channel":"native","clock":"#), let clock = clock(&reader),
            reader.take(#","event":"received","identity":{"level":""#),
            let level = code(&reader, IdentityLevel.self), reader.take(#"","method":""#),
            let method = code(&reader, IdentityMethod.self), reader.take(#""},"nonceTag":""#),
            let nonceTag = digest(&reader), reader.take(#"","policy":""#),
            let policy = digest(&reader), reader.take(#"","regulation":""#),
            let regulation = code(&reader, Regulation.self), reader.take(#"","replayTag":""#),
            let replayTag = digest(&reader), reader.take(#"","requestId":""#),
            let id = reader.value().flatMap({ RequestID(ascii: $0) }),
            reader.take(#"","subject":{"alg":"hmac-sha256","context":"unlearn-ledger/subject/v1","value":""#),
            let subject = digest(&reader), reader.take(#""}"#)
        else { return nil }
        let receipt = RequestEvent.Receipt(
            regulation: regulation, clock: clock, subjectCommitment: subject,
            identity: IdentityProof(level: level, method: method), nonceTag: nonceTag, replayTag: replayTag,
            policyDigest: policy)
        return (.received(receipt), id)
    }

    private static func change(_ reader: inout FixedFormReader) -> (RequestEvent.Kind, RequestID)? {
        var members = ChangeMembers()
        if reader.take(#","certificateEntry":""#) {
            guard let text = text(&reader), let entry = CanonicalNumber.wholeNumber(text), reader.take("\"") else {
                return nil
            }
            members.certificateEntry = entry
        }
        if reader.take(#","clock":"#) {
            guard let clock = clock(&reader) else { return nil }
            members.clock = clock
        }
        if reader.take(#","duplicateOf":""#) {
            guard let original = reader.value().flatMap({ RequestID(ascii: $0) }), reader.take("\"") else { return nil }
            members.original = original
        }
        guard reader.take(#","event":""#), let name = text(&reader), reader.take("\"") else { return nil }
        if reader.take(#","ground":""#) {
            guard let ground = code(&reader, RefusalGround.self), reader.take("\"") else { return nil }
            members.ground = ground
        }
        if reader.take(#","reason":""#) {
            guard let reason = code(&reader, ExtensionReason.self), reader.take("\"") else { return nil }
            members.reason = reason
        }
        guard reader.take(#","requestId":""#), let id = reader.value().flatMap({ RequestID(ascii: $0) }),
            reader.take("\"")
        else { return nil }
        if reader.take(#","runId":""#) {
            guard let run = reader.value().flatMap({ RunID(ascii: $0) }), reader.take("\"") else { return nil }
            members.run = run
        }
        if reader.take(#","trainingRecordsRoot":""#) {
            guard let root = digest(&reader), reader.take("\"") else { return nil }
            members.trainingRecords = root
        }
        return members.event(named: name).map { (.changed($0, clock: members.clock), id) }
    }

    /// The members that only some changes have; each change takes its own, and whatever is left over is no member of it.
    private struct ChangeMembers {
        var certificateEntry: UInt64?
        var clock: LoggedClock?
        var original: RequestID?
        var ground: RefusalGround?
        var reason: ExtensionReason?
        var run: RunID?
        var trainingRecords: Digest?

        func event(named name: String) -> LifecycleEvent? {
            let event: LifecycleEvent? =
                switch name {
                case "identity-doubted": .identityDoubted
                case "identity-confirmed": .identityConfirmed
                case "extended": reason.map { .extended($0) }
                case "unlearned": run.map { .unlearned(run: $0) }
                case "verification-failed": .verificationFailed
                case "blocked": .blocked
                case "resumed": .resumed
                case "fulfilled": certificateEntry.map { .fulfilled(certificateEntry: $0) }
                case "nothing-held": trainingRecords.map { .nothingHeld(trainingRecords: $0) }
                case "refused": ground.map { .refused($0) }
                case "withdrawn": .withdrawn
                case "expired": .expired
                case "duplicate": original.map { .foundDuplicate(of: $0) }
                default: nil
                }
            let expected =
                switch event {
                case .extended, .unlearned, .fulfilled, .nothingHeld, .refused, .foundDuplicate: 1
                default: 0
                }
            let found = [
                certificateEntry != nil, original != nil, ground != nil, reason != nil, run != nil,
                trainingRecords != nil,
            ]
            return found.count { $0 } == expected ? event : nil
        }
    }

    // MARK: Values

    private static func clock(_ reader: inout FixedFormReader) -> LoggedClock? {
        var confirmBy: CivilDate?
        guard reader.take("{\"") else { return nil }
        if reader.take(#"confirmBy":""#) {
            guard let day = date(&reader), reader.take(#"",""#) else { return nil }
            confirmBy = day
        }
        guard reader.take(#"due":""#), let due = date(&reader), reader.take(#"","extended":""#),
            let extended = date(&reader), reader.take(#""}"#)
        else { return nil }
        return LoggedClock(confirmBy: confirmBy, due: due, extended: extended)
    }

    private static func date(_ reader: inout FixedFormReader) -> CivilDate? {
        reader.value().flatMap { CivilDate(ascii: $0) }
    }

    private static func digest(_ reader: inout FixedFormReader) -> Digest? {
        reader.value().flatMap { Digest(lowercaseHex: $0) }
    }

    /// Short text of printable ASCII without escapes.
    private static func text(_ reader: inout FixedFormReader) -> String? {
        guard let value = reader.value(), value.count <= 64,
            value.allSatisfy({ (0x20...0x7e).contains($0) && $0 != UInt8(ascii: "\\") })
        else { return nil }
        return String(decoding: value, as: UTF8.self)
    }

    private static func code<Code: RawRepresentable<String>>(
        _ reader: inout FixedFormReader, _ type: Code.Type
    ) -> Code? {
        text(&reader).flatMap { Code(rawValue: $0) }
    }
}
