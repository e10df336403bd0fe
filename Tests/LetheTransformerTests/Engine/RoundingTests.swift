import Testing

@testable import LetheTransformer

/// Weights with few bits.
struct RoundingTests {
    private let model = TinyModels.model(TinyModels.shape(), seed: 4)

    @Test(arguments: [2, 4, 8]) func aRowHasAsManyValuesAsItsBitsAllow(bits: Int) throws {
        let rounded = model.rounded(bits: bits)
        let most = Float(1 << (bits - 1) - 1)
        for entry in model.layout.entries where entry.shape.count == 2 {
            for start in stride(from: entry.offset, to: entry.range.upperBound, by: entry.shape[1]) {
                let row = start..<start + entry.shape[1]
                let largest = row.map { abs(model.values[$0]) }.max() ?? 0
                for place in row {
                    let steps = rounded.values[place] / largest * most
                    #expect(abs(steps - steps.rounded()) < 1e-3 && abs(steps) <= most + 1e-3)
                    // To the nearest: half a step away at most.
                    #expect(abs(rounded.values[place] - model.values[place]) <= largest / most / 2 * 1.0001)
                }
            }
        }
    }

    @Test func normsStayAndZerosStayZero() throws {
        var zeros = model
        for index in zeros.values.indices { zeros.values[index] = 0 }
        #expect(zeros.rounded(bits: 4) == zeros)
        let rounded = model.rounded(bits: 4)
        for entry in model.layout.entries where entry.shape.count == 1 {
            #expect(rounded.values[entry.range] == model.values[entry.range])
        }
    }
}
