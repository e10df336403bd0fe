import LetheBytes
import Testing

@testable import LetheTransformer

/// Weights in several files, and what hostile ones try.
struct WeightShardsTests {
    private static let parameters = T5Parameters(
        configuration: T5Configuration(vocabularySize: 24, dModel: 8, dKV: 4, dFF: 12, numLayers: 2, numHeads: 2),
        seed: 4)
    private static let index = "model.safetensors.index.json"

    private func sharded<Result>(_ body: (String) throws -> Result) throws -> Result {
        try withTemporaryFolder { folder in
            let path = Files.join(folder, "model")
            try HuggingFaceFolder.saveModel(Self.parameters, tokenizer: nil, to: path, shardSize: 1500)
            return try body(path)
        }
    }

    /// What loading says after `damage`.
    private func failure(_ damage: (String) throws -> Void) throws -> String {
        try sharded { path in
            try damage(path)
            do {
                _ = try HuggingFaceFolder.loadModel(path)
                return "loaded"
            } catch let error as FileError {
                return "\(error)".replacing(path + "/", with: "")
            }
        }
    }

    private func rewriteIndex(_ path: String, _ change: (inout [String: JSONValue]) -> Void) throws {
        let file = Files.join(path, Self.index)
        let value = try StrictJSON.parse(try Files.read(file, limit: 1 << 20))
        var map = try #require(value["weight_map"]?.objectValue)
        change(&map)
        try Files.write(JSONValue.object(["weight_map": .object(map)]).prettyBytes(), to: file)
    }

    @Test func shardsReadBackAsTheSameModel() throws {
        try sharded { path in
            let names = try Files.names(in: path)
            let shards = names.filter { $0.hasSuffix(".safetensors") }
            #expect(shards.count > 3 && !names.contains("model.safetensors") && names.contains(Self.index))
            #expect(shards.contains(HuggingFaceFolderShard.name(1, of: shards.count)))
            #expect(try HuggingFaceFolder.loadModel(path).parameters == Self.parameters)
            let total = try StrictJSON.parse(try Files.read(Files.join(path, Self.index), limit: 1 << 20))
            #expect(total["metadata"]?["total_size"]?.intValue == 4 * Self.parameters.values.count)
            #expect(HuggingFaceFolder.isModel(path))
        }
    }

    @Test func anIndexThatIsNoIndexIsRefused() throws {
        for (text, needle) in [
            ("", "JSON"), ("[]", "weight_map"), ("{}", "weight_map"), ("{\"weight_map\":{}}", "weight_map"),
            ("{\"weight_map\":{\"a\":1}}", "no file name"), ("{\"weight_map\":{\"a\":\"b\"}}", "no file name"),
            ("{\"weight_map\":{\"a\":\"x.safetensors\",\"a\":\"y.safetensors\"}}", "index.json"),
        ] {
            let line = try failure { try Files.write(Array(text.utf8), to: Files.join($0, Self.index)) }
            #expect(line.hasPrefix(Self.index) && line.contains(needle), "\(text): \(line)")
        }
    }

    @Test(arguments: [
        "../model.safetensors", "/etc/passwd.safetensors", ".hidden.safetensors", "a/b.safetensors",
        "a\u{0}.safetensors",
    ])
    func aFileOutsideTheFolderIsNotOpened(name: String) throws {
        let line = try failure { path in
            try rewriteIndex(path) { $0["shared.weight"] = .string(name) }
        }
        #expect(line.contains("no file name"), "\(line)")
    }

    @Test func aTensorThatIsNotWhereTheIndexSaysIsRefused() throws {
        let elsewhere = try failure { path in
            try rewriteIndex(path) { map in
                let other = map.values.compactMap(\.stringValue).sorted().last ?? ""
                map["shared.weight"] = .string(other)
            }
        }
        #expect(elsewhere.contains("shared.weight"), "\(elsewhere)")
        let unlisted = try failure { path in
            try rewriteIndex(path) { $0["encoder.block.1.layer.0.SelfAttention.q.weight"] = nil }
        }
        #expect(unlisted.contains("encoder.block.1.layer.0.SelfAttention.q.weight"), "\(unlisted)")
        let invented = try failure { path in
            try rewriteIndex(path) { map in map["encoder.block.9.what"] = map["shared.weight"] }
        }
        #expect(invented.contains("encoder.block.9.what"), "\(invented)")
    }

    @Test func aMissingOrCutShardIsNamed() throws {
        let name = HuggingFaceFolderShard.name(
            2, of: try sharded { try Files.names(in: $0).filter { $0.hasSuffix(".safetensors") }.count })
        #expect(try failure { try Files.remove(Files.join($0, name)) } == "\(name): no such file or folder")
        let cut = try failure { path in
            let file = Files.join(path, name)
            try Files.write(Array(try Files.read(file, limit: 1 << 20).dropLast()), to: file)
        }
        #expect(cut.hasPrefix("\(name): ") && cut.contains("truncated"), "\(cut)")
    }

    @Test func aShapeThatTheConfigurationDoesNotHaveIsRefused() throws {
        let line = try failure { path in
            let file = Files.join(path, "config.json")
            let value = try StrictJSON.parse(try Files.read(file, limit: 1 << 20))
            var members = try #require(value.objectValue)
            members["d_ff"] = 13
            try Files.write(JSONValue.object(members).prettyBytes(), to: file)
        }
        #expect(line.contains("should have the shape [13, 8], found [12, 8]"), "\(line)")
    }
}

/// The names that Hugging Face gives to shards.
private enum HuggingFaceFolderShard {
    static func name(_ number: Int, of count: Int) -> String {
        func digits(_ value: Int) -> String { String("0000\(value)".suffix(5)) }
        return "model-\(digits(number))-of-\(digits(count)).safetensors"
    }
}
