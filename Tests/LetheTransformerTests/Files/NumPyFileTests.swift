import Testing

@testable import LetheTransformer

/// Arrays in NumPy's format, and what is none.
struct NumPyFileTests {
    /// A file with this header, padded as NumPy pads it, and these bytes after it.
    private static func file(_ header: String, version: UInt8 = 1, _ data: [UInt8]) -> [UInt8] {
        let sizeBytes = version == 1 ? 2 : 4
        var text = Array(header.utf8)
        while (8 + sizeBytes + text.count + 1) % 64 != 0 { text.append(0x20) }
        text.append(0x0A)
        let length = (0..<sizeBytes).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }
        return [0x93] + Array("NUMPY".utf8) + [version, 0] + length + text + data
    }

    private static func header(_ type: String, _ shape: String) -> String {
        "{'descr': '\(type)', 'fortran_order': False, 'shape': \(shape), }"
    }

    private static let floats: [UInt8] = LittleEndian.write([Float(1), -2, 0.5, 3, 4, 5])

    @Test(arguments: [UInt8(1), 2, 3]) func singlesAreReadInEveryVersion(version: UInt8) throws {
        let file = try NumPyFile(Self.file(Self.header("<f4", "(2, 3)"), version: version, Self.floats))
        #expect(file.shape == [2, 3] && file.values == [1, -2, 0.5, 3, 4, 5])
    }

    @Test func halvesAndDoublesAreReadToo() throws {
        let halves = try NumPyFile(Self.file(Self.header("<f2", "(3,)"), LittleEndian.write([Float16(1), -2, 0.5])))
        #expect(halves.shape == [3] && halves.values == [1, -2, 0.5])
        let doubles = try NumPyFile(Self.file(Self.header("<f8", "(1, 2)"), LittleEndian.write([0.25, -8.0])))
        #expect(doubles.shape == [1, 2] && doubles.values == [0.25, -8])
        #expect(try NumPyFile(Self.file(Self.header("<f4", "()"), LittleEndian.write([Float(7)]))).values == [7])
        #expect(try NumPyFile(Self.file(Self.header("<f4", "(0, 3)"), [])).values.isEmpty)
    }

    @Test(
        arguments: [
            ("{'descr': '>f4', 'fortran_order': False, 'shape': (2, 3), }", "<f4"),
            ("{'descr': '|O', 'fortran_order': False, 'shape': (2, 3), }", "<f4"),
            ("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }", "fortran_order False"),
            ("{'descr': '<f4', 'fortran_order': False, }", "expected descr, fortran_order and shape"),
            ("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", "once each"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (-2, 3), }", "whole numbers"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (2 3), }", "expected )"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), } x", "its end"),
            ("{'descr': '<f4, }", "expected"),
            ("{", "expected '"),
            ("", "expected {"),
            ("{'shape': (99999999999, 99999999999, 99999999999), 'descr': '<f4', 'fortran_order': False}", "too large"),
            ("{'shape': (99999999999999999999, 1), 'descr': '<f4', 'fortran_order': False}", "whole numbers"),
        ]) func otherHeadersAreRefused(header: String, problem: String)
    {
        do {
            _ = try NumPyFile(Self.file(header, Self.floats))
            Issue.record("was read")
        } catch {
            #expect("\(error)".contains(problem), "\(error)")
        }
    }

    @Test func noPrefixAndNoLongerFileIsRead() throws {
        let whole = Self.file(Self.header("<f4", "(2, 3)"), Self.floats)
        for length in 0..<whole.count { #expect(throws: NumPyError.self) { try NumPyFile(Array(whole[..<length])) } }
        #expect(throws: NumPyError.truncated(expected: whole.count, found: whole.count + 1)) {
            try NumPyFile(whole + [0])
        }
        #expect(throws: NumPyError.version("4.0")) {
            try NumPyFile(Self.file(Self.header("<f4", "(2, 3)"), version: 4, Self.floats))
        }
    }
}
