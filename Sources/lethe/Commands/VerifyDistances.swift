public import ArgumentParser
import LetheBytes
public import LetheService

extension OutputKind: ExpressibleByArgument {}

/// `lethe verify distances`
struct VerifyDistances: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "distances",
        abstract: "Judge outputs that any framework wrote: the same measurements and gates, without provenance.",
        discussion: """
            Every file is a matrix with a row for each record and a column for each piece of the vocabulary or answer: .safetensors (one \
            matrix, or the one called logits), .npy (float16, 32 or 64) or .csv. --users is a CSV file with the header user,label or \
            user,label,set and a line for every row: label is yes or no; set is forgotten (the default), retained (test records of people who \
            stay: gate G5) or control (people whom no model was trained on: gate G3). How the models came to be is not checked, and the \
            verdict says so. Exits 1 where it is not a pass. Documentation/design/verify-distances.md has a script for PyTorch.
            """)

    @Option(name: .long, help: ArgumentHelp("Outputs of the model that is said to have forgotten.", valueName: "file"))
    var candidate: String

    @Option(
        name: .customLong("reference"),
        help: ArgumentHelp("Outputs of a model retrained without the records; once for each.", valueName: "file"))
    var references: [String]

    @Option(name: .long, help: ArgumentHelp("Outputs of the model before.", valueName: "file"))
    var original: String

    @Option(
        name: .customLong("further-original"),
        help: ArgumentHelp(
            "Outputs of a model trained like the one before, from another seed; once for each, for the membership test by person.",
            valueName: "file"))
    var furtherOriginals: [String] = []

    @Option(name: .long, help: ArgumentHelp("Whose record every row is.", valueName: "file"))
    var users: String

    @Option(name: .long, help: "What the numbers are: logits or probabilities.")
    var values = OutputKind.logits

    @Option(
        name: .long, help: ArgumentHelp("The column of Yes, from 0; default: the second of two.", valueName: "number"))
    var yesColumn: Int?

    @Option(
        name: .long, help: ArgumentHelp("The column of No, from 0; default: the first of two.", valueName: "number"))
    var noColumn: Int?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Whose thresholds and gates apply; default: 0.20 and 0.25, and the gates that have records.",
            valueName: "file"))
    var policy: String?

    @Option(name: .long, help: "What the bootstrap depends on.")
    var seed: UInt64 = 1

    @Option(
        name: .long, help: ArgumentHelp("A folder for distances.json and distances.md.", valueName: "dir"))
    var output: String?

    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        guard (yesColumn == nil) == (noColumn == nil) else {
            throw ValidationError("--yes-column and --no-column: expected both or none")
        }
        guard !references.isEmpty else { throw ValidationError("--reference: expected one at least") }
    }

    func run() throws {
        let answers = yesColumn.flatMap { yes in noColumn.map { (yes: yes, no: $0) } }
        let audit = try DistanceAudit(
            .init(
                candidate: candidate, references: references, original: original,
                furtherOriginals: furtherOriginals, users: users, kind: values, answers: answers,
                policy: try policy.map(readPolicy), seed: seed))
        let json = try audit.json()
        if let output {
            try Files.createFolders(output)
            try Files.write(json.prettyBytes(), to: Files.join(output, "distances.json"))
            try Files.write(Array(audit.markdown.utf8), to: Files.join(output, "distances.md"))
        }
        try outputOptions.show(json, audit.markdown)
        guard audit.passes else {
            throw DoesNotHold(reason: "lethe: \(audit.measurements.verdict)")
        }
    }
}
