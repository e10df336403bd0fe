import LetheBytes
import LetheCrypto
import LetheRequests
import LetheStatements

extension RunRecord {
    /// The row of table `runs`, in the order of `TableShape.runs`.
    var cells: [Cell] {
        let indexes = JSONValue.object(indexes.mapValues { .string(String($0)) })
        let artifacts = JSONValue.object(artifacts.mapValues { .array($0.map { .string($0.hex) }) })
        return [
            .text(runID.text), .text(stage.rawValue), .text(startedAt.description), .text(updatedAt.description),
            .json(indexes), .number(lastIndex), .json(artifacts), .text(verdict?.rawValue),
        ]
    }

    /// Reads a row back.
    /// - Throws: `StoreError.corrupt` where a value has no meaning.
    init(cells: [Cell]) throws {
        let row = RowReader(table: "runs", shape: .runs, cells: cells)
        let indexes = try row.require("indexes", cells[4].json?.objectValue)
        let artifacts = try row.require("artifacts", cells[6].json?.objectValue)
        self.init(
            runID: try row.require("run_id", cells[0].string.flatMap { RunID($0) }),
            stage: try row.require("stage", cells[1].string.flatMap(RunStage.init)),
            startedAt: try row.time(2), updatedAt: try row.time(3),
            indexes: try indexes.mapValues { try row.require("indexes", $0.stringValue.flatMap { UInt64($0) }) },
            lastIndex: try row.require("last_index", cells[5].unsigned),
            artifacts: try artifacts.mapValues { list in
                try row.require("artifacts", list.arrayValue).map {
                    try row.require("artifacts", $0.stringValue.flatMap { try? Digest(hex: $0) })
                }
            },
            verdict: try row.optional("verdict", cells[7]) { RunVerdict(rawValue: $0) })
    }
}

extension Cell {
    /// Canonical JSON of codes and digests, which always has one.
    fileprivate static func json(_ value: JSONValue) -> Cell {
        (try? value.canonicalBytes()).map { .bytes($0) } ?? .null
    }

    fileprivate var json: JSONValue? { blob.flatMap { try? StrictJSON.parse($0) } }
}
