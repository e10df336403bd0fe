import ArgumentParser
import Foundation
import LetheBytes
import LetheMachine
import LetheReports
import LetheService

/// `lethe model train`
struct ModelTrain: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Fine-tune a workspace's base model, or any model on tokenised examples.",
        discussion: """
            Without --model: fine-tunes the workspace's base model on everybody's training records: the original model.

            With --model, --input and --output: one step takes the next --batch-size lines of the input, from the top again \
            after the last; the loss is the mean over the label tokens of the batch; dropout is as the model's config.json \
            says. With --lora-rank only an adapter on q and v learns, and the output is a PEFT folder. Lines are those of \
            `lethe model logits`. The output folder also has the curve, training.csv and training.svg.

            An interrupted training leaves OUTPUT.checkpoint; the same command continues from it with the same bits.

            \(TrainingOptions.discussion)
            """)

    /// What the examples' order can be.
    enum Order: String, ExpressibleByArgument, CaseIterable {
        case file
    }

    @Option(name: .long, help: ArgumentHelp("The model's folder.", valueName: "dir"))
    var model: String?

    @Option(name: .long, help: ArgumentHelp("The examples, one JSON object a line.", valueName: "file"))
    var input: String?

    @Option(name: .long, help: ArgumentHelp("The new folder; nothing may be there.", valueName: "dir"))
    var output: String?

    @Option(name: .long, help: "Lines a step.")
    var batchSize: Int?

    @Option(name: .long, help: "Steps in all.")
    var steps: Int?

    @Option(name: .long, help: "AdamW's learning rate.")
    var learningRate: Double?

    @Option(name: .long, help: "AdamW's decoupled weight decay.")
    var weightDecay: Double?

    @Option(name: .long, help: "The order of the examples: file.")
    var order: Order?

    @Option(name: .long, help: "Train a fresh adapter of this rank on q and v.")
    var loraRank: Int?

    @Option(name: .long, help: "The adapter's alpha; its scale is alpha / rank.")
    var loraAlpha: Double?

    @Option(name: .long, help: "Dropout on the adapter's input.")
    var loraDropout: Double?

    @Option(name: .long, help: ArgumentHelp("Train this adapter on: a PEFT folder.", valueName: "dir"))
    var adapter: String?

    @Option(name: .long, help: "What dropout masks and a fresh adapter depend on; default 0.")
    var seed: UInt64?

    @Option(name: .long, help: "Threads that compute; the bits do not depend on how many. Default 2.")
    var threads: Int?

    @Option(name: .long, help: "The most tokens of a prompt given as text; default 512.")
    var maximumTokens: Int?

    @Option(name: .long, help: ArgumentHelp("Examples whose loss is watched.", valueName: "file"))
    var validation: String?

    @Option(name: .long, help: "Steps from one validation to the next; default 100.")
    var validateEvery: Int?

    @Option(name: .long, help: "Steps from one checkpoint to the next; default 100.")
    var checkpointEvery: Int?

    @Option(name: .long, help: "How matrix products are computed: float32 (default) or bfloat16.")
    var precision: String?

    @OptionGroup var workspaceOptions: WorkspaceOptions
    @OptionGroup var trainingOptions: TrainingOptions
    @OptionGroup var outputOptions: OutputOptions

    func run() throws {
        guard let model else { return try trainOriginal() }
        guard trainingOptions.checkpointSeconds == nil else {
            throw InputError(
                "--checkpoint-seconds belongs to a workspace's training; with --model it is --checkpoint-every")
        }
        var settings = TokenizedTraining.Settings(
            model: model, input: try needed(input, "--input"), batchSize: try needed(batchSize, "--batch-size"),
            steps: try needed(steps, "--steps"), learningRate: try needed(learningRate, "--learning-rate"),
            weightDecay: weightDecay ?? 0.01, output: try needed(output, "--output"))
        if let loraRank {
            settings.freshAdapter = (loraRank, loraAlpha ?? Double(2 * loraRank), loraDropout ?? 0)
        } else if loraAlpha != nil || loraDropout != nil {
            throw InputError("--lora-alpha and --lora-dropout need --lora-rank")
        }
        settings.adapter = adapter
        settings.seed = seed ?? 0
        settings.threads = threads ?? 2
        settings.maximumTokens = maximumTokens ?? 512
        settings.validation = validation
        settings.validateEvery = validateEvery ?? 100
        settings.checkpointEvery = checkpointEvery ?? 100
        if let precision { try settings.setPrecision(precision) }
        let training = try TokenizedTraining(settings)

        Interruption.watch()
        let display = ProgressDisplay()
        let total = settings.steps
        let outcome = try training.run(shouldStop: { Interruption.isRequested }) { event in
            switch event {
            case .resumed(let steps): display.note("  continues after step \(steps) from \(training.checkpoint)")
            case .progress(let progress): display.show(progress)
            case .step(let point):
                guard point.number == total || point.number % max(1, total / 10) == 0 || point.validation != nil else {
                    return
                }
                let validation = point.validation.map { String(format: ", validation loss %.4f", $0) } ?? ""
                display.note(
                    String(format: "    step %d of %d: loss %.4f", point.number, total, point.training) + validation)
            }
        }
        display.finish()
        switch outcome {
        case .finished(let curve): try show(curve, settings.output)
        case .stopped(let steps, let checkpoint):
            StandardError.write("lethe: stopped after step \(steps); the same command continues from \(checkpoint)\n")
            Interruption.end()
        }
    }

    private func show(_ curve: LossCurve, _ output: String) throws {
        try outputOptions.show(
            [
                "output": .string(output), "steps": JSONValue(curve.points.count),
                "losses": .array(curve.points.map { .number("\($0.training)") }),
                "validation_losses": .array(
                    curve.points.compactMap { point in
                        point.validation.map { ["step": JSONValue(point.number), "loss": .number("\($0)")] }
                    }),
            ],
            (["\(curve.points.count) steps, output in \(output)"]
                + (curve.points.last.map { [String(format: "last loss %.6f", $0.training)] } ?? [])).joined(
                    separator: "\n"))
    }

    private func trainOriginal() throws {
        let given: [(String, Bool)] = [
            ("--input", input != nil), ("--output", output != nil), ("--batch-size", batchSize != nil),
            ("--steps", steps != nil), ("--learning-rate", learningRate != nil), ("--weight-decay", weightDecay != nil),
            ("--order", order != nil), ("--lora-rank", loraRank != nil), ("--lora-alpha", loraAlpha != nil),
            ("--lora-dropout", loraDropout != nil), ("--adapter", adapter != nil), ("--seed", seed != nil),
            ("--threads", threads != nil), ("--maximum-tokens", maximumTokens != nil),
            ("--validation", validation != nil), ("--validate-every", validateEvery != nil),
            ("--checkpoint-every", checkpointEvery != nil), ("--precision", precision != nil),
        ]
        if let (name, _) = given.first(where: \.1) {
            throw InputError("\(name) belongs to the training of a model of your own; it needs --model DIR")
        }
        try trainingOptions.run(workspaceOptions) { workspace, display in
            try workspace.trainOriginal(progress: display.show)
            display.finish()
            try showModel("original", workspace, outputOptions)
        }
    }

    private func needed<Value>(_ value: Value?, _ name: String) throws -> Value {
        guard let value else { throw InputError("--model also needs \(name)") }
        return value
    }
}
