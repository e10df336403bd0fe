/// The lines of a plain or gzip-compressed text file, one after the other, in little memory.
///
/// A line ends at a line feed, which is not part of it, nor is a carriage return before it. The last line may lack its end.
public final class LineReader {
    /// The path of the file.
    public let path: String
    /// The number of the line that ``next()`` returned last, counted from 1.
    public private(set) var lineNumber = 0
    private let maximumLineLength: Int
    private let file: OpenFile
    private let inflater: Inflater?
    private var compressed: [UInt8]
    private var compressedPosition = 0
    private var buffer: [UInt8] = []
    private var position = 0
    private var isAtEnd = false
    private static let chunkSize = 1 << 18

    /// Opens the file; its first two bytes tell whether it is compressed.
    public init(path: String, maximumLineLength: Int = 1 << 20) throws(FileError) {
        self.path = path
        self.maximumLineLength = maximumLineLength
        file = try OpenFile(reading: path)
        var start = [UInt8](repeating: 0, count: Self.chunkSize)
        let count = try file.read(into: &start, at: 0)
        start.removeLast(start.count - count)
        if Gzip.isGzip(start) {
            do { inflater = try Inflater() } catch { throw .malformed(path: path, reason: "\(error)") }
            compressed = start
        } else {
            inflater = nil
            compressed = []
            buffer = start
        }
    }

    /// The next line, or `nil` after the last one.
    /// - Throws: `.malformed` for a line that is too long and for gzip data that is truncated or corrupt.
    public func next() throws(FileError) -> [UInt8]? {
        var searched = position
        while true {
            if let end = buffer.firstIndex(of: 0x0a, from: searched) {
                lineNumber += 1
                let line = try line(position..<end)
                position = end + 1
                return line
            }
            if isAtEnd { break }
            guard buffer.count - position <= maximumLineLength + 1 else { throw tooLong() }
            searched = buffer.count - position
            buffer.removeFirst(position)
            position = 0
            let chunk = try nextChunk()
            isAtEnd = chunk.isEmpty
            buffer += chunk
        }
        guard position < buffer.count else { return nil }
        lineNumber += 1
        let line = try line(position..<buffer.count)
        position = buffer.count
        return line
    }

    private func line(_ range: Range<Int>) throws(FileError) -> [UInt8] {
        let hasReturn = !range.isEmpty && buffer[range.upperBound - 1] == 0x0d
        let content = hasReturn ? range.lowerBound..<range.upperBound - 1 : range
        guard content.count <= maximumLineLength else { throw tooLong(lineNumber) }
        return Array(buffer[content])
    }

    private func tooLong(_ number: Int? = nil) -> FileError {
        .malformed(path: path, reason: "line \(number ?? lineNumber + 1) is longer than \(maximumLineLength) bytes")
    }

    /// More text; empty only at the end of the file.
    private func nextChunk() throws(FileError) -> [UInt8] {
        guard let inflater else { return try readChunk() }
        do {
            while true {
                let chunk = try inflater.inflate(compressed, from: &compressedPosition, atMost: Self.chunkSize)
                if !chunk.isEmpty { return chunk }
                if compressedPosition < compressed.count { continue }
                compressed = try readChunk()
                compressedPosition = 0
                if compressed.isEmpty {
                    guard inflater.isComplete else { throw GzipError.truncated }
                    return []
                }
            }
        } catch let error as FileError {
            throw error
        } catch {
            throw .malformed(path: path, reason: "\(error)")
        }
    }

    private func readChunk() throws(FileError) -> [UInt8] {
        var chunk = [UInt8](repeating: 0, count: Self.chunkSize)
        let count = try file.read(into: &chunk, at: 0)
        chunk.removeLast(chunk.count - count)
        return chunk
    }
}
