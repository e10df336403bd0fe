/// The table of relative positions, spread out by distance for the attention kernels and gathered again.
package enum RelativeBias {
    // table, tableGradient (B, H): bucket by head; buckets (2 L - 1): the bucket of each distance from -(L - 1) to L - 1;
    // spread, spreadGradient (H, 2 L - 1).

    package static func spread(_ table: Matrix, buckets: ArraySlice<Int>, into spread: Matrix) {
        check(table, buckets, spread)
        for head in 0..<spread.rows {
            for (index, bucket) in buckets.enumerated() { spread[head, index] = table[bucket, head] }
        }
    }

    /// tableGradient grows by the sums over the distances of each bucket.
    package static func gather(_ spreadGradient: Matrix, buckets: ArraySlice<Int>, onto tableGradient: Matrix) {
        check(tableGradient, buckets, spreadGradient)
        for head in 0..<spreadGradient.rows {
            for (index, bucket) in buckets.enumerated() { tableGradient[bucket, head] += spreadGradient[head, index] }
        }
    }

    private static func check(_ table: Matrix, _ buckets: ArraySlice<Int>, _ spread: Matrix) {
        precondition(
            spread.rows == table.columns && spread.columns == buckets.count,
            "\(buckets.count) distances, table [\(table.rows), \(table.columns)], spread [\(spread.rows), \(spread.columns)]"
        )
    }
}
