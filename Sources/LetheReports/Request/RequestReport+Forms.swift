public import LetheBytes

extension RequestReport {
    /// The report as one self-contained page: no scripts, nothing fetched from anywhere, light, dark and printable.
    public var html: String { Page.html(Document(self)) }

    /// The report as Markdown (GitHub's flavour).
    public var markdown: String { MarkdownWriter.text(Document(self)) }

    /// The report as canonical JSON (RFC 8785).
    /// - Throws: `JSONError` if a number does not fit the canonical form; none that this report writes can.
    public var json: String {
        get throws(JSONError) { String(decoding: try jsonValue.canonicalBytes(), as: UTF8.self) }
    }

    /// The report as a JSON value.
    public var jsonValue: JSONValue {
        [
            "format": "urn:lethe:request-report:v1", "requestId": .string(id), "regulation": .string(law),
            "state": .string(state.rawValue), "stateDetail": .text(stateDetail), "issuedAt": .string(issuedAt),
            "receivedAt": .string(receivedAt), "dueOn": .string(dueOn), "log": log.json,
            "history": .array(
                history.map {
                    [
                        "entry": .count($0.entry), "at": .string($0.at), "what": .string($0.what),
                        "signers": .array($0.signers.map { .string($0) }),
                    ]
                }),
            "runs": .array(runs.map(\.json)), "recipients": .array(recipients.map(\.json)),
            "certificateFile": .text(certificateFile), "personalDataDestroyed": .bool(isShredded),
        ]
    }

    /// The history as CSV (RFC 4180), one entry a row.
    public var csv: String {
        var table = CsvTable(columns: ["request_id", "entry", "at", "what", "signers"])
        for event in history {
            table.add([
                .text(id), .number(event.entry), .text(event.at), .text(event.what),
                .text(event.signers.joined(separator: "; ")),
            ])
        }
        return table.text
    }
}
