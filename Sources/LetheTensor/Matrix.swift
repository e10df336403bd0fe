/// A view of rows in a block of floats: row-major, `stride` elements from row to row. Copying a view copies no numbers.
package struct Matrix: Sendable {
    package let storage: Storage<Float>
    package let offset: Int
    package let rows: Int
    package let columns: Int
    package let stride: Int

    /// Views part of a block; traps where the view would leave it.
    package init(_ storage: Storage<Float>, offset: Int = 0, rows: Int, columns: Int, stride: Int? = nil) {
        let stride = stride ?? columns
        precondition(rows >= 0 && columns >= 0 && stride >= columns && offset >= 0, "a view of [\(rows), \(columns)]")
        precondition(
            rows == 0 || offset + (rows - 1) * stride + columns <= storage.count,
            "a view of [\(rows), \(columns)] by \(stride) at \(offset) leaves a block of \(storage.count)")
        self.storage = storage
        self.offset = offset
        self.rows = rows
        self.columns = columns
        self.stride = stride
    }

    /// A new zeroed matrix of its own.
    package init(rows: Int, columns: Int) {
        self.init(Storage(count: rows * columns), rows: rows, columns: columns)
    }

    /// A new matrix with these values; traps unless there are rows × columns of them.
    package init(rows: Int, columns: Int, _ values: [Float]) {
        precondition(values.count == rows * columns, "\(values.count) values for [\(rows), \(columns)]")
        self.init(Storage(values), rows: rows, columns: columns)
    }

    /// The first element; the init has checked that the view lies inside its block.
    var pointer: UnsafeMutablePointer<Float> { storage.base + offset }

    /// Number of elements.
    package var count: Int { rows * columns }
    /// Whether the rows touch one another, as the elementwise kernels demand.
    package var isContiguous: Bool { stride == columns || rows <= 1 }

    /// The view of some rows.
    package func rows(_ range: Range<Int>) -> Matrix {
        precondition(range.lowerBound >= 0 && range.upperBound <= rows, "rows \(range) of \(rows)")
        return Matrix(
            storage, offset: offset + range.lowerBound * stride, rows: range.count, columns: columns, stride: stride)
    }

    /// The view of some columns.
    package func columns(_ range: Range<Int>) -> Matrix {
        precondition(range.lowerBound >= 0 && range.upperBound <= columns, "columns \(range) of \(columns)")
        return Matrix(storage, offset: offset + range.lowerBound, rows: rows, columns: range.count, stride: stride)
    }

    /// Elements of a contiguous matrix, seen in another shape from the `first` on.
    package func block(at first: Int, rows: Int, columns: Int) -> Matrix {
        precondition(
            isContiguous && first >= 0 && first + rows * columns <= count, "block of [\(rows), \(columns)] at \(first)")
        return Matrix(storage, offset: offset + first, rows: rows, columns: columns)
    }

    /// One element; traps outside the view.
    package subscript(row: Int, column: Int) -> Float {
        get {
            precondition(row >= 0 && row < rows && column >= 0 && column < columns, "[\(row), \(column)]")
            return storage[offset + row * stride + column]
        }
        nonmutating set {
            precondition(row >= 0 && row < rows && column >= 0 && column < columns, "[\(row), \(column)]")
            storage[offset + row * stride + column] = newValue
        }
    }

    /// A copy of the elements, row after row.
    package var values: [Float] {
        Array(unsafeUninitializedCapacity: count) { buffer, initialized in
            copy(to: buffer)
            initialized = count
        }
    }

    /// Copies the elements, row after row, into a place with room for them; traps where it is smaller.
    package func copy(to buffer: UnsafeMutableBufferPointer<Float>) {
        precondition(buffer.count >= count, "room for \(buffer.count) of \(count) values")
        guard let start = buffer.baseAddress else { return }
        for row in 0..<rows { (start + row * columns).initialize(from: pointer + row * stride, count: columns) }
    }

    /// Overwrites the elements of a contiguous matrix; traps unless the counts agree.
    package func copy(from values: some Collection<Float>) {
        precondition(isContiguous && values.count == count, "\(values.count) values for [\(rows), \(columns)]")
        let done: Void? = values.withContiguousStorageIfAvailable { source in
            if let start = source.baseAddress { pointer.update(from: start, count: count) }
        }
        if done == nil {
            for (index, value) in values.enumerated() { pointer[index] = value }
        }
    }

    /// Overwrites this matrix with another of its shape.
    package func copy(from other: Matrix) {
        precondition(rows == other.rows && columns == other.columns, "shape of the source")
        if isContiguous && other.isContiguous {
            pointer.update(from: other.pointer, count: count)
        } else {
            for row in 0..<rows {
                (pointer + row * stride).update(from: other.pointer + row * other.stride, count: columns)
            }
        }
    }

    /// Sets every element of a contiguous matrix to zero.
    package func clear() {
        precondition(isContiguous, "clearing needs touching rows")
        pointer.update(repeating: 0, count: count)
    }
}
