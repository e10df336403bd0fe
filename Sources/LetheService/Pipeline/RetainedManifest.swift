import LetheBytes
import LetheCrypto
import LetheLog
import LetheRecommendation
import LetheRequests
import LetheStatements

/// What is left of the training records once a run's people are deleted: enough for a data pipeline to prove that its cleaned data set
/// trains on exactly the records that the run retrained its references on.
///
/// Names nobody. Which records count is said by their positions in the cleaned data's own order (`RecordOrder`), so that no record has to
/// be described. The roots are those of the log; they are unkeyed: whoever has every other training record can test a guess of the last
/// one against them. The manifest adds nothing to what the log says already.
struct RetainedManifest: Sendable, Equatable {
    /// The first member of the file.
    static let format = "lethe-retained-manifest-v1"
    /// How `after` is computed again.
    static let method =
        "RFC 6962 root, SHA-256, over the canonical bytes (lethe-record-v1) of the records at the positions of selection, "
        + "in the order of the data set's protocol"
    /// The most bytes of a file.
    static let maximumByteCount = 1 << 26

    /// The run.
    let runID: String
    /// Root and number of the training records before.
    let before: Digest
    let recordsBefore: Int
    /// Root and number of the training records after.
    let after: Digest
    let recordsAfter: Int
    /// People that the pipeline deletes, and how many training records they have.
    let peopleDeleted: Int
    let recordsRemoved: Int
    /// What the positions count.
    let source: RecordOrder.Source
    /// Runs of consecutive positions.
    let ranges: [Run]
    /// Of data that tell time by the order of rows, which deleting rows changes: the numbers that the ratings that stay had as rows, in their
    /// order. Nil of data that say when.
    let rows: [Run]?

    /// Consecutive numbers.
    struct Run: Equatable {
        let first: Int
        var count: Int
    }

    /// The manifest of `retained` as it is to be found in `dataset` without `people`.
    ///
    /// - Parameter timedByRows: whether a rating's time is the number of its row.
    init(
        runID: String, dataset: InteractionDataset, timedByRows: Bool, rules: PaperProtocol, records: DividedRecords,
        without people: Set<Int>
    ) {
        let order = RecordOrder(dataset, by: rules)
        let wanted = Set(records.retained.map { RecordKey($0.userID, $0.itemID) })
        var ranges: [Run] = []
        var position = 0
        for rating in order.ratings where !people.contains(rating.userID) {
            if wanted.contains(RecordKey(rating.userID, rating.itemID)) { Self.add(position, to: &ranges) }
            position += 1
        }
        if timedByRows {
            var rows: [Run] = []
            for rating in dataset.ratings where !people.contains(rating.userID) {
                Self.add(rating.timestamp, to: &rows)
            }
            self.rows = rows
        } else {
            rows = nil
        }
        self.runID = runID
        before = records.rootBefore
        recordsBefore = records.forgotten.count + records.retained.count
        after = records.rootAfter
        recordsAfter = records.retained.count
        peopleDeleted = people.count
        recordsRemoved = records.forgotten.count
        source = order.source
        self.ranges = ranges
    }

    /// Adds a number that comes after all those before.
    private static func add(_ number: Int, to runs: inout [Run]) {
        if let last = runs.last, last.first + last.count == number {
            runs[runs.count - 1].count += 1
        } else {
            runs.append(Run(first: number, count: 1))
        }
    }

    /// The root of the records that the positions lead to in `dataset`, and their number; positions beyond its end lead to none.
    func root(in dataset: InteractionDataset, rules: PaperProtocol) throws -> (root: Digest, records: Int) {
        let dataset = try timed(dataset)
        let order = RecordOrder(dataset, by: rules)
        guard order.source == source else { return (recordsRoot([]), 0) }
        let records = ranges.flatMap { range -> [InteractionRecord] in
            let end = min(range.first + range.count, order.ratings.count)
            return (min(range.first, end)..<end).map(order.record)
        }
        return (recordsRoot(records), records.count)
    }

    /// Data in whose rows deleting has made other numbers, with the times that the log knows; as they are where the numbers of rows do not
    /// agree, so that the root differs.
    private func timed(_ cleaned: InteractionDataset) throws -> InteractionDataset {
        guard let rows, rows.reduce(0, { $0 + $1.count }) == cleaned.ratings.count else { return cleaned }
        let times = rows.flatMap { $0.first..<$0.first + $0.count }
        return try InteractionDataset(
            users: cleaned.users, items: cleaned.items,
            ratings: zip(cleaned.ratings, times).map { rating, time in
                Rating(userID: rating.userID, itemID: rating.itemID, stars: rating.stars, timestamp: time)
            }, scale: cleaned.scale, wording: cleaned.wording, publishedSplit: cleaned.publishedSplit,
            provenance: cleaned.provenance)
    }

    static func == (left: RetainedManifest, right: RetainedManifest) -> Bool { left.json == right.json }

    var json: JSONValue {
        var json: [String: JSONValue] = [
            "format": .string(Self.format), "runId": .string(runID), "method": .string(Self.method),
            "before": ["root": .string(before.hex), "records": .string("\(recordsBefore)")],
            "after": ["root": .string(after.hex), "records": .string("\(recordsAfter)")],
            "removed": ["people": .string("\(peopleDeleted)"), "trainingRecords": .string("\(recordsRemoved)")],
            "selection": [
                "of": .string(source.rawValue), "positions": Self.json(ranges),
            ],
        ]
        json["rows"] = rows.map { ["kept": Self.json($0)] }
        return .object(json)
    }

    private static func json(_ runs: [Run]) -> JSONValue {
        .array(runs.map { ["first": .string("\($0.first)"), "count": .string("\($0.count)")] })
    }

    private static func runs(_ fields: JSONFields) throws(FieldError) -> [Run] {
        try fields.array().map { (run) throws(FieldError) in
            Run(first: try run.member("first").count(), count: try run.member("count").count())
        }
    }

    /// The file.
    func bytes() throws -> [UInt8] { try json.canonicalBytes() + [0x0A] }

    /// Reads a file of a run's folder, which must be the one whose digest is in the log.
    /// - Throws: `ServiceError.workspaceDamaged`.
    static func read(_ path: String, expecting digest: Digest) throws -> RetainedManifest {
        let bytes = try Files.read(path, limit: maximumByteCount)
        let found = Digest(sha256: bytes)
        guard found == digest else {
            throw ServiceError.workspaceDamaged(
                file: path, problem: "not the manifest in the log: expected \(digest), found \(found)")
        }
        do { return try RetainedManifest(StrictJSON.parse(bytes)) } catch {
            throw ServiceError.workspaceDamaged(file: path, problem: "\(error)")
        }
    }

    init(_ json: JSONValue) throws(FieldError) {
        let fields = JSONFields(json)
        try fields.member("format").require(Self.format)
        runID = try fields.member("runId").string()
        let (before, after) = (try fields.member("before"), try fields.member("after"))
        self.before = try before.member("root").digest()
        recordsBefore = try before.member("records").count()
        self.after = try after.member("root").digest()
        recordsAfter = try after.member("records").count()
        let removed = try fields.member("removed")
        peopleDeleted = try removed.member("people").count()
        recordsRemoved = try removed.member("trainingRecords").count()
        let selection = try fields.member("selection")
        source = try selection.member("of").oneOf(RecordOrder.Source.self)
        ranges = try Self.runs(selection.member("positions"))
        rows = try fields.optional("rows").map { (rows) throws(FieldError) in try Self.runs(rows.member("kept")) }
    }
}

/// Who and what: no user rates an item twice.
struct RecordKey: Hashable {
    let user: Int
    let item: Int

    init(_ user: Int, _ item: Int) { (self.user, self.item) = (user, item) }
}

extension JSONFields {
    /// A whole number that no sum of two can overflow.
    fileprivate func count() throws(FieldError) -> Int {
        let number = try wholeNumber()
        guard number <= 1 << 40 else { throw .invalid(path: path, expected: "at most 2^40", found: "\(number)") }
        return Int(number)
    }
}
