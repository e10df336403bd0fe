import Testing

@testable import LetheTensor

struct MatrixTests {
    @Test func viewsSeeTheRightElements() {
        let matrix = Matrix(rows: 3, columns: 4, (0..<12).map(Float.init))
        #expect(matrix.rows(1..<3).columns(1..<3).values == [5, 6, 9, 10])
        #expect(matrix.block(at: 2, rows: 2, columns: 3).values == [2, 3, 4, 5, 6, 7])
        #expect(!matrix.columns(0..<2).isContiguous)
        #expect(matrix[2, 3] == 11)
    }

    @Test func copyingBetweenStridesKeepsTheElements() {
        let wide = Matrix(rows: 2, columns: 5)
        wide.columns(1..<4).copy(from: Matrix(rows: 2, columns: 3, [1, 2, 3, 4, 5, 6]))
        #expect(wide.values == [0, 1, 2, 3, 0, 0, 4, 5, 6, 0])
        let narrow = Matrix(rows: 2, columns: 3)
        narrow.copy(from: wide.columns(1..<4))
        #expect(narrow.values == [1, 2, 3, 4, 5, 6])
    }

    @Test func additionsAndSumsOfRowsAreExact() {
        let matrix = Matrix(rows: 2, columns: 2, [1, 2, 3, 4])
        matrix.add(Matrix(rows: 2, columns: 2, [10, 20, 30, 40]))
        #expect(matrix.values == [11, 22, 33, 44])
        let sum = Matrix(rows: 1, columns: 2, [1, 1])
        matrix.sumRows(into: sum)
        #expect(sum.values == [44, 66])
        matrix.sumRows(into: sum, accumulate: true)
        #expect(sum.values == [88, 132])
    }
}
