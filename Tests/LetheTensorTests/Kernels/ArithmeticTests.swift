import Testing

@testable import LetheTensor

struct ArithmeticTests {
    @Test(arguments: [0, 1, 15, 16, 17, 33])
    func additionIsElementByElement(columns: Int) {
        var generator = SeededGenerator(seed: 21)
        let (out, other) = (generator.matrix(3, columns), generator.matrix(3, columns))
        let expected = zip(out.values, other.values).map { $0 + $1 }
        out.add(other)
        #expect(out.values == expected)
    }

    @Test(arguments: [1, 16, 37], [false, true])
    func rowsAreSummedInTheirOrderToTheBit(columns: Int, accumulate: Bool) {
        var generator = SeededGenerator(seed: 22)
        for rows in [
            (generator.matrix(5, columns)), generator.stridedMatrix(5, columns), Matrix(rows: 0, columns: columns),
        ] {
            let out = generator.matrix(1, columns)
            let expected = (0..<columns).map { column in
                (0..<rows.rows).reduce(accumulate ? out[0, column] : 0) { $0 + rows[$1, column] }
            }
            rows.sumRows(into: out, accumulate: accumulate)
            #expect(out.values == expected)
        }
    }
}
