import LetheBytes
import LetheCrypto
import LetheLog
import Testing

struct LogTileTests {
    private let entries = (0..<300).map { Array("entry \($0)".utf8) }

    /// The bytes of a tile, straight from the definition.
    private func bytes(_ tile: LogTile) throws -> [UInt8] {
        if case .entries = tile.content {
            return try EntryBundle.encode(tile.entryIndexes.map { entries[Int($0)] })
        }
        let hashes = entries.map(MerkleTree.leafHash)
        return tile.nodes.flatMap { node in
            let start = Int(node.position) << node.level
            return MerkleTree.rootHash(of: hashes[start..<(start + 1 << node.level)]).bytes
        }
    }

    @Test func tilesOfEverySizeAreThoseOfAnotherImplementation() throws {
        let sizes = try #require(OwnVectors.json("tree.json")["tiles"]?.objectValue)
        #expect(sizes.count == 5)
        for (size, files) in sizes {
            var found: [String: String] = [:]
            try LogTile.forEach(to: UInt64(size)!) { tile in
                found[tile.path] = Digest(sha256: try bytes(tile)).hex
            }
            #expect(found == files.objectValue?.compactMapValues(\.stringValue), "size \(size)")
        }
    }

    @Test func rootsAndProofsAreThoseOfAnotherImplementation() throws {
        let hashes = entries.map(MerkleTree.leafHash)
        let tree = try OwnVectors.json("tree.json")
        for (size, root) in try #require(tree["roots"]?.objectValue) {
            #expect(MerkleTree.rootHash(of: hashes[..<Int(size)!]).hex == root.stringValue)
        }
        for vector in try OwnVectors.cases("tree.json", "inclusion") {
            let (index, size) = (try vector.number("index"), try vector.number("size"))
            let computed = try MerkleTree.inclusionProof(of: index, in: hashes, size: size)
            let expected = try vector.strings("proof")
            #expect(computed.map(\.hex) == expected)
            try MerkleTree.verifyInclusion(
                of: hashes[Int(index)], at: index, size: size, proof: computed,
                root: MerkleTree.rootHash(of: hashes[..<Int(size)]))
        }
        for vector in try OwnVectors.cases("tree.json", "consistency") {
            let (old, new) = (try vector.number("old"), try vector.number("new"))
            let expected = try vector.strings("proof")
            #expect(try MerkleTree.consistencyProof(from: old, in: hashes, to: new).map(\.hex) == expected)
        }
    }

    @Test func whatGrewIsExactlyWhatIsNew() {
        func paths(_ old: UInt64, _ new: UInt64) -> [String] {
            var paths: [String] = []
            LogTile.forEach(from: old, to: new) { paths.append($0.path) }
            return paths
        }
        for old in 0...600 as ClosedRange<UInt64> {
            let before = Set(paths(0, old))
            for new in [old, old + 1, old + 3, old + 256, 700, 66_000] where new >= old {
                let added = paths(old, new)
                #expect(Set(added).count == added.count)
                #expect(Set(added) == Set(paths(0, new)).subtracting(before), "\(old) to \(new)")
            }
        }
    }

    @Test func theTreeOf70000HasTheTilesThatTheSpecificationCounts() {
        var counts: [String: Int] = [:]
        LogTile.forEach(to: 70_000) { tile in
            guard case .hashes(let level) = tile.content else { return }
            counts["\(level) \(tile.width)", default: 0] += 1
        }
        #expect(counts == ["0 256": 273, "0 112": 1, "1 256": 1, "1 17": 1, "2 1": 1])
    }

    @Test func pathsAreThoseOfTheSpecification() throws {
        for (index, path) in try #require(OwnVectors.json("tree.json")["paths"]?.objectValue) {
            let name = "tile/0/" + (path.stringValue ?? "")
            let tile = try #require(LogTile(path: name))
            #expect(String(tile.index) == index && tile.isFull && tile.path == name)
        }
        let partial = try #require(LogTile(path: "tile/entries/x001/x234/067.p/8"))
        #expect(partial.content == .entries && partial.index == 1_234_067 && partial.width == 8)
        #expect(partial.entryIndexes == 315_921_152..<315_921_160)
    }

    @Test(arguments: [
        "", "tile", "tile/0", "tile/0/", "tile/0/0", "tile/0/00", "tile/0/0000", "tile/00/000", "tile/8/000",
        "tile/-1/000",
        "tile/0/x000", "tile/0/000/000", "tile/0/x000/000", "tile/0/x000/x001/000", "tile/0/001/x000", "tile/0/+01",
        "tile/0/-01", "tile/0/000.p", "tile/0/000.p/", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01",
        "tile/0/000.p/-1", "tile/0/000.p/1/2", "tile/0/000.q/1", "tile/entries/1", "tile/entry/000", "Tile/0/000",
        "/tile/0/000",
        "tile/0/000/", "tile//000", "tile/0/٠٠٠", "tile/0/x999/x999/x999/x999/x999/x999/x999/999", "tile/0/../000",
    ])
    func otherPathsAreRefused(path: String) {
        #expect(LogTile(path: path) == nil)
    }

    @Test func bundlesSurviveARoundTripAndEveryCutIsFound() throws {
        let some = [[], [1], Array(repeating: 7, count: 300), []] as [[UInt8]]
        let bytes = try EntryBundle.encode(some)
        #expect(try EntryBundle.decode(bytes) == some)
        #expect(try EntryBundle.decode([]) == [])
        for count in 1..<bytes.count where ![2, 5, 307].contains(count) {
            #expect(throws: EntryBundleError.self, "\(count) bytes") {
                try EntryBundle.decode(Array(bytes.prefix(count)))
            }
        }
        #expect(throws: EntryBundleError.tooManyEntries(limit: 256)) {
            try EntryBundle.decode([UInt8](repeating: 0, count: 514))
        }
        #expect(throws: EntryBundleError.entryTooLong(number: 1, limit: 65_535, found: 65_536)) {
            try EntryBundle.encode([[], [UInt8](repeating: 0, count: 65_536)])
        }
    }

    /// The tiles of a log that another implementation wrote: every bundle and every tile follows from the entries.
    @Test(.enabled(if: SharedVectors.exist))
    func everyTileOfATesseraLogIsReproduced() throws {
        let folder = "tlog/tessera-testlog/"
        let entries = try EntryBundle.decode(SharedVectors.bytes(folder + "tile/entries/000.p/10"))
        for size in 1...10 as ClosedRange<UInt64> {
            try LogTile.forEach(to: size) { tile in
                let part = Array(entries.prefix(tile.width))
                let expected =
                    tile.content == .entries
                    ? try EntryBundle.encode(part) : part.flatMap { MerkleTree.leafHash($0).bytes }
                #expect(try SharedVectors.bytes(folder + tile.path) == expected, "\(tile.path)")
            }
        }
    }

    @Test(.enabled(if: SharedVectors.exist))
    func sharedPathsAreThoseOfTheSpecification() throws {
        let paths = try #require(SharedVectors.json("tlog/c2sp-syntax-examples.json")["tile_paths"]?.objectValue)
        for (index, path) in paths {
            #expect(LogTile(path: "tile/0/" + path.stringValue!)?.index == UInt64(index))
        }
    }
}
