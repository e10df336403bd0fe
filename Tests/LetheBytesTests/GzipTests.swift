import LetheBytes
import Testing

struct GzipTests {
    /// "Lethe\n" as the `gzip` tool compresses it with -n.
    static let lethe = stored(Array("Lethe\n".utf8))

    /// A gzip member with stored blocks, made by hand after RFC 1951 and RFC 1952.
    static func stored(_ bytes: [UInt8]) -> [UInt8] {
        func little(_ value: UInt32, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt32($0))) }
        }
        var member: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]
        var start = 0
        repeat {
            let block = bytes[start..<min(start + 0xffff, bytes.count)]
            start = block.endIndex
            let count = UInt32(block.count)
            member += [start == bytes.count ? 1 : 0] + little(count, 2) + little(~count, 2) + block
        } while start < bytes.count
        var checksum: UInt32 = 0xffff_ffff
        for byte in bytes {
            checksum ^= UInt32(byte)
            for _ in 0..<8 { checksum = checksum & 1 == 1 ? checksum >> 1 ^ 0xedb8_8320 : checksum >> 1 }
        }
        return member + little(~checksum, 4) + little(UInt32(truncatingIfNeeded: bytes.count), 4)
    }

    /// `printf 'aaaaaaaaaaaaaaaaaaaabbbb' | gzip -9n`.
    static let compressed: [UInt8] = [
        0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x4b, 0x4c, 0xc4, 0x04, 0x49, 0x40, 0x00, 0x00,
        0x4a,
        0x69, 0xd5, 0x44, 0x18, 0x00, 0x00, 0x00,
    ]

    @Test func compressedDataComesOut() throws {
        #expect(try Gzip.inflate(Self.lethe, limit: 6) == Array("Lethe\n".utf8))
        #expect(try Gzip.inflate(Self.compressed, limit: 100) == Array("aaaaaaaaaaaaaaaaaaaabbbb".utf8))
        #expect(try Gzip.inflate(Self.stored([]), limit: 0) == [])
        let large = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        #expect(try Gzip.inflate(Self.stored(large), limit: large.count) == large)
    }

    @Test func severalMembersAreOneContent() throws {
        #expect(try Gzip.inflate(Self.lethe + Self.stored([]) + Self.lethe, limit: 12) == Array("Lethe\nLethe\n".utf8))
    }

    @Test func theLimitHolds() {
        #expect(throws: GzipError.tooLarge(limit: 5)) { try Gzip.inflate(Self.lethe, limit: 5) }
        #expect(throws: GzipError.tooLarge(limit: 0)) { try Gzip.inflate(Self.lethe, limit: 0) }
    }

    @Test func everyTruncationIsFound() {
        for count in 0..<Self.compressed.count {
            #expect(throws: GzipError.truncated) { try Gzip.inflate(Array(Self.compressed.prefix(count)), limit: 100) }
        }
    }

    @Test func damageIsFound() {
        #expect(throws: GzipError.self) { try Gzip.inflate(Self.lethe + [0], limit: 100) }
        #expect(throws: GzipError.self) { try Gzip.inflate(Array("plain text".utf8), limit: 100) }
        // Header bytes 4 to 9 (time, flags, system) say nothing about the content; every other bit matters.
        for offset in Self.lethe.indices where !(4...9).contains(offset) && offset != 3 {
            for bit in 0..<8 {
                var damaged = Self.lethe
                damaged[offset] ^= 1 << UInt8(bit)
                let result = try? Gzip.inflate(damaged, limit: 100)
                #expect(result == nil || result == Array("Lethe\n".utf8), "byte \(offset), bit \(bit)")
            }
        }
    }
}

struct LineReaderTests {
    private static func lines(_ bytes: [UInt8], maximum: Int = 1 << 20) throws -> [String] {
        try withTemporaryFolder { folder throws in
            let path = Files.join(folder, "lines")
            try Files.write(bytes, to: path)
            let reader = try LineReader(path: path, maximumLineLength: maximum)
            var lines: [String] = []
            while let line = try reader.next() { lines.append(String(decoding: line, as: UTF8.self)) }
            #expect(reader.lineNumber == lines.count)
            #expect(try reader.next() == nil)
            return lines
        }
    }

    @Test(
        arguments: [
            ("", []), ("\n", [""]), ("a", ["a"]), ("a\n", ["a"]), ("a\nb", ["a", "b"]),
            ("a\r\n\r\nb\r", ["a", "", "b"]),
            ("\n\n", ["", ""]),
        ] as [(String, [String])])
    func linesEndAtLineFeeds(text: String, expected: [String]) throws {
        #expect(try Self.lines(Array(text.utf8)) == expected)
        #expect(try Self.lines(GzipTests.stored(Array(text.utf8))) == expected)
    }

    @Test func linesAcrossPiecesAreWhole() throws {
        let expected = (0..<30_000).map { String(repeating: "x", count: $0 % 61) + "\($0)" }
        let text = Array((expected.joined(separator: "\n") + "\n").utf8)
        #expect(text.count > 1 << 20)
        #expect(try Self.lines(text) == expected)
        #expect(try Self.lines(GzipTests.stored(text)) == expected)
    }

    @Test func longLinesAreRefusedWithTheirNumber() throws {
        #expect(try Self.lines(Array("ab\nabc\n".utf8), maximum: 3) == ["ab", "abc"])
        for text in ["ab\nabcd\n", "ab\nabcd", "ab\n" + String(repeating: "x", count: 1 << 20)] {
            #expect {
                try Self.lines(Array(text.utf8), maximum: 3)
            } throws: { error in
                "\(error)".hasSuffix("line 2 is longer than 3 bytes")
            }
        }
    }

    @Test func truncatedAndDamagedGzipIsAnError() throws {
        let text = Array(String(repeating: "some line\n", count: 60_000).utf8)
        let member = GzipTests.stored(text)
        for count in [3, 9, 10, 1000, 1 << 18, 1 << 18 + 1, member.count - 1] {
            #expect {
                try Self.lines(Array(member.prefix(count)))
            } throws: { error in
                "\(error)".hasSuffix("gzip data is truncated")
            }
        }
        var damaged = member
        damaged[member.count - 7] ^= 1
        #expect {
            try Self.lines(damaged)
        } throws: { error in
            "\(error)".contains("gzip data is corrupt (incorrect data check)")
        }
    }

    @Test(.enabled(if: Shared.exists)) func theRatingsFileIsReadWhole() throws {
        let folder = Files.join(Shared.folder, "data/ml-1m")
        let name = try #require(try Files.names(in: folder).first { $0.hasPrefix("ratings.dat") })
        let reader = try LineReader(path: Files.join(folder, name))
        var count = 0
        while try reader.next() != nil { count += 1 }
        #expect(count == 800_774)
    }
}
