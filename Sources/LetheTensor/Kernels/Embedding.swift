import CKernels

/// Rows of a table by token id, and their gradients' way back.
package enum Embedding {
    // table, tableGradient (V, D); ids (n), each in 0..<V; out, gradient (n, D).

    package static func gather(_ table: Matrix, ids: ArraySlice<Int32>, into out: Matrix) {
        check(table, ids, out)
        ids.withUnsafeBufferPointer { ids in
            guard let start = ids.baseAddress else { return }
            lethe_gather(table.pointer, start, out.pointer, ids.count, table.columns)
        }
    }

    /// The rows `range` of tableGradient grow by the gradients of their ids, in the order of `ids`.
    package static func scatter(
        _ gradient: Matrix, ids: ArraySlice<Int32>, range: Range<Int>, into tableGradient: Matrix
    ) {
        check(tableGradient, ids, gradient)
        precondition(range.lowerBound >= 0 && range.upperBound <= tableGradient.rows, "rows \(range)")
        ids.withUnsafeBufferPointer { ids in
            guard let start = ids.baseAddress else { return }
            lethe_scatter(
                tableGradient.pointer, start, gradient.pointer, ids.count, tableGradient.columns,
                Int32(range.lowerBound), Int32(range.upperBound))
        }
    }

    private static func check(_ table: Matrix, _ ids: ArraySlice<Int32>, _ rows: Matrix) {
        precondition(
            table.isContiguous && rows.isContiguous && rows.rows == ids.count && rows.columns == table.columns,
            "\(ids.count) rows of [\(table.rows), \(table.columns)] into [\(rows.rows), \(rows.columns)]")
        precondition(
            ids.allSatisfy { $0 >= 0 && Int($0) < table.rows }, "an id is outside the table of \(table.rows) rows")
    }
}
