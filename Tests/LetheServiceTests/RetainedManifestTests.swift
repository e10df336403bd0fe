import LetheBytes
import LetheRecommendation
import LetheStatements
import Testing

@testable import LetheService

/// Manifests over data that tell time by the order of their rows.
struct RetainedManifestTests {
    private static let rules = PaperProtocol()

    /// Eight people who rate in turns; a row's number is its time.
    private static func dataset(_ rows: [(user: Int, item: Int, row: Int)]) throws -> InteractionDataset {
        try InteractionDataset(
            users: (1...8).map { User(id: $0, name: "\($0)") },
            items: (1...40).map { Item(id: $0, title: "Item \($0)") },
            ratings: rows.map { Rating(userID: $0.user, itemID: $0.item, stars: 1 + $0.item % 5, timestamp: $0.row) },
            scale: .fiveStars, wording: .books)
    }

    private static let rows = (0..<160).map { (user: 1 + $0 % 8, item: 1 + $0 / 8, row: $0 + 1) }

    /// The rows that are left, with the numbers that they have then.
    private static func cleaned(_ isGone: (Int, Int) -> Bool) throws -> InteractionDataset {
        let left = rows.filter { !isGone($0.user, $0.item) }
        return try dataset(left.enumerated().map { (user: $1.user, item: $1.item, row: $0 + 1) })
    }

    private static func manifest(timedByRows: Bool) throws -> RetainedManifest {
        let data = try dataset(rows)
        let order = RecordOrder(data, by: rules)
        // A window, as training records are.
        let training = (10..<order.ratings.count - 5).map(order.record)
        let manifest = RetainedManifest(
            runID: "run", dataset: data, timedByRows: timedByRows, rules: rules,
            records: DividedRecords(training, forgetting: [3, 6]), without: [3, 6])
        return try RetainedManifest(StrictJSON.parse(manifest.bytes()))
    }

    @Test func rowsThatStayAreKnownByTheNumbersTheyHad() throws {
        let manifest = try Self.manifest(timedByRows: true)
        #expect(manifest.rows?.first == .init(first: 1, count: 2) && manifest.recordsRemoved > 0)
        let clean = try Self.cleaned { user, _ in [3, 6].contains(user) }
        let found = try manifest.root(in: clean, rules: Self.rules)
        #expect(found.root == manifest.after && found.records == manifest.recordsAfter)
        // Somebody is left, somebody else is gone, or a row of somebody who stays is.
        for isGone in [
            { user, _ in user == 3 }, { user, _ in [3, 6, 7].contains(user) },
            { user, item in [3, 6].contains(user) || (user == 1 && item == 10) }, { _, _ in false },
        ] as [(Int, Int) -> Bool] {
            #expect(try manifest.root(in: Self.cleaned(isGone), rules: Self.rules).root != manifest.after)
        }
    }

    @Test func withoutTheRowsTheNewNumbersWouldCount() throws {
        let manifest = try Self.manifest(timedByRows: false)
        #expect(manifest.rows == nil && manifest.json["rows"] == nil)
        let clean = try Self.cleaned { user, _ in [3, 6].contains(user) }
        #expect(try manifest.root(in: clean, rules: Self.rules).root != manifest.after)
    }
}
