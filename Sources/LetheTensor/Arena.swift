/// Hands out matrices from one block of memory that is kept from step to step.
///
/// The first round finds the size; from then on a round that is not larger allocates nothing.
///
/// Safety of `@unchecked Sendable`: whoever owns an arena takes matrices before the workers start; it passes from one owner to the
/// next, never shared.
package final class Arena: @unchecked Sendable {
    private var blocks: [Storage<Float>] = []
    private var used = 0
    private var spent = 0

    package init() {}

    /// Takes back everything. Matrices handed out before must not be used any more.
    package func reset() {
        if blocks.count > 1 {
            // The last round did not fit into one block: the next one will, even if it is a little larger.
            blocks = [Storage(count: spent + spent / 8)]
        }
        used = 0
        spent = 0
    }

    /// A matrix whose elements are whatever was there before.
    package func matrix(rows: Int, columns: Int) -> Matrix {
        // Every matrix starts on its own cache line.
        let size = (rows * columns + 15) & ~15
        if blocks.isEmpty || used + size > blocks[blocks.count - 1].count {
            blocks.append(Storage(count: max(size, spent, 1 << 16)))
            used = 0
        }
        let matrix = Matrix(blocks[blocks.count - 1], offset: used, rows: rows, columns: columns)
        used += size
        spent += size
        return matrix
    }
}
