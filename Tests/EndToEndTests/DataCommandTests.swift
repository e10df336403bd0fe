import Foundation
import LetheBytes
import LetheCrypto
import Testing

struct DataCommandTests {
    private static let files = ["movies.dat", "ratings.dat", "users.dat"]

    @Test func theSameSeedGivesTheSameBytes() throws {
        let folder = try TemporaryFolder()
        let first = try LetheCommand.run("data", "synthesize", "--output", "one", "--seed", "7", in: folder)
        let second = try LetheCommand.run("data", "synthesize", "--output", "two", "--seed", "7", in: folder)
        let other = try LetheCommand.run("data", "synthesize", "--output", "three", "--seed", "8", in: folder)
        #expect([first, second, other].map(\.status) == [0, 0, 0])
        #expect(first.output == second.output)
        #expect(first.output != other.output)
        for name in Self.files {
            #expect(try folder.bytes("one/\(name)") == (try folder.bytes("two/\(name)")))
        }
        #expect(try folder.bytes("one/ratings.dat") != (try folder.bytes("three/ratings.dat")))
        #expect(try folder.names().count == 3 * 4)

        // What was said at the making is what the description says, as text and as JSON.
        let described = try LetheCommand.run("data", "describe", "one", "--dataset", "synthetic", in: folder)
        #expect(described.output == first.output)
        let json = try LetheCommand.run("data", "describe", "one", "--dataset", "synthetic", "--json", in: folder)
            .json()
        let facts = try #require(json.objectValue)
        #expect(facts.count == described.output.split(separator: "\n").count)
        for (name, value) in facts {
            #expect(described.output.contains(name))
            #expect(described.output.contains(try #require(value.stringValue)))
        }

        try expectRefusal(["data", "synthesize", "--output", "one"], in: folder, naming: "one", "exists already")
        try expectRefusal(["data", "synthesize", "--output", "one/users.dat"], in: folder, naming: "users.dat")
    }

    @Test(arguments: [0, 16, 64])
    func aFullDiskLeavesNoDataSetBehind(limit: Int) throws {
        let folder = try TemporaryFolder()
        try expectRefusal(
            ["data", "synthesize", "--output", "data"], in: folder, status: 3, naming: "no space left",
            fileSizeLimit: limit)
    }

    /// Something that happened to a data set.
    enum Damage: String, CaseIterable, CustomTestStringConvertible {
        case missing, empty, cutOff, cutOffCompressed, emptyCompressed, notCompressed, garbage, missingField, aFolder

        var testDescription: String { rawValue }
    }

    @Test(arguments: Damage.allCases, Self.files)
    func damagedDataAreRefusedByName(damage: Damage, name: String) throws {
        let folder = try TemporaryFolder()
        try Tour.writeData(to: folder.path("data"))
        let path = folder.path("data/\(name)")
        let bytes = try folder.bytes("data/\(name)")
        switch damage {
        case .missing: try Files.remove(path)
        case .empty: try Files.write([], to: path)
        case .cutOff: try Files.write(Array(bytes.prefix(bytes.count / 2 + 2)), to: path)
        case .cutOffCompressed:
            let compressed = try gzip(path)
            try Files.remove(path)
            try Files.write(Array(compressed.prefix(compressed.count / 2)), to: path + ".gz")
        case .emptyCompressed:
            try Files.remove(path)
            try Files.write([], to: path + ".gz")
        case .notCompressed:
            try Files.remove(path)
            try Files.write(bytes, to: path + ".gz")
        case .garbage: try Files.write([0xFF, 0x00, 0x0A] + bytes, to: path)
        case .missingField: try Files.write(Array("17::8\n".utf8) + bytes, to: path)
        case .aFolder:
            try Files.remove(path)
            try Files.createFolder(path)
        }
        for arguments in [
            ["data", "describe", "data", "--dataset", "synthetic"],
            ["init", "--data", "data", "--origin", "a.example/log", "--workspace", "desk"],
            ["demo", "--data", "data", "--output", "demo/out"],
        ] {
            // The demonstration may leave the folder that it was asked to fill, empty.
            if arguments[0] == "demo" { try Files.createFolders(folder.path("demo/out")) }
            try expectRefusal(arguments, in: folder, naming: name)
        }
    }

    @Test func compressedDataAreTheSameData() throws {
        let folder = try TemporaryFolder()
        try Tour.writeData(to: folder.path("data"))
        let describe = ["data", "describe", "data", "--dataset", "synthetic", "--json"]
        let plain = try LetheCommand.run(describe, in: folder)
        for name in Self.files {
            try Files.write(try gzip(folder.path("data/\(name)")), to: folder.path("data/\(name).gz"))
            try Files.remove(folder.path("data/\(name)"))
        }
        let compressed = try LetheCommand.run(describe, in: folder)
        #expect(compressed.status == 0, "\(compressed.errors)")
        func facts(_ result: LetheCommand.Result) throws -> [String: JSONValue] {
            try #require(try result.json().objectValue).filter { !$0.key.hasPrefix("sha256") }
        }
        #expect(try facts(plain) == facts(compressed))
        #expect(try facts(plain).count > 5)
    }

    @Test func aFolderThatIsNotThereIsNamed() throws {
        let folder = try TemporaryFolder()
        try expectRefusal(["data", "describe", "nowhere"], in: folder, naming: "nowhere")
        try expectRefusal(["demo", "--dataset", "ml-1m", "--output", "out"], in: folder, naming: "--data")
    }

    @Test func aMappedLogIsDescribedWithItsSplitFilesAndTruncatedPrompts() throws {
        let folder = try TemporaryFolder()
        try FileManager.default.copyItem(atPath: Tour.exampleFolder, toPath: folder.path("tea"))
        let described = try LetheCommand.run(
            "data", "describe", "tea", "--dataset", "mapping", "--mapping", "tea/mapping.yaml", "--splits", "parts",
            "--json", in: folder)
        #expect(described.status == 0, "\(described.errors)")
        let facts = try #require(try described.json().objectValue)
        #expect(facts["data set"]?.stringValue == "tea-orders, the mapping's split (ours, not the paper's)")
        for part in ["pretraining", "training", "forgotten", "retained", "validation", "test"] {
            let bytes = try folder.bytes("parts/\(part).records")
            #expect(bytes.starts(with: Array("lethe-record-v1\nuser ".utf8)))
            #expect(facts["sha256 \(part)"]?.stringValue == sha256(bytes))
        }
        #expect(facts["sha256 orders.jsonl"]?.stringValue == sha256(try folder.bytes("tea/orders.jsonl")))
        #expect(facts["users in test"]?.stringValue?.contains("to be forgotten") == true)

        try expectRefusal(
            ["data", "describe", "tea", "--dataset", "mapping", "--mapping", "tea/mapping.yaml", "--splits", "parts"],
            in: folder, naming: "parts", "already exists")
        try expectRefusal(["data", "describe", "tea", "--dataset", "mapping"], in: folder, naming: "--mapping")
        try expectRefusal(
            ["data", "describe", "tea", "--dataset", "goodreads", "--mapping", "tea/mapping.yaml"], in: folder,
            naming: "--mapping")
        try expectRefusal(
            ["demo", "--dataset", "mapping", "--mapping", "tea/mapping.yaml", "--data", "tea", "--output", "out"],
            in: folder, naming: "--policy")
        try folder.write(Array("guest,region\nguest-01,x\n".utf8), to: "tea/guests.csv")
        try expectRefusal(
            ["data", "describe", "tea", "--dataset", "mapping", "--mapping", "tea/mapping.yaml"], in: folder,
            naming: "guests.csv, line 2, region")
    }

    private func sha256(_ bytes: [UInt8]) -> String { Digest(sha256: bytes).hex }

    private func gzip(_ path: String) throws -> [UInt8] {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/gzip")
        process.arguments = ["--stdout", path]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let bytes = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return [UInt8](bytes)
    }
}
