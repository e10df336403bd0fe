import Foundation
import Testing

@testable import LetheTensor

/// Lengths around the kernels' sixteen lanes.
private let lengths = [1, 2, 15, 16, 17, 33]

struct ElementwiseKernelTests {
    @Test func exponentialIsWithinTwoRoundingsOfTheLibrary() {
        let inputs = (0..<40_000).map { Float(-87.3 + Double($0) * (175.0 / 40_000)) }
        let out = Matrix(rows: 1, columns: inputs.count)
        Exponential.apply(Matrix(rows: 1, columns: inputs.count, inputs), into: out)
        var worst = 0.0
        for (x, y) in zip(inputs, out.values) {
            let exact = exp(Double(x))
            worst = max(worst, abs(Double(y) - exact) / exact)
        }
        #expect(worst < 2.4e-7)
    }

    @Test func exponentialOfFarNegativesIsZero() {
        let out = Matrix(rows: 1, columns: 4)
        Exponential.apply(Matrix(rows: 1, columns: 4, [-88, -1e30, -.infinity, 0]), into: out)
        #expect(out.values == [0, 0, 0, 1])
    }

    @Test(arguments: lengths)
    func normEqualsReference(width: Int) {
        var generator = SeededGenerator(seed: 2)
        let (x, weight) = (generator.matrix(3, width), generator.matrix(1, width))
        let (out, expected, inverse) = (
            Matrix(rows: 3, columns: width), Matrix(rows: 3, columns: width), Matrix(rows: 1, columns: 3)
        )
        RMSNorm.forward(x, weight: weight, epsilon: 1e-6, into: out, inverse: inverse)
        RMSNorm.reference(x, weight: weight, epsilon: 1e-6, into: expected)
        #expect(relativeDistance(out, expected) < singlePrecision)
    }

    @Test(arguments: lengths, [true, false])
    func normGradientEqualsCentralDifferences(width: Int, hasResidual: Bool) {
        var generator = SeededGenerator(seed: 3)
        let (x, weight, outer) = (generator.matrix(2, width), generator.matrix(1, width), generator.matrix(2, width))
        let residual = generator.matrix(2, width)
        let (out, inverse) = (Matrix(rows: 2, columns: width), Matrix(rows: 1, columns: 2))
        RMSNorm.forward(x, weight: weight, epsilon: 1e-3, into: out, inverse: inverse)
        let (gradient, weightGradient) = (Matrix(rows: 2, columns: width), Matrix(rows: 1, columns: width))
        RMSNorm.backward(
            x, weight: weight, inverse: inverse, outGradient: outer, residual: hasResidual ? residual : nil,
            into: gradient, weightGradient: weightGradient)
        func objective(_ x: [Double], _ weight: [Double]) -> Double {
            var sum = 0.0
            for row in 0..<2 {
                let values = x[row * width..<(row + 1) * width]
                let factor = 1 / (values.reduce(0) { $0 + $1 * $1 } / Double(width) + 1e-3).squareRoot()
                for (column, value) in values.enumerated() {
                    sum += value * factor * weight[column] * Double(outer[row, column])
                }
            }
            return sum
        }
        let (xs, weights) = (x.values.map(Double.init), weight.values.map(Double.init))
        for (index, found) in gradient.values.enumerated() {
            let slope = centralDifference(xs, index) { objective($0, weights) }
            let expected = slope + (hasResidual ? Double(residual.values[index]) : 0)
            #expect(abs(Double(found) - expected) < 1e-5 * max(1, abs(expected)))
        }
        for (index, found) in weightGradient.values.enumerated() {
            let expected = centralDifference(weights, index) { objective(xs, $0) }
            #expect(abs(Double(found) - expected) < 1e-5 * max(1, abs(expected)))
        }
    }

    @Test(arguments: [Activation.relu, .gelu, .geluNew, .silu], [true, false])
    func activationAndItsGradientEqualReference(_ activation: Activation, gated: Bool) {
        var generator = SeededGenerator(seed: 4)
        for width in lengths {
            let input = generator.matrix(2, gated ? 2 * width : width, deviation: 2)
            let outer = generator.matrix(2, width)
            let (out, gradient) = (Matrix(rows: 2, columns: width), Matrix(rows: 2, columns: input.columns))
            activation.forward(input, gated: gated, into: out)
            activation.backward(input, gated: gated, outGradient: outer, into: gradient)
            for row in 0..<2 {
                for column in 0..<width {
                    let x = Double(input[row, column])
                    let gate = gated ? Double(input[row, width + column]) : 1
                    let value = activation.reference(x) * gate
                    #expect(abs(Double(out[row, column]) - value) < 2e-6 * max(1, abs(value)))
                    let slope = (activation.reference(x + 1e-5) - activation.reference(x - 1e-5)) / 2e-5
                    #expect(abs(Double(gradient[row, column]) - slope * gate * Double(outer[row, column])) < 1e-5)
                    if gated {
                        let expected = activation.reference(x) * Double(outer[row, column])
                        #expect(abs(Double(gradient[row, width + column]) - expected) < 1e-5)
                    }
                }
            }
        }
    }

    @Test(arguments: lengths)
    func rectifierKeepsPositivesAndPassesTheirGradients(count: Int) {
        var generator = SeededGenerator(seed: 5)
        let (x, gradient) = (generator.matrix(1, count), generator.matrix(1, count))
        let (before, outer) = (x.values, gradient.values)
        Activation.rectify(x)
        Activation.rectifyBackward(out: x, gradient: gradient)
        #expect(x.values == before.map { max($0, 0) })
        #expect(gradient.values == zip(before, outer).map { $0 > 0 ? $1 : 0 })
    }

    @Test func gatherAndScatterAreEachOthersAdjoint() {
        var generator = SeededGenerator(seed: 6)
        let table = generator.matrix(5, 3)
        let ids: [Int32] = [4, 0, 4, 2]
        let out = Matrix(rows: 4, columns: 3)
        Embedding.gather(table, ids: ids[...], into: out)
        #expect(out.values == ids.flatMap { table.rows(Int($0)..<Int($0) + 1).values })
        let gradient = Matrix(rows: 5, columns: 3)
        // In two ranges, as two workers would.
        Embedding.scatter(out, ids: ids[...], range: 0..<3, into: gradient)
        #expect(gradient.rows(3..<5).values.allSatisfy { $0 == 0 })
        Embedding.scatter(out, ids: ids[...], range: 3..<5, into: gradient)
        for id in 0..<5 {
            let uses = Float(ids.count { $0 == Int32(id) })
            #expect(gradient.rows(id..<id + 1).values == table.rows(id..<id + 1).values.map { $0 * uses })
        }
    }

    @Test func relativeBiasSpreadsAndGathers() {
        let table = Matrix(rows: 3, columns: 2, [1, 2, 3, 4, 5, 6])
        let buckets = [2, 0, 0, 1, 2]
        let spread = Matrix(rows: 2, columns: 5)
        RelativeBias.spread(table, buckets: buckets[...], into: spread)
        #expect(spread.values == [5, 1, 1, 3, 5, 6, 2, 2, 4, 6])
        let gradient = Matrix(rows: 3, columns: 2)
        RelativeBias.gather(
            Matrix(rows: 2, columns: 5, (1...10).map(Float.init)), buckets: buckets[...], onto: gradient)
        #expect(gradient.values == [5, 15, 4, 9, 6, 16])
    }

    @Test func lowRankUpdateEqualsItsProduct() {
        var generator = SeededGenerator(seed: 8)
        let (weights, a, b) = (generator.matrix(5, 70), generator.matrix(3, 70), generator.matrix(5, 3))
        let expected = Matrix(rows: 5, columns: 70)
        expected.copy(from: weights)
        MatrixProduct.reference(b, .plain, a, .plain, into: expected, scale: 2, accumulate: true)
        let out = Matrix(rows: 5, columns: 70)
        LowRankUpdate.merge(weights, a: a, b: b, scale: 2, into: out)
        #expect(relativeDistance(out, expected) < 1e-7)
        var flat = [9] + weights.values
        LowRankUpdate.add(
            to: &flat, at: 1, rows: 5, columns: 70, rank: 3, scale: 2, a: a.values[...], b: b.values[...])
        #expect(flat == [9] + out.values)
    }
}

/// The slope of `function` along one coordinate.
func centralDifference(_ point: [Double], _ index: Int, _ function: ([Double]) -> Double) -> Double {
    var (above, below) = (point, point)
    above[index] += 1e-5
    below[index] -= 1e-5
    return (function(above) - function(below)) / 2e-5
}
