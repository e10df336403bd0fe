import LetheBytes

extension AuditReport.Estimate {
    var json: JSONValue {
        ["value": .figure(value), "lower": .figure(lower), "upper": .figure(upper)]
    }
}

extension AuditReport.Gate {
    var json: JSONValue {
        [
            "id": .string(id), "question": .string(question), "statistic": .string(statistic),
            "value": .optional(value?.json), "threshold": .string(threshold), "outcome": .string(outcome.rawValue),
        ]
    }
}

extension AuditReport.Distance {
    var json: JSONValue {
        [
            "symbol": .string(symbol), "name": .string(name), "unit": .string(unit), "original": original.json,
            "unlearned": unlearned.json, "noiseFloor": noiseFloor.json,
        ]
    }
}

extension AuditReport.RelativeTest {
    var json: JSONValue {
        [
            "symbol": .string(symbol), "name": .string(name), "difference": difference.json,
            "pValue": .figure(pValue), "finding": .string(finding.rawValue),
        ]
    }
}

extension AuditReport.LikelihoodRatio {
    var json: JSONValue {
        [
            "people": .count(people), "originals": .count(originals), "original": .figure(original),
            "unlearned": .figure(unlearned), "retrained": .figure(retrained), "excess": excess.json,
            "originalExcess": originalExcess.json, "margin": .figure(margin),
        ]
    }
}

extension AuditReport.WorstUsers {
    var json: JSONValue {
        [
            "users": .count(users), "original": .figure(original), "unlearned": .figure(unlearned),
            "retrained": retrained.json,
        ]
    }
}

extension AuditReport.Performance {
    var json: JSONValue {
        [
            "records": .string(records), "count": .count(count), "original": original.json, "unlearned": unlearned.json,
            "retrained": retrained.json,
        ]
    }
}

extension AuditReport.Scores {
    var json: JSONValue {
        ["areaUnderROC": areaUnderROC.json, "accuracy": accuracy.json, "logLoss": logLoss.json]
    }
}

extension AuditReport.ProbabilityShift {
    var json: JSONValue {
        ["original": original.json, "unlearned": unlearned.json, "retrained": retrained.json]
    }
}

extension AuditReport.Distribution {
    var json: JSONValue {
        ["counts": .array(counts.map { .count($0) }), "mean": .figure(mean)]
    }
}

extension AuditReport.Curve {
    var json: JSONValue {
        [
            "title": .string(title), "horizontalAxis": .string(horizontalAxis), "verticalAxis": .string(verticalAxis),
            "lines": .array(
                lines.map { line in
                    [
                        "name": .string(line.name),
                        "points": .array(line.points.map { [.plain($0.x), .plain($0.y)] }),
                    ]
                }),
        ]
    }
}
