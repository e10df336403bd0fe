import LetheBytes
public import LetheCrypto

/// A policy with what follows from it, worked out once instead of for every request.
public struct PolicyInForce: Sendable {
    /// The policy.
    public let policy: Policy
    /// Its digest.
    public let digest: Digest
    /// The days that its clock does not count as working days: the policy's, and those of `calendar`.
    let holidays: Set<CivilDate>
    /// The workspace's file of holidays, whose digest receipts name; nil where it has none.
    let calendar: HolidayCalendar?
    /// Minutes that local time is ahead of UTC.
    var utcOffsetMinutes: Int { policy.clock.utcOffsetMinutes }

    /// Works out what follows from `policy` and the holidays that are kept beside it.
    public init(_ policy: Policy, calendar: HolidayCalendar? = nil) {
        self.policy = policy
        self.calendar = calendar
        digest = policy.digest
        holidays = Set(policy.clock.holidays).union(calendar?.days ?? [])
    }
}

extension Policy {
    /// The digest that certificates and run events name: SHA-256 of `canonicalBytes`.
    ///
    /// Depends on every field, defaults spelled out, and on nothing else: not on comments, layout or the order of fields.
    public var digest: Digest { Digest(sha256: canonicalBytes) }

    /// The policy as RFC 8785 JSON, numbers written as strings.
    public var canonicalBytes: [UInt8] {
        do { return try json.canonicalBytes() } catch {
            // Every string of `json` comes from a checked identifier, an enum or a number.
            preconditionFailure("a policy has a canonical form: \(error)")
        }
    }

    private var json: JSONValue {
        var json: [String: JSONValue] = [
            "version": number(Policy.formatVersion),
            "name": .string(name),
            "regulation": .string(regulation.rawValue),
            "clock": [
                "holidays": .array(clock.holidays.map { .string("\($0)") }),
                "utcOffsetMinutes": number(clock.utcOffsetMinutes),
            ],
            "requests": [
                "identityLevel": .string(requests.identityLevel.rawValue),
                "maximumWindowHours": number(requests.maximumWindowHours),
                "clockSkewSeconds": number(requests.clockSkewSeconds),
            ],
            "batching": [
                "maximumRequests": number(batching.maximumRequests),
                "marginDays": number(batching.marginDays),
            ],
            "model": [
                "shape": .string(model.shape.rawValue),
                "promptTemplate": .string(model.promptTemplate.rawValue),
                "maximumTokens": number(model.maximumTokens),
                "vocabularySize": number(model.vocabularySize),
            ],
            "training": trainingJSON,
            "method": method.json,
            "verification": verificationJSON,
            "retention": retentionJSON,
            "threads": number(threads),
        ]
        // Left out where there are none: policies without the section keep their digests.
        if !methods.isEmpty { json["methods"] = .array(methods.map(\.json)) }
        json["ladder"] = ladder?.json
        json["roles"] = roles?.json
        json["timestamping"] = timestamping?.json
        json["recipients"] = recipients?.json
        if !backups.isEmpty { json["backups"] = .array(backups.map(\.json)) }
        if !retained.isEmpty { json["retained"] = .array(retained.map(\.json)) }
        return .object(json)
    }

    private var retentionJSON: JSONValue {
        var members: [String: JSONValue] = ["shredAfterFulfilment": .bool(retention.shredAfterFulfilment)]
        members["tombstoneDays"] = retention.tombstoneDays.map(number)
        return .object(members)
    }

    private var trainingJSON: JSONValue {
        var members: [String: JSONValue] = [
            "pretrainingEpochs": number(training.pretrainingEpochs),
            "epochs": number(training.epochs),
            "batchSize": number(training.batchSize),
            "learningRate": number(training.learningRate),
            "weightDecay": number(training.weightDecay),
            "dropout": number(training.dropout),
            "earlyStoppingPatience": training.earlyStoppingPatience.map(number) ?? "none",
            "learningRateDecay": .string(training.learningRateDecay.rawValue),
        ]
        // Left out where it is the other rate: such policies keep their digests.
        members["pretrainingLearningRate"] = training.pretrainingLearningRate.map(number)
        return .object(members)
    }

    private var verificationJSON: JSONValue {
        let thresholds = verification.thresholds
        var margins: [String: JSONValue] = [
            "rrmMargin": number(thresholds.rrmMargin),
            "jgMargin": number(thresholds.jgMargin),
            "aucMargin": number(thresholds.aucMargin),
            "logLossMargin": number(thresholds.logLossMargin),
            "alpha": number(thresholds.alpha),
            "bootstrapReplicates": number(thresholds.bootstrapReplicates),
        ]
        // Left out where G3 is not required: such policies keep their digests.
        margins["membershipMargin"] = thresholds.membershipMargin.map(number)
        margins["userMembershipMargin"] = thresholds.userMembershipMargin.map(number)
        var members: [String: JSONValue] = [
            "references": number(verification.references),
            "require": .array(verification.require.map { .string($0.rawValue) }),
            "thresholds": .object(margins),
        ]
        members["membershipOriginals"] = verification.membershipOriginals.map(number)
        return .object(members)
    }

    private func number(_ value: Int) -> JSONValue { .string(String(value)) }

    private func number(_ value: Double) -> JSONValue { .string(short(value)) }
}
