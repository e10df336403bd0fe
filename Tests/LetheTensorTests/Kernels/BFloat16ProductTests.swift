import Testing

@testable import LetheTensor

struct BFloat16ProductTests {
    private static let shapes = [
        (1, 1, 1), (3, 5, 2), (13, 37, 33), (12, 32, 32), (25, 129, 70), (2, 0, 3), (200, 3, 40),
    ]

    private func operands(
        _ shape: (m: Int, k: Int, n: Int), _ readingA: MatrixProduct.Reading, _ readingB: MatrixProduct.Reading,
        _ generator: inout SeededGenerator
    ) -> (Matrix, Matrix) {
        let a =
            readingA == .plain
            ? generator.stridedMatrix(shape.m, shape.k) : generator.stridedMatrix(shape.k, shape.m)
        let b =
            readingB == .plain
            ? generator.stridedMatrix(shape.k, shape.n) : generator.stridedMatrix(shape.n, shape.k)
        return (a, b)
    }

    @Test(arguments: shapes, [false, true])
    func bothPathsGiveTheBitsOfTheReference(_ shape: (m: Int, k: Int, n: Int), accumulate: Bool) {
        var generator = SeededGenerator(seed: 1)
        for readingA in [MatrixProduct.Reading.plain, .transposed] {
            for readingB in [MatrixProduct.Reading.plain, .transposed] {
                let (a, b) = operands(shape, readingA, readingB, &generator)
                let start = generator.matrix(shape.m, shape.n)
                let results = [false, true, nil].map { portable in
                    let out = Matrix(rows: shape.m, columns: shape.n + 3).columns(1..<shape.n + 1)
                    out.copy(from: start)
                    if let portable {
                        BFloat16Product.multiply(
                            a, readingA, b, readingB, into: out, scale: 0.3, accumulate: accumulate, portable: portable)
                    } else {
                        BFloat16Product.reference(
                            a, readingA, b, readingB, into: out, scale: 0.3, accumulate: accumulate)
                    }
                    return out.values.map(\.bitPattern)
                }
                if shape.k > 0 {
                    #expect(results[0] == results[2])
                    #expect(results[1] == results[2])
                }
            }
        }
    }

    @Test func longSumsAreCutAtTheStatedPlace() {
        var generator = SeededGenerator(seed: 2)
        let (a, b) = (generator.matrix(3, 4099), generator.matrix(4099, 5))
        let (found, plain, expected) = (
            Matrix(rows: 3, columns: 5), Matrix(rows: 3, columns: 5), Matrix(rows: 3, columns: 5)
        )
        BFloat16Product.multiply(a, .plain, b, .plain, into: found)
        BFloat16Product.multiply(a, .plain, b, .plain, into: plain, portable: true)
        BFloat16Product.reference(a, .plain, b, .plain, into: expected, scale: 1, accumulate: false)
        #expect(found.values.map(\.bitPattern) == expected.values.map(\.bitPattern))
        #expect(plain.values.map(\.bitPattern) == expected.values.map(\.bitPattern))
    }

    @Test func extremeNumbersHaveTheSameBitsOnBothPaths() {
        let special: [Float] = [
            0, -0.0, .leastNonzeroMagnitude, .leastNormalMagnitude, 1e-30, -1e-25, 3e38, -3e38, .infinity, 1, -1,
            0x1.01p0,
        ]
        let count = special.count
        let a = Matrix(rows: count, columns: 2, special.flatMap { [$0, 1e-30] })
        let b = Matrix(rows: 2, columns: count, special + special.reversed())
        let results = [false, true].map { portable in
            let out = Matrix(rows: count, columns: count)
            BFloat16Product.multiply(a, .plain, b, .plain, into: out, portable: portable)
            return out.values.map { $0.isNaN ? UInt32.max : $0.bitPattern }
        }
        #expect(results[0] == results[1])
    }

    @Test func operandsAreRoundedToNearestTiesToEven() {
        for (value, expected) in [
            (Float(1), Float(1)), (0x1.00fp0, 0x1.00p0), (0x1.01p0, 0x1.00p0), (0x1.03p0, 0x1.04p0),
            (0x1.0101p0, 0x1.02p0), (-0x1.03p0, -0x1.04p0), (Float(bitPattern: 70_000), 0), (3.4e38, .infinity),
        ] {
            #expect(BFloat16Product.rounded(value) == expected || expected.isInfinite)
            let out = Matrix(rows: 1, columns: 1)
            BFloat16Product.multiply(
                Matrix(rows: 1, columns: 1, [value]), .plain, Matrix(rows: 1, columns: 1, [1]), .plain, into: out)
            #expect(out[0, 0] == expected, "\(value)")
        }
    }

    @Test func theProductIsNearTheExactOne() {
        var generator = SeededGenerator(seed: 3)
        let (a, b) = (generator.matrix(20, 300), generator.matrix(300, 40))
        let (found, exact) = (Matrix(rows: 20, columns: 40), Matrix(rows: 20, columns: 40))
        BFloat16Product.multiply(a, .plain, b, .plain, into: found)
        MatrixProduct.reference(a, .plain, b, .plain, into: exact, scale: 1, accumulate: false)
        // Each operand is off by at most 2^-9; 300 such errors of random sign add up as their root.
        let error = zip(found.values, exact.values).map { abs($0 - $1) }.max() ?? .infinity
        #expect(error < 0.4 && error > 0)
    }
}
