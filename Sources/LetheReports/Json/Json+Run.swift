import LetheBytes

extension AuditReport.Run {
    var json: JSONValue {
        var members: [String: JSONValue] = [
            "startedAt": .string(startedAt), "finishedAt": .string(finishedAt), "method": method.json,
            "seeds": seeds.json,
            "models": .array(models.map(\.json)),
            "steps": .array(steps.map { ["name": .string($0.name), "seconds": .plain($0.seconds)] }),
            "residue": .array(residue.map(\.json)), "environment": .array(environment.map(\.json)),
        ]
        members["choice"] = choice.map { .string($0) }
        return .object(members)
    }
}

extension AuditReport.EarlierRun {
    var json: JSONValue {
        [
            "runId": .string(id), "method": .string(method), "verdict": .text(verdict?.rawValue),
            "requests": .count(requests), "logIndex": .count(logIndex),
        ]
    }
}

extension AuditReport.Method {
    var json: JSONValue {
        ["name": .string(name), "summary": .string(summary), "parameters": .array(parameters.map(\.json))]
    }
}

extension AuditReport.Parameter {
    var json: JSONValue {
        ["name": .string(name), "value": .string(value)]
    }
}

extension AuditReport.Seeds {
    var json: JSONValue {
        [
            "checkpointSize": .count(checkpointSize), "checkpointRoot": .string(checkpointRoot),
            "referenceCheckpointSize": .count(referenceCheckpointSize),
            "referenceCheckpointRoot": .text(referenceCheckpointRoot), "values": .array(values.map(\.json)),
        ]
    }
}

extension AuditReport.Model {
    var json: JSONValue {
        [
            "role": .string(role.rawValue), "name": .string(name), "digest": .string(digest),
            "logIndex": .count(logIndex),
        ]
    }
}

extension AuditReport.Residue {
    var json: JSONValue {
        [
            "name": .string(name), "fate": .string(fate.rawValue), "detail": .string(detail), "digest": .text(digest),
        ]
    }
}
