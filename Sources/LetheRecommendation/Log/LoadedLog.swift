/// What has been read of a log so far.
struct LoadedLog {
    var ratings: [Rating] = []
    var users = EntityTable()
    var items = EntityTable()
    var provenance = DatasetProvenance()
}

/// Names of users or of items with their numbers.
struct EntityTable {
    /// A name, its number, and the line that has it first.
    struct Entry {
        let name: String
        let id: Int
        let line: Int
    }

    private var entries: [Entry] = []
    private var positionOfID: [Int: Int] = [:]

    /// All entries by number.
    var sorted: [Entry] { entries.sorted { $0.id < $1.id } }

    /// The number of a name and its position, which is below 2^32.
    ///
    /// - Throws: `DatasetError.malformed` where two names have the same number.
    mutating func add(
        _ name: String, _ rows: RowReader, what: String
    ) throws(DatasetError) -> (id: Int, position: Int) {
        let id = EntityNumber.of(name)
        if let position = positionOfID[id] {
            guard entries[position].name.utf8.elementsEqual(name.utf8) else {
                throw rows.malformed(
                    what, expected: "names with different numbers",
                    found: "one with the number of that in line \(entries[position].line); rename one of them")
            }
            return (id, position)
        }
        positionOfID[id] = entries.count
        entries.append(Entry(name: name, id: id, line: rows.line))
        return (id, entries.count - 1)
    }

    /// The number of a name that was added, or nil.
    func id(of name: String) -> Int? {
        let id = EntityNumber.of(name)
        guard let position = positionOfID[id], entries[position].name.utf8.elementsEqual(name.utf8) else { return nil }
        return id
    }
}
