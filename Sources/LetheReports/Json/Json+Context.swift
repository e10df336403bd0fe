import LetheBytes

extension AuditReport.Claim {
    var json: JSONValue {
        [
            "residualMemoryMargin": .figure(residualMemoryMargin), "alpha": .figure(alpha),
            "references": .count(references), "power": .figure(power), "auditSet": .string(auditSet),
            "auditRecords": .count(auditRecords), "auditSubjects": .count(auditSubjects),
        ]
    }
}

extension AuditReport.Log {
    var json: JSONValue {
        [
            "origin": .string(origin), "checkpointSize": .count(checkpointSize),
            "checkpointRoot": .string(checkpointRoot),
        ]
    }
}

extension AuditReport.Dataset {
    var json: JSONValue {
        [
            "name": .string(name), "digestBefore": .string(digestBefore), "digestAfter": .string(digestAfter),
            "recordsBefore": .count(recordsBefore), "recordsRemoved": .count(recordsRemoved),
        ]
    }
}

extension AuditReport.Check {
    var json: JSONValue {
        [
            "trustFile": .string(trustFile), "keyId": .text(keyID), "workspace": .text(workspace),
            "furtherCommands": .array(
                furtherCommands.map { ["purpose": .string($0.purpose), "line": .string($0.line)] }),
        ]
    }
}

extension AuditReport.Request {
    var json: JSONValue {
        var left: Int?
        var taken: Int?
        switch clock {
        case .running(let days): left = days
        case .stopped(let days): taken = days
        case .paused: break
        }
        return [
            "id": .string(id), "subject": .string(subject), "receivedAt": .string(receivedAt), "dueAt": .string(dueAt),
            "daysLeft": .count(left), "daysTaken": .count(taken), "state": .string(state.rawValue),
            "recordsRemoved": .count(recordsRemoved), "certificateFile": .text(certificateFile),
            "logIndex": .count(logIndex),
        ]
    }
}

extension AuditReport.Refusal {
    var json: JSONValue {
        [
            "id": .string(id), "receivedAt": .string(receivedAt), "kind": .string(kind), "reason": .string(reason),
            "logIndex": .count(logIndex),
        ]
    }
}
