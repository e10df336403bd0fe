public import LetheBytes
import LetheCrypto
import LetheRecommendation
import LetheRequests
import LetheVerification

extension MethodsReport {
    /// Everything; nothing about single records or users.
    public var json: JSONValue {
        [
            "format": "urn:lethe:benchmark-methods:v1", "command": .string(options.command),
            "machine": .object(machine.mapValues { .string($0) }), "dataset": .string(dataset),
            "files": .object(Dictionary(uniqueKeysWithValues: provenance.map { ($0.name, .string($0.digest)) })),
            "programs": .array(programs.map { .string($0) }), "shape": .string(options.shape.rawValue),
            "seeds": .array((1...options.seeds).map { JSONValue($0) }), "references": JSONValue(options.references),
            "interval": "95%, users and seeds drawn with replacement", "replicates": JSONValue(options.replicates),
            "settings": .array(tables.map(json)),
            "checks": .array(
                checks.map {
                    [
                        "setting": .string($0.setting), "claim": .string($0.claim), "found": .string($0.found),
                        "holds": .bool($0.holds),
                    ]
                }),
        ]
    }

    private func json(_ table: MethodsTable) -> JSONValue {
        let split = table.setting.data.split
        let summary = SplitSummary(split)
        return [
            "name": .string(table.setting.name),
            "policy": [
                "name": .string(table.setting.policy.name), "digest": .string(table.setting.policy.digest.hex),
            ],
            "counts": [
                "training": JSONValue(split.training.count), "validation": JSONValue(split.validation.count),
                "test": JSONValue(split.test.count), "trainingUsers": JSONValue(summary.trainingUsers),
                "forgottenUsers": JSONValue(summary.forgottenUsers),
                "forgotten": JSONValue(split.forgottenRecords.count),
                "retained": JSONValue(split.retainedRecords.count),
                "audited": JSONValue(table.setting.audit.records.count),
                "testMeasured": JSONValue(table.setting.sampledTest.count),
                "retainedTestMeasured": JSONValue(table.setting.retainedTest.count),
                "unseenTest": JSONValue(table.setting.control.records.count),
            ],
            "roots": .object(
                table.setting.identity.filter {
                    ["training", "validation", "test", "forgotten", "audited"].contains($0.key)
                }),
            "floor": Self.json(distances: table.floor), "rows": .array(table.rows.map { Self.json($0) }),
            "diverged": .array(table.diverged.map { .string($0) }),
        ]
    }

    private static func json(distances: [Estimate]) -> JSONValue {
        .object(
            Dictionary(
                uniqueKeysWithValues: zip(DistanceMeasure.all, distances).map {
                    ("\($0.divergence.rawValue).\($0.space.rawValue)", json($1))
                }))
    }

    private static func json(_ row: MethodsTable.Row) -> JSONValue {
        [
            "method": .string(row.method), "auc": json(row(.auc)), "accuracy": json(row(.accuracy)),
            "logLoss": json(row(.logLoss)), "aucOfRetainedUsers": json(row(.retainedAUC)),
            "aucMinusRetrain": json(row(.aucDifference)), "aucOnForgotten": json(row(.forgottenAUC)),
            "membershipAUC": json(row(.membershipAUC)), "goldMarginGap": json(row(.marginGap)),
            "distances": json(distances: row.distances), "aboveFloor": json(distances: row.aboveFloor),
            "processorSeconds": number(row.seconds),
            "parts": .array(row.parts.map { ["name": .string($0.name), "processorSeconds": number($0.seconds)] }),
            "trainable": JSONValue(row.models.first?.trainable ?? 0),
            "trainableAtT5Base": JSONValue(row.models.first?.trainableAtT5Base ?? 0),
            "models": .array(
                row.models.map { model in
                    [
                        "seed": JSONValue(model.seed), "weights": .string(model.weights),
                        "processorSeconds": number(model.seconds), "program": .string(model.program),
                        "recordsTrained": model.recordsTrained.map { JSONValue($0) } ?? .null,
                        "curve": .array(
                            model.curve.map {
                                [
                                    "stage": .string($0.stage), "number": JSONValue($0.number), "loss": number($0.loss),
                                    "watched": $0.watched.map(number) ?? .null,
                                ]
                            }),
                    ]
                }),
        ]
    }
}
