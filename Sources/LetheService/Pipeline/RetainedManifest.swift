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
    /// Runs of consecutive positions: first, count.
    let ranges: [(first: Int, count: Int)]

    /// The manifest of `retained` as it is to be found in `dataset` without `people`.
    init(
        runID: String, dataset: InteractionDataset, rules: PaperProtocol, records: DividedRecords,
        without people: Set<Int>
    ) {
        let order = RecordOrder(dataset, by: rules)
        let wanted = Set(records.retained.map { RecordKey($0.userID, $0.itemID) })
        var ranges: [(first: Int, count: Int)] = []
        var position = 0
        for rating in order.ratings where !people.contains(rating.userID) {
            if wanted.contains(RecordKey(rating.userID, rating.itemID)) {
                if let last = ranges.last, last.first + last.count == position {
                    ranges[ranges.count - 1].count += 1
                } else {
                    ranges.append((position, 1))
                }
            }
            position += 1
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

    /// The root of the records that the positions lead to in `dataset`, and their number; positions beyond its end lead to none.
    func root(in dataset: InteractionDataset, rules: PaperProtocol) -> (root: Digest, records: Int) {
        let order = RecordOrder(dataset, by: rules)
        guard order.source == source else { return (recordsRoot([]), 0) }
        let records = ranges.flatMap { range -> [InteractionRecord] in
            let end = min(range.first + range.count, order.ratings.count)
            return (min(range.first, end)..<end).map(order.record)
        }
        return (recordsRoot(records), records.count)
    }

    static func == (left: RetainedManifest, right: RetainedManifest) -> Bool { left.json == right.json }

    var json: JSONValue {
        [
            "format": .string(Self.format), "runId": .string(runID), "method": .string(Self.method),
            "before": ["root": .string(before.hex), "records": .string("\(recordsBefore)")],
            "after": ["root": .string(after.hex), "records": .string("\(recordsAfter)")],
            "removed": ["people": .string("\(peopleDeleted)"), "trainingRecords": .string("\(recordsRemoved)")],
            "selection": [
                "of": .string(source.rawValue),
                "positions": .array(ranges.map { ["first": .string("\($0.first)"), "count": .string("\($0.count)")] }),
            ],
        ]
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
        ranges = try selection.member("positions").array().map { (range) throws(FieldError) in
            (first: try range.member("first").count(), count: try range.member("count").count())
        }
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
