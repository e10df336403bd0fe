public import LetheBytes

extension PeriodReport {
    /// The report as one self-contained page: no scripts, nothing fetched from anywhere, light, dark and printable.
    public var html: String { Page.html(Document(self)) }

    /// The report as Markdown (GitHub's flavour).
    public var markdown: String { MarkdownWriter.text(Document(self)) }

    /// The report as canonical JSON (RFC 8785); figures as strings, one without a value left out.
    /// - Throws: `JSONError` if a number does not fit the canonical form; none that this report writes can.
    public var json: String {
        get throws(JSONError) { String(decoding: try jsonValue.canonicalBytes(), as: UTF8.self) }
    }

    /// The report as a JSON value.
    public var jsonValue: JSONValue {
        func counts(_ counts: [Count]) -> JSONValue {
            .array(counts.map { ["name": .string($0.name), "count": .count($0.count)] })
        }
        return [
            "format": "urn:lethe:period-report:v1", "firstDay": .string(firstDay), "lastDay": .string(lastDay),
            "asOf": .string(asOf), "regulation": .string(law ?? "all"), "issuedAt": .string(issuedAt),
            "log": log.json, "policy": ["name": .string(policy.name), "digest": .string(policy.digest)],
            "figures": .object(
                figures.reduce(into: [:]) { members, figure in
                    members[figure.name] = figure.value.map { .string($0) }
                }),
            "refusals": counts(refusals), "turnedAway": counts(turnedAway),
            "runs": .array(runs.map(\.json)),
            "processing": .array(
                processing.map {
                    [
                        "item": .string($0.letter), "question": .string($0.question),
                        "answers": .array($0.answers.map { .string($0) }),
                    ]
                }),
        ]
    }

    /// The figures, refusals and requests turned away as CSV (RFC 4180), one a row.
    public var csv: String {
        var table = CsvTable(columns: ["figure", "value"])
        for (name, value) in [
            ("first_day", firstDay), ("last_day", lastDay), ("as_of", asOf), ("regulation", law ?? "all"),
        ] {
            table.add([.text(name), .text(value)])
        }
        for figure in figures { table.add([.text(figure.name), .init(figure.value)]) }
        for count in refusals { table.add([.text("refused: \(count.name)"), .number(count.count)]) }
        for count in turnedAway { table.add([.text("turned away: \(count.name)"), .number(count.count)]) }
        return table.text
    }
}

extension PeriodReport.Run {
    var json: JSONValue {
        [
            "runId": .string(id), "method": .string(method), "judgedAt": .string(judgedAt), "verdict": .string(verdict),
            "certificates": .count(certificates), "logIndex": .count(logIndex),
        ]
    }
}
