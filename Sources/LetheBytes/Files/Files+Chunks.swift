extension Files {
    /// Reads the regular file at `path` from beginning to end in pieces, for files of any size.
    ///
    /// - Parameter body: called with each piece in order; never with an empty one.
    /// - Returns: the number of bytes read.
    /// - Throws: `FileError` when the file cannot be opened or read.
    @discardableResult
    public static func forEachChunk(
        of path: String, chunkSize: Int = 1 << 18, _ body: (ArraySlice<UInt8>) -> Void
    ) throws(FileError) -> Int {
        let file = try OpenFile(reading: path)
        var buffer = [UInt8](repeating: 0, count: chunkSize)
        var total = 0
        while true {
            let count = try file.read(into: &buffer, at: 0)
            guard count > 0 else { return total }
            total += count
            body(buffer[..<count])
        }
    }
}
