import LetheBytes
import LetheTransformer
import Testing

struct SafetensorsTests {
    /// A file with this header and this much data, whatever they say.
    static func file(_ header: String, data: Int, length: UInt64? = nil) -> [UInt8] {
        let length = length ?? UInt64(header.utf8.count)
        let prefix = (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * UInt64($0))) }
        return prefix + Array(header.utf8) + (0..<data).map { UInt8(truncatingIfNeeded: $0) }
    }

    static func entry(_ type: String, _ shape: String, _ start: Int, _ end: Int) -> String {
        #"{"dtype":"\#(type)","shape":[\#(shape)],"data_offsets":[\#(start),\#(end)]}"#
    }

    @Test func whatIsWrittenIsRead() throws {
        let entries: [Safetensors.Entry] = [
            .init(name: "b", shape: [2, 3], floats: [1, -2, 0.5, .infinity, 0, .leastNonzeroMagnitude]),
            .init(name: "scalar", shape: [], floats: [7]),
            .init(name: "empty", shape: [0, 4], floats: []),
            .init(name: "ids \"é\"", shape: [2], int64s: [.min, 5]),
            .init(name: "large", shape: [300_001], floats: (0..<300_001).map { Float($0) }),
        ]
        let bytes = Safetensors.serialize(entries)
        let file = try SafetensorsFile.parse(bytes)
        #expect(file.names == ["b", "empty", "ids \"é\"", "large", "scalar"])
        #expect(try file.floats("b", shape: [2, 3]) == [1, -2, 0.5, .infinity, 0, .leastNonzeroMagnitude])
        #expect(try file.floats("scalar") == [7])
        #expect(try file.floats("empty") == [])
        #expect(try file.floats("large").last == 300_000)
        #expect(try file.int64s("ids \"é\"") == [.min, 5])
        #expect(file.metadata == ["format": "pt"])
        #expect(file.tensors["b"]?.count == 6)
        try withTemporaryFolder { folder in
            let path = Files.join(folder, "a.safetensors")
            try Safetensors.write(entries, to: path)
            #expect(try Files.read(path, limit: 1 << 24) == bytes)
            #expect(try SafetensorsFile.load(path).tensors == file.tensors)
        }
    }

    @Test func theLayoutIsHuggingFaces() throws {
        let bytes = Safetensors.serialize([
            (name: "b", shape: [2], floats: [1, 2]), (name: "a", shape: [1, 1], floats: [3]),
        ])
        let header =
            #"{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]},"#
            + #""b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#
        let padding = (8 - header.utf8.count % 8) % 8
        #expect(bytes.count == 8 + header.utf8.count + padding + 12)
        #expect(Int(bytes[0]) == header.utf8.count + padding)
        #expect(Array(bytes[8...].prefix(header.utf8.count)) == Array(header.utf8))
        #expect(bytes[(8 + header.utf8.count)...].prefix(padding).allSatisfy { $0 == 0x20 })
        #expect(Array(bytes.suffix(12)) == [0, 0, 0x40, 0x40, 0, 0, 0x80, 0x3f, 0, 0, 0, 0x40])
    }

    @Test func otherElementTypesAreConverted() throws {
        let header = """
            {"h":\(Self.entry("F16", "2", 0, 4)),"b":\(Self.entry("BF16", "2", 4, 8)),\
            "d":\(Self.entry("F64", "1", 8, 16)),"i":\(Self.entry("I32", "1", 16, 20))}
            """
        var bytes = Self.file(header, data: 0)
        bytes += [0x00, 0x3c, 0x01, 0x80] + [0x80, 0x3f, 0x20, 0xc0] + [0, 0, 0, 0, 0, 0, 0xf8, 0x3f]
        bytes += [0xfe, 0xff, 0xff, 0xff]
        let file = try SafetensorsFile.parse(bytes)
        #expect(try file.floats("h") == [1, -0x1p-24])
        #expect(try file.floats("b") == [1, -2.5])
        #expect(try file.floats("d") == [1.5])
        #expect(try file.int64s("i") == [-2])
        #expect(throws: SafetensorsError.entry(name: "i", "holds I32, expected floating-point numbers")) {
            try file.floats("i")
        }
        #expect(throws: SafetensorsError.entry(name: "h", "holds F16, expected I64 or I32")) { try file.int64s("h") }
        #expect(throws: SafetensorsError.missing(name: "x")) { try file.floats("x") }
        #expect(throws: SafetensorsError.shape(name: "h", expected: [1, 2], found: [2])) {
            try file.floats("h", shape: [1, 2])
        }
    }

    @Test(
        arguments: [
            (file("{}", data: 0).dropLast(1).map { $0 }, "truncated: expected 10 bytes, found 9"),
            ([], "truncated: expected 8 bytes, found 0"),
            (file("{}", data: 0, length: .max), "header claims 18446744073709551615 bytes, expected at most 100000000"),
            (file("{}", data: 0, length: 100_000_001), "header claims 100000001 bytes"),
            (file("{}", data: 0, length: 100_000_000), "truncated: expected 100000008 bytes, found 10"),
            (file("", data: 0), "header: it does not start with '{'"),
            (file(" {}", data: 0), "header: it does not start with '{'"),
            (file("{]", data: 0), "header: JSON at byte 1"),
            (file("{}", data: 1), "trailing bytes: expected 10 bytes, found 11"),
            (file(#"{"__metadata__":[]}"#, data: 0), "__metadata__ is no object"),
            (file(#"{"__metadata__":{"a":1}}"#, data: 0), "no string"),
            (file(#"{"a":1}"#, data: 0), "needs exactly dtype, shape and two data_offsets"),
            (file(#"{"a":{"dtype":"F32","shape":[1]}}"#, data: 4), "needs exactly dtype"),
            (file(#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}"#, data: 4), "needs exactly dtype"),
            (file("{\"a\":\(entry("F32", "1.0", 0, 4))}", data: 4), "needs exactly dtype"),
            (file("{\"a\":\(entry("F32", "-1", 0, 4))}", data: 4), "needs exactly dtype"),
            (file("{\"a\":\(entry("F32", "1", -4, 0))}", data: 4), "needs exactly dtype"),
            (file("{\"a\":\(entry("F33", "1", 0, 4))}", data: 4), "unknown dtype \"F33\""),
            (file("{\"a\":\(entry("F32", "1", 4, 0))}", data: 4), "impossible data_offsets 4, 0"),
            (
                file("{\"a\":\(entry("F32", "1", 9_223_372_036_854_775_800, Int.max))}", data: 4),
                "impossible data_offsets"
            ),
            (
                file("{\"a\":\(entry("F32", "2", 0, 4))}", data: 4),
                "needs 8 bytes for its shape, its data_offsets give 4"
            ),
            (file("{\"a\":\(entry("F32", "4294967296,4294967296", 0, 0))}", data: 0), "overflows"),
            (file("{\"a\":\(entry("F32", "9223372036854775807,9", 0, 0))}", data: 0), "overflows"),
            (
                file("{\"a\":\(entry("F32", "1", 4, 8))}", data: 8),
                "should start at byte 0 of the data, its data_offsets say 4"
            ),
            (
                file("{\"a\":\(entry("F32", "2", 0, 8)),\"b\":\(entry("F32", "2", 4, 12))}", data: 12),
                "\"b\" should start at byte 8 of the data, its data_offsets say 4"
            ),
            (
                file("{\"a\":\(entry("F32", "1", 0, 4)),\"b\":\(entry("F32", "1", 8, 12))}", data: 12),
                "\"b\" should start at byte 4 of the data, its data_offsets say 8"
            ),
            (file("{\"a\":\(entry("F32", "2", 0, 8))}", data: 7), "truncated"),
            (file("{\"a\":\(entry("F32", "1", 0, 4)),\"a\":\(entry("F32", "1", 0, 4))}", data: 4), "stands twice"),
        ] as [([UInt8], String)])
    func hostileFilesAreRefused(bytes: [UInt8], expected: String) throws {
        #expect {
            try SafetensorsFile.parse(bytes)
        } throws: { error in
            "\(error)".contains(expected) && !"\(error)".contains("\n")
        }
    }

    @Test func twoTensorsWithTheSameBytesAreRefused() {
        let header = "{\"a\":\(Self.entry("F32", "1", 0, 4)),\"b\":\(Self.entry("F32", "1", 0, 4))}"
        #expect(throws: SafetensorsError.self) { try SafetensorsFile.parse(Self.file(header, data: 4)) }
    }

    @Test func everyTruncationIsRefused() {
        let bytes = Safetensors.serialize([(name: "a", shape: [3], floats: [1, 2, 3])])
        for count in 0..<bytes.count {
            #expect(throws: SafetensorsError.self) { try SafetensorsFile.parse(Array(bytes.prefix(count))) }
        }
    }

    @Test func everyDamagedByteIsRefusedOrRead() throws {
        let bytes = Safetensors.serialize([
            (name: "a", shape: [3], floats: [1, 2, 3]), (name: "b", shape: [1, 2], floats: [4, 5]),
        ])
        for offset in bytes.indices {
            for bit in 0..<8 {
                var damaged = bytes
                damaged[offset] ^= 1 << UInt8(bit)
                guard let file = try? SafetensorsFile.parse(damaged) else { continue }
                for name in file.names { _ = try? file.floats(name) }
            }
        }
    }

    @Test func aDamagedFileIsNamed() throws {
        try withTemporaryFolder { folder in
            let path = Files.join(folder, "model.safetensors")
            try Files.write([1, 2, 3], to: path)
            let reason = "safetensors file is truncated: expected 8 bytes, found 3"
            #expect(throws: FileError.malformed(path: path, reason: reason)) { try SafetensorsFile.load(path) }
            #expect(throws: FileError.notFound(path: path + "x")) { try SafetensorsFile.load(path + "x") }
        }
    }

    @Test(
        .enabled(if: SharedFiles.exists),
        arguments: ["t5v10/model", "t5v11/model", "t5v10/lora/adapter_model", "t5v10_long/model"])
    func outsideFilesAreWrittenBackByteForByte(name: String) throws {
        let bytes = try SharedFiles.read("oracle/fixtures/\(name).safetensors")
        let file = try SafetensorsFile.parse(bytes)
        #expect(!file.tensors.isEmpty)
        let entries = try file.names.map { name in
            Safetensors.Entry(name: name, shape: try file.tensor(name).shape, floats: try file.floats(name))
        }
        #expect(Safetensors.serialize(entries.reversed()) == bytes)
    }

    @Test(.enabled(if: SharedFiles.exists)) func outsideIntegersAreRead() throws {
        let file = try SafetensorsFile.load(SharedFiles.path("oracle/fixtures/t5v10/batch.safetensors"))
        #expect(file.names == ["attention_mask", "input_ids", "labels"])
        #expect(try file.int64s("labels").allSatisfy { (-100..<96).contains($0) })
        #expect(try file.tensor("input_ids").shape == [4, 12])
    }
}
