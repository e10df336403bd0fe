import ArgumentParser
import LetheBytes
import LetheService

/// `lethe model logits`
struct ModelLogits: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logits",
        abstract: "Write a model's teacher-forced logits for every line of a file.",
        discussion: """
            A line is {"input_ids": […], "labels": […]}, with an "attention_mask" whose zeros stand at the ends, or \
            {"prompt": "…", "target": "…"}. The output has one tensor a line, "0", "1", …, of shape [labels, vocabulary].
            """)

    @Option(name: .long, help: ArgumentHelp("The model's folder.", valueName: "dir"))
    var model: String

    @Option(name: .long, help: ArgumentHelp("An adapter on it: a PEFT folder.", valueName: "dir"))
    var adapter: String?

    @Option(name: .long, help: ArgumentHelp("The examples, one JSON object a line.", valueName: "file"))
    var input: String

    @Option(name: .long, help: ArgumentHelp("The safetensors file to write.", valueName: "file"))
    var output: String

    @Option(name: .long, help: "Threads that compute; the bits do not depend on how many.")
    var threads = 2

    @Option(name: .long, help: "The most tokens of a prompt given as text; the end token stays.")
    var maximumTokens = 512

    @OptionGroup var outputOptions: OutputOptions

    func run() throws {
        let display = ProgressDisplay()
        let lines = try ModelFolders.logits(
            model: model, adapter: adapter, input: input, output: output, threads: threads,
            maximumTokens: maximumTokens, progress: display.show)
        display.finish()
        try outputOptions.show(["lines": JSONValue(lines), "output": .string(output)], "\(lines) tensors in \(output)")
    }
}
