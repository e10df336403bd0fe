public import LetheBytes

extension AuditReport {
    /// The report as canonical JSON (RFC 8785).
    ///
    /// Figures that certificates sign (the claim's terms, gates, distances, scores) are decimal strings, as in certificates.
    /// Counts, days, seconds and curves are plain numbers. What was not measured, and what is not finite, is `null`.
    /// - Throws: `JSONError` if a number does not fit the canonical form; none that this report writes can.
    public var json: String {
        get throws(JSONError) { String(decoding: try jsonValue.canonicalBytes(), as: UTF8.self) }
    }

    /// The report as a JSON value, for a reader who wants to embed it.
    public var jsonValue: JSONValue {
        var members: [String: JSONValue] = [
            "format": "urn:lethe:audit-report:v1",
            "verdict": .string(verdict.rawValue),
            "headline": .string(Wording(report: self).headline),
            "reasons": .array(reasons.map(JSONValue.string)),
            "claim": claim.json,
            "runId": .string(runID),
            "issuedAt": .string(issuedAt),
            "log": log.json,
            "policy": ["name": .string(policy.name), "digest": .string(policy.digest)],
            "dataset": dataset.json,
            "requests": .array(requests.map(\.json)),
            "refusals": .array(refusals.map(\.json)),
            "run": run.json,
            "gates": .array(gates.map(\.json)),
            "distances": .array(distances.map(\.json)),
            "relativeTests": .array(relativeTests.map(\.json)),
            "worstUsers": .optional(worstUsers?.json),
            "residualMemory": .optional(residualMemory?.json),
            "performance": .array(performance.map(\.json)),
            "probabilityShift": .optional(probabilityShift?.json),
            "curves": .array(curves.map(\.json)),
            "notMeasured": .array(notMeasured.map { ["test": .string($0.test), "reason": .string($0.reason)] }),
            "check": check.json,
        ]
        // Left out where there are none: what reads version 1 need not know them.
        if !earlierRuns.isEmpty { members["earlierRuns"] = .array(earlierRuns.map(\.json)) }
        if !recipients.isEmpty { members["recipients"] = .array(recipients.map(\.json)) }
        if let likelihoodRatio { members["likelihoodRatio"] = likelihoodRatio.json }
        if !backups.isEmpty { members["backups"] = .array(backups.map(\.json)) }
        return .object(members)
    }
}

extension AuditReport.Recipient {
    var json: JSONValue {
        [
            "recipient": .string(name), "outcome": .string(outcome.rawValue), "at": .text(at),
            "attempts": .count(attempts), "logIndex": .count(logIndex),
        ]
    }
}

extension AuditReport.Backup {
    fileprivate var json: JSONValue { ["system": .string(system), "purgeBy": .string(purgeBy)] }
}

extension JSONValue {
    /// A value, or `null` where there is none.
    static func optional(_ value: JSONValue?) -> JSONValue {
        value ?? .null
    }

    /// A text, or `null` where there is none.
    static func text(_ text: String?) -> JSONValue {
        text.map { .string($0) } ?? .null
    }

    /// A count, or `null` where there is none.
    static func count(_ count: Int?) -> JSONValue {
        count.map { .number(String($0)) } ?? .null
    }

    /// A figure as the decimal string that a certificate would sign, or `null` where there is none.
    static func figure(_ value: Double?) -> JSONValue {
        .text(value.flatMap(Figures.decimal))
    }

    /// A figure as a plain number, or `null` where there is none.
    static func plain(_ value: Double) -> JSONValue {
        Figures.decimal(value).map { .number($0) } ?? .null
    }
}
