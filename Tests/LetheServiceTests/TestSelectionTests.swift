import LetheRecommendation
import Testing

@testable import LetheService

@Suite struct TestSelectionTests {
    /// Record n is of user n % 5.
    private static let test = (0..<40).map { n in
        InteractionRecord(
            userID: n % 5, itemID: n, stars: 3, timestamp: n, label: n % 2 == 0, history: [])
    }

    @Test func readsEvenlySpacedRecordsAndAllOfRetainedUsers() {
        let selection = TestSelection(Self.test, retained: [1, 3], sampled: 8, ofRetained: .max)
        // Every fifth record is user 0's: none of a retained user is among the evenly spaced.
        #expect(selection.sampled.map { selection.records[$0].itemID } == [0, 5, 10, 15, 20, 25, 30, 35])
        let retained = selection.retained.map { selection.records[$0] }
        #expect(retained == Self.test.filter { [1, 3].contains($0.userID) })
        #expect(selection.records.count == 8 + 16)
        #expect(selection.records.map(\.itemID) == selection.records.map(\.itemID).sorted())
    }

    @Test func aRecordThatIsBothIsReadOnce() {
        let selection = TestSelection(Self.test, retained: [0], sampled: 8, ofRetained: .max)
        #expect(selection.records.count == 8)
        #expect(selection.sampled == selection.retained)
    }

    @Test func withoutALimitEveryRecordIsRead() {
        let selection = TestSelection(Self.test, retained: [2], sampled: .max, ofRetained: .max)
        #expect(selection.records == Self.test && selection.sampled == Array(0..<40))
        #expect(selection.retained == Array(stride(from: 2, to: 40, by: 5)))
    }

    @Test func limitsHoldForBoth() {
        let selection = TestSelection(Self.test, retained: [1], sampled: 4, ofRetained: 2)
        #expect(selection.sampled.map { selection.records[$0].itemID } == [0, 10, 20, 30])
        #expect(selection.retained.map { selection.records[$0].itemID } == [1, 21])
    }
}
