import Foundation
import LetheBytes
import LetheTensor
import LetheTransformer
import Testing

/// `lethe model logits`, `train` on tokens, `merge` and `describe`, as a process of their own.
struct ModelCommandTests {
    private static let shape = T5Configuration(
        vocabularySize: 61, dModel: 24, dKV: 5, dFF: 40, numLayers: 2, numHeads: 3, dropoutRate: 0.1)
    private static let examples: [Example] = (0..<11).map { (line: Int) -> Example in
        let ids = (0..<3 + line % 5).map { (place: Int) -> Int32 in Int32(3 + (line * 7 + place * 5) % 58) }
        return Example(inputIDs: ids + [1], labels: [Int32(5 + line % 2), 4, 1])
    }
    private static let lines: [String] = examples.map { "{\"input_ids\":\($0.inputIDs),\"labels\":\($0.labels)}" }

    /// A folder with a model in `model` and examples in `lines.jsonl`.
    private func desk(_ shape: T5Configuration = shape) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try HuggingFaceFolder.saveModel(
            T5Parameters(configuration: shape, seed: 3), tokenizer: nil, to: folder.path("model"))
        try folder.write(Array((Self.lines.joined(separator: "\n") + "\n").utf8), to: "lines.jsonl")
        return folder
    }

    private func train(_ output: String, _ more: [String] = [], steps: Int = 6) -> [String] {
        [
            "model", "train", "--model", "model", "--input", "lines.jsonl", "--batch-size", "4", "--steps", "\(steps)",
            "--learning-rate", "1e-2", "--weight-decay", "0.01", "--order", "file", "--output", output,
        ] + more
    }

    private func expectDone(_ arguments: [String], in folder: TemporaryFolder) throws -> LetheCommand.Result {
        let result = try LetheCommand.run(arguments, in: folder)
        #expect(result.status == 0, "\(arguments.joined(separator: " ")): \(result.errors)")
        return result
    }

    @Test func logitsAreThoseOfTheEngineOneTensorALine() throws {
        let folder = try desk()
        let arguments = [
            "model", "logits", "--model", "model", "--input", "lines.jsonl", "--output", "out.safetensors",
        ]
        _ = try expectDone(arguments, in: folder)
        let file = try SafetensorsFile.load(folder.path("out.safetensors"))
        let model = try HuggingFaceFolder.loadModel(folder.path("model")).parameters
        let expected = Inference(parameters: model, pool: WorkerPool(threads: 1)).logits(Self.examples, positions: .all)
        #expect(file.names.count == expected.count)
        for (line, logits) in expected.enumerated() {
            #expect(try file.tensor("\(line)").shape == [3, 61])
            #expect(try file.floats("\(line)") == logits)
        }
        // A mask takes tokens away; the rest stays as it is.
        try folder.write(
            Array(
                "{\"input_ids\":[7,9,8,1,6],\"attention_mask\":[0,1,1,1,0],\"labels\":[5,-100]}\n{\"input_ids\":[9,8,1],\"labels\":[5,-100]}"
                    .utf8),
            to: "lines.jsonl")
        _ = try expectDone(arguments, in: folder)
        let masked = try SafetensorsFile.load(folder.path("out.safetensors"))
        #expect(try masked.floats("0") == masked.floats("1"))
    }

    @Test func promptsGoThroughTheModelsTokenizer() throws {
        let folder = try TemporaryFolder()
        let tokenizer = try SentencePieceTokenizer.train(
            (0..<40).map { "The Silver Harbor number \($0) Answer: Yes. No." }, vocabularySize: 80, extraIDs: 2,
            wholeWords: ["Yes", "No"])
        var shape = Self.shape
        shape.vocabularySize = tokenizer.vocabularySize
        try HuggingFaceFolder.saveModel(
            T5Parameters(configuration: shape, seed: 3), tokenizer: tokenizer, to: folder.path("model"))
        let text = "The Silver Harbor number 7 Answer:"
        func ids(_ text: String, _ limit: Int? = nil) -> String { "\(tokenizer.encode(text, limit: limit))" }
        try folder.write(
            Array(
                """
                {"prompt":"\(text)","target":"Yes."}
                {"input_ids":\(ids(text, 6)),"labels":\(ids("Yes.", 6))}
                """.utf8), to: "lines.jsonl")
        _ = try expectDone(
            [
                "model", "logits", "--model", "model", "--input", "lines.jsonl", "--output", "out.safetensors",
                "--maximum-tokens", "6",
            ], in: folder)
        let file = try SafetensorsFile.load(folder.path("out.safetensors"))
        #expect(try file.floats("0") == file.floats("1"))
        #expect(tokenizer.encode(text, limit: 6).last == 1 && tokenizer.encode(text).count > 6)
    }

    @Test(arguments: [
        ("{\"input_ids\":[3,61],\"labels\":[1]}", "input_ids[1] is 61"),
        ("{\"input_ids\":[3,-1],\"labels\":[1]}", "is -1"),
        ("{\"input_ids\":[3],\"labels\":[-7]}", "labels[0] is -7"), ("{\"input_ids\":[3]}", "labels"),
        ("{\"input_ids\":[3.5],\"labels\":[1]}", "input_ids[0]"), ("{\"input_ids\":\"3\",\"labels\":[1]}", "input_ids"),
        ("{\"prompt\":\"a\",\"target\":\"b\"}", "spiece.model"), ("{\"prompt\":1,\"target\":\"b\"}", "prompt"),
        ("{\"input_ids\":[3],\"labels\":[1],\"prompt\":\"a\"}", "either"), ("{}", "either"), ("[]", "object"),
        ("", "JSON"),
        ("{\"input_ids\":[3],\"input_ids\":[4],\"labels\":[1]}", "input_ids"),
        ("{\"input_ids\":[3],\"attention_mask\":[2],\"labels\":[1]}", "attention_mask"),
        ("{\"input_ids\":[3],\"attention_mask\":[],\"labels\":[1]}", "attention_mask"),
        ("{\"input_ids\":[3,4,5],\"attention_mask\":[1,0,1],\"labels\":[1]}", "attention_mask[1]"),
        ("{\"input_ids\":[3,4],\"attention_mask\":[0,0],\"labels\":[1]}", "no token counts"),
    ])
    func aBadLineIsNamedAndNothingIsWritten(line: String, needle: String) throws {
        let folder = try desk()
        try folder.write(Array((Self.lines[0] + "\n" + line + "\n" + Self.lines[1]).utf8), to: "lines.jsonl")
        try expectRefusal(
            ["model", "logits", "--model", "model", "--input", "lines.jsonl", "--output", "out.safetensors"],
            in: folder,
            naming: "lines.jsonl, line 2", needle)
        try expectRefusal(train("out"), in: folder, naming: "lines.jsonl, line 2", needle)
    }

    @Test func wrongSettingsAreRefusedBeforeAnythingIsDone() throws {
        let folder = try desk()
        try folder.write([], to: "empty.jsonl")
        for (arguments, needle) in [
            (train("out", ["--threads", "0"]), "--threads is 0"), (train("model"), "already exists"),
            (train("out", ["--lora-alpha", "3"]), "--lora-rank"), (train("out", ["--precision", "int4"]), "int4"),
            (train("out", ["--lora-rank", "0"]), "r is 0"),
            (train("out", ["--checkpoint-every", "0"]), "--checkpoint-every"),
            (train("out", ["--lora-rank", "2", "--adapter", "model"]), "one of the two"),
            (["model", "train", "--model", "model", "--input", "lines.jsonl"], "--batch-size"),
            (["model", "train", "--steps", "3"], "--model"),
            (["model", "logits", "--model", "model", "--input", "empty.jsonl", "--output", "o"], "empty.jsonl"),
            (["model", "logits", "--model", "none", "--input", "lines.jsonl", "--output", "o"], "none: no such"),
            (["model", "merge", "--model", "model", "--adapter", "model", "--output", "o"], "adapter_config.json"),
            (["model", "describe", "none"], "none: no such"), (["model", "describe", "lines.jsonl"], "lines.jsonl"),
        ] as [([String], String)] {
            try expectRefusal(arguments, in: folder, naming: needle)
        }
        try expectRefusal(
            ["model", "logits", "--model", "model", "--input", "lines.jsonl", "--output", "o"], in: folder, status: 3,
            naming: "no space left", fileSizeLimit: 1)
        let full = try LetheCommand.run(train("out"), in: folder, fileSizeLimit: 1)
        #expect(full.status == 3 && full.complaint.contains("no space left"), "\(full.errors)")
        #expect(!folder.has("out") && !folder.has("out.checkpoint"))
    }

    @Test(arguments: [
        [], ["--lora-rank", "3", "--lora-alpha", "6", "--lora-dropout", "0.1"], ["--precision", "bfloat16"],
    ])
    func trainingHasTheSameBytesAtAnyNumberOfThreads(options: [String]) throws {
        let folder = try desk()
        var contents: Set<[UInt8]> = []
        var losses: Set<String> = []
        for threads in [1, 2, 4, 8] {
            let result = try expectDone(
                train("out\(threads)", options + ["--threads", "\(threads)", "--json"]), in: folder)
            let name = options.first == "--lora-rank" ? "adapter_model.safetensors" : "model.safetensors"
            contents.insert(try folder.bytes("out\(threads)/\(name)"))
            losses.insert("\(try #require(result.json()["losses"]))")
            #expect(try folder.bytes("out\(threads)/training.csv").count > 40)
            #expect(String(decoding: try folder.bytes("out\(threads)/training.svg"), as: UTF8.self).hasPrefix("<svg"))
        }
        #expect(contents.count == 1 && losses.count == 1)
    }

    @Test func oneStepTakesTheNextLinesAndStartsOverAfterTheLast() throws {
        var shape = Self.shape
        shape.dropoutRate = 0
        let folder = try desk(shape)
        _ = try expectDone(train("out"), in: folder)
        let trainer = Trainer(
            parameters: T5Parameters(configuration: shape, seed: 3),
            optimizer: AdamWConfiguration(learningRate: 1e-2, weightDecay: 0.01), dropoutSeed: 0,
            pool: WorkerPool(threads: 1))
        for step in 0..<6 {
            let rows = (0..<4).map { Self.examples[(4 * step + $0) % 11] }
            trainer.step(rows.map { TrainingItem(example: $0, labelWeight: 1 / 12) })
        }
        let found = try HuggingFaceFolder.loadModel(folder.path("out")).parameters
        #expect(found.values.map(\.bitPattern) == trainer.parameters.values.map(\.bitPattern))
    }

    @Test(arguments: [[], ["--lora-rank", "2", "--lora-alpha", "4"]])
    func aTrainingThatIsKilledContinuesWithTheSameBytes(options: [String]) throws {
        let folder = try desk()
        let name = options.isEmpty ? "model.safetensors" : "adapter_model.safetensors"
        let every = options + ["--checkpoint-every", "1", "--validation", "lines.jsonl", "--validate-every", "7"]
        _ = try expectDone(train("whole", every, steps: 400), in: folder)
        #expect(!folder.has("whole.checkpoint"))

        // The process is killed again and again, wherever it happens to be, until it gets through.
        let pauses = [0.05, 0.11, 0.17, 0.23, 0.3]
        for (signal, pause) in zip([SIGKILL, SIGKILL, SIGINT, SIGKILL, SIGTERM], pauses) {
            let process = Process()
            process.executableURL = LetheCommand.executable
            process.arguments = train("out", every, steps: 400)
            process.currentDirectoryURL = folder.url
            process.standardError = FileHandle.nullDevice
            process.standardOutput = FileHandle.nullDevice
            try process.run()
            Thread.sleep(forTimeInterval: pause)
            kill(process.processIdentifier, signal)
            process.waitUntilExit()
            guard process.terminationReason == .uncaughtSignal else { break }
            #expect(!folder.has("out"))
        }
        if !folder.has("out") { _ = try expectDone(train("out", every, steps: 400), in: folder) }
        #expect(try folder.bytes("out/\(name)") == (try folder.bytes("whole/\(name)")))
        #expect(try folder.bytes("out/training.csv") == (try folder.bytes("whole/training.csv")))
        #expect(!folder.has("out.checkpoint"))
    }

    @Test func aFinishedPartOfATrainingIsContinuedAndAnotherOneRefused() throws {
        let folder = try desk()
        _ = try expectDone(train("whole", steps: 9), in: folder)
        // A run that cannot write its output has still written its checkpoints.
        let process = Process()
        process.executableURL = LetheCommand.executable
        process.arguments = train("out", ["--checkpoint-every", "2"], steps: 1_000_000)
        process.currentDirectoryURL = folder.url
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        while !folder.has("out.checkpoint"), process.isRunning { Thread.sleep(forTimeInterval: 0.01) }
        kill(process.processIdentifier, SIGINT)
        process.waitUntilExit()
        #expect(process.terminationReason == .uncaughtSignal && process.terminationStatus == SIGINT)
        try expectRefusal(
            train("out", ["--seed", "5"], steps: 9), in: folder,
            naming: "out.checkpoint", "another model, input or setting")
        let bytes = try folder.bytes("out.checkpoint")
        try folder.write(Array(bytes.dropLast(3)), to: "out.checkpoint")
        try expectRefusal(
            train("out", ["--checkpoint-every", "2"], steps: 1_000_000), in: folder, naming: "out.checkpoint",
            "truncated")
    }

    @Test func anAdapterTrainsMergesAndIsDescribed() throws {
        let folder = try desk()
        _ = try expectDone(train("adapter", ["--lora-rank", "2", "--lora-alpha", "4"]), in: folder)
        let described = try expectDone(["model", "describe", "adapter", "--json"], in: folder).json()
        // 6 modules have q and v of 15 x 24: 12 adapted layers of rank 2.
        #expect(described["parameters"]?.intValue == 12 * 2 * (15 + 24))
        #expect(described["modules"]?["encoder.block.0.layer.0.SelfAttention.q"]?.intValue == 2 * (15 + 24))
        let merge = ["model", "merge", "--model", "model", "--adapter", "adapter", "--output"]
        _ = try expectDone(merge + ["merged"], in: folder)
        _ = try expectDone(merge + ["shards", "--maximum-shard-size", "4096"], in: folder)
        try expectRefusal(merge + ["merged"], in: folder, naming: "merged: already exists")
        #expect(folder.has("shards/model.safetensors.index.json") && !folder.has("shards/model.safetensors"))
        var outputs: Set<[UInt8]> = []
        for arguments in [
            ["--model", "model", "--adapter", "adapter"], ["--model", "merged"], ["--model", "shards"],
        ] {
            _ = try expectDone(
                ["model", "logits", "--input", "lines.jsonl", "--output", "logits"] + arguments, in: folder)
            outputs.insert(try folder.bytes("logits"))
        }
        #expect(outputs.count == 1)
    }

    @Test func parametersAreCountedFromAConfigurationAlone() throws {
        let folder = try TemporaryFolder()
        try folder.write(
            Array(
                #"{"model_type":"t5","vocab_size":32128,"d_model":768,"d_kv":64,"d_ff":3072,"num_layers":12,"num_heads":12}"#
                    .utf8),
            to: "config.json")
        for path in [".", "config.json"] {
            let result = try expectDone(["model", "describe", path, "--lora-rank", "16"], in: folder)
            #expect(result.output.contains("222,903,552") && result.output.contains("1,769,472"), "\(result.output)")
            let json = try expectDone(["model", "describe", path, "--lora-rank", "16", "--json"], in: folder).json()
            #expect(json["parameters"]?.intValue == 222_903_552)
            #expect(json["adapter"]?["parameters"]?.intValue == 1_769_472)
            #expect(json["modules"]?["shared"]?.intValue == 24_674_304)
        }
        try expectRefusal(["model", "describe", ".", "--lora-rank", "0"], in: folder, naming: "r is 0")
    }

    @Test func theBenchmarkCountsWorkAndReservesNothingAfterTheFirstStep() throws {
        let folder = try TemporaryFolder()
        try folder.write(Array("[40]".utf8), to: "lengths.json")
        try folder.write(
            Array(#"{"vocab_size":64,"d_model":16,"d_kv":4,"d_ff":32,"num_layers":1,"num_heads":2}"#.utf8),
            to: "config.json")
        let common = [
            "benchmark", "engine", "--shape", "config.json", "--batch", "4", "--steps", "3", "--lengths",
            "lengths.json",
        ]
        let report = try expectDone(common + ["--json"], in: folder).json()
        let results = try #require(report["results"]?.arrayValue)
        #expect(results.compactMap { $0["job"]?.stringValue } == ["full", "lora", "e2urec", "forward", "full-bf16"])
        for result in results {
            for name in ["samples_per_s", "tokens_per_s", "gflop_per_s", "sgemm_peak_gflop_per_s", "peak_rss_mib"] {
                #expect(try #require(result[name]?.doubleValue) > 0, "\(name)")
            }
            if result["job"] != "forward" { #expect(result["reserved_bytes_in_last_step"] == 0, "\(result)") }
        }
        #expect(report["linear_algebra"]?["core_type"]?.stringValue?.isEmpty == false)
        try expectRefusal(common + ["--jobs", "swim"], in: folder, naming: "swim")
        try expectRefusal(["benchmark", "engine", "--shape", "none.json"], in: folder, naming: "none.json")
    }
}
