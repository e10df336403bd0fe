import Testing

@testable import LetheTensor

struct DropoutTests {
    private func mask(_ dropout: Dropout, count: Int, first: Int = 0) -> [Float] {
        let out = Matrix(rows: 1, columns: count)
        dropout.apply(Matrix(rows: 1, columns: count, [Float](repeating: 1, count: count)), into: out, first: first)
        return out.values
    }

    @Test func rateZeroIsNoDropout() {
        #expect(Dropout(rate: 0, seed: 1, step: 1, operation: 1) == nil)
    }

    @Test(arguments: [0, 1, 2, 31, 64])
    func everyElementEqualsTheReferenceWhereverTheCallBegins(first: Int) throws {
        let dropout = try #require(Dropout(rate: 0.3, seed: 7, step: 3, operation: 9))
        for count in [0, 1, 2, 17, 33] {
            #expect(mask(dropout, count: count, first: first) == (0..<count).map { dropout.reference(at: first + $0) })
        }
    }

    @Test func theShareDroppedIsTheRateAndTheMeanStays() throws {
        let dropout = try #require(Dropout(rate: 0.1, seed: 1, step: 1, operation: 1))
        let values = mask(dropout, count: 20_000)
        let share = Double(values.count { $0 == 0 }) / 20_000
        // Five standard errors of a binomial share.
        #expect(abs(share - 0.1) < 0.011)
        #expect(values.allSatisfy { $0 == 0 || $0 == Float(1 / 0.9) })
    }

    @Test func masksDifferBySeedStepAndOperation() throws {
        let masks = try [(1, 1, 1), (2, 1, 1), (1, 2, 1), (1, 1, 2)].map { seed, step, operation in
            mask(try #require(Dropout(rate: 0.5, seed: UInt64(seed), step: step, operation: operation)), count: 64)
        }
        #expect(Set(masks).count == 4)
    }
}
