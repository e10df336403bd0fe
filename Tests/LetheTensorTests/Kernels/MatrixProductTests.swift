import Testing

@testable import LetheTensor

struct MatrixProductTests {
    @Test(arguments: [(1, 1, 1), (3, 5, 2), (17, 4, 33), (2, 0, 3), (0, 2, 3)], [false, true])
    func productEqualsReference(_ shape: (m: Int, k: Int, n: Int), accumulate: Bool) {
        var generator = SeededGenerator(seed: 1)
        for readingA in [MatrixProduct.Reading.plain, .transposed] {
            for readingB in [MatrixProduct.Reading.plain, .transposed] {
                let a =
                    readingA == .plain
                    ? generator.stridedMatrix(shape.m, shape.k) : generator.stridedMatrix(shape.k, shape.m)
                let b =
                    readingB == .plain
                    ? generator.stridedMatrix(shape.k, shape.n) : generator.stridedMatrix(shape.n, shape.k)
                let out = generator.stridedMatrix(shape.m, shape.n)
                let expected = Matrix(rows: shape.m, columns: shape.n)
                expected.copy(from: out)
                MatrixProduct.multiply(a, readingA, b, readingB, into: out, scale: 0.5, accumulate: accumulate)
                MatrixProduct.reference(a, readingA, b, readingB, into: expected, scale: 0.5, accumulate: accumulate)
                #expect(relativeDistance(out, expected) < singlePrecision)
            }
        }
    }

    @Test func theLibraryNamesItself() {
        #expect(LinearAlgebra.library.contains("OpenBLAS"))
        #expect(!LinearAlgebra.coreType.isEmpty)
    }
}
