import Foundation
import LetheBytes
import Testing

@testable import LetheService

/// Where two model folders differ, one of which is anybody's.
struct DifferencesTests {
    private let folder: TestFolder

    init() throws {
        folder = try TestFolder()
        for name in ["expected", "found"] { try Files.createFolder(folder.path(name)) }
    }

    private func differences(_ name: String, _ expected: [UInt8]?, _ found: [UInt8]?) throws -> [String] {
        for (side, bytes) in [("expected", expected), ("found", found)] {
            try Files.write([1], to: folder.path("\(side)/same"))
            if let bytes { try Files.write(bytes, to: folder.path("\(side)/\(name)")) }
        }
        return Differences.ofModels(expected: folder.path("expected"), found: folder.path("found"))
    }

    private func tensors(_ header: String, bytes: Int) -> [UInt8] {
        let padded = Array(header.utf8)
        return (0..<8).map { UInt8(truncatingIfNeeded: padded.count >> (8 * $0)) } + padded
            + [UInt8](repeating: 0, count: bytes)
    }

    @Test func filesAreLaidSideBySideByteForByte() throws {
        #expect(try differences("a", [1, 2, 3], [1, 2, 3]) == [])
        #expect(try differences("a", [1, 2, 3], [1, 7, 3]) == ["a: byte 1 differs"])
        #expect(
            try differences("a", [1, 2, 3], [1]) == ["a: the beginning is equal; expected 3 bytes, found 1"])
        #expect(try differences("b", [1], nil).contains("b: missing"))
        #expect(try differences("c", nil, [1]).contains("c: not expected"))
    }

    @Test func whatIsMuchLargerThanOnesOwnIsNotReadIntoMemory() throws {
        let size = 3 << 20
        #expect(
            try differences("config.json", [1, 2], [UInt8](repeating: 1, count: size))
                == ["config.json: expected 2 bytes, found \(size)"])
        // As long as it says, and nothing of it on the disk.
        let path = folder.path("found/config.json")
        let handle = try #require(FileHandle(forWritingAtPath: path))
        try handle.truncate(atOffset: 1 << 28)
        try handle.close()
        #expect(
            Differences.ofModels(expected: folder.path("expected"), found: folder.path("found"))
                == ["config.json: expected 2 bytes, found \(1 << 28)"])
    }

    @Test func aTensorOfManyDimensionsIsOneShortLine() throws {
        let ones = Array(repeating: "1", count: 1000).joined(separator: ",")
        let expected = tensors(#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, bytes: 4)
        let found = tensors(#"{"a":{"dtype":"F32","shape":[\#(ones)],"data_offsets":[0,4]}}"#, bytes: 4)
        #expect(
            try differences("model.safetensors", expected, found) == [
                "model.safetensors: tensor a: expected F32 [1], found F32 [1, 1, 1, 1, 1, 1, 1, 1] and 992 dimensions "
                    + "more; no other tensor differs"
            ])
    }

    @Test func namesThatAreAnybodysAreEscaped() throws {
        let lines = try differences("\u{1b}[2J", nil, [1])
        // A name with control characters is none inside of a model.
        #expect(lines.count == 1 && lines.allSatisfy { $0.utf8.allSatisfy { 0x20...0x7e ~= $0 } })
        let other = try DifferencesTests()
        #expect(try other.differences("é", nil, [1]) == [#""\u{e9}": not expected"#])
        #expect(try other.differences("é", nil, [1]).count == 1)
    }
}
