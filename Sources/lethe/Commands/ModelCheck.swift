import ArgumentParser
import LetheBytes
import LetheCrypto
import LetheService

extension Model {
    /// `lethe model check`
    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check",
            abstract: "Say whether a model is the one in service, or one that an unlearning run has replaced.",
            discussion: """
                Exits 0 only for the model that the log says is in service. A restored backup or a redeployed older model exits 1, and so \
                does a model that the log does not know: run this before a model is served.
                """)

        @Argument(help: ArgumentHelp("A model folder.", valueName: "dir"))
        var folder: String

        @OptionGroup var workspaceOptions: WorkspaceOptions
        @OptionGroup var outputOptions: OutputOptions

        func run() throws {
            let (digest, standing) = try openWorkspace(workspaceOptions).standing(ofModel: folder)
            var json: [String: JSONValue] = ["folder": .string(folder), "digest": .string(digest.hex)]
            let words: String
            switch standing {
            case .current(let entry):
                json["standing"] = "current"
                json["entry"] = .string("\(entry)")
                words = "in service, by entry \(entry)"
            case .superseded(let what, let entry, let successor):
                json["standing"] = "superseded"
                json["what"] = .string(what)
                json["entry"] = .string("\(entry)")
                json["run"] = .string(successor.runID)
                json["supersededBy"] = .string("\(successor.entry)")
                json["successor"] = .string(successor.model.hex)
                words = """
                    superseded: it is \(what) (entry \(entry))
                    replaced by the candidate of run \(successor.runID), entry \(successor.entry)
                    use model \(successor.model.hex)
                    """
            case .notForService(let what, let entry):
                json["standing"] = "not-for-service"
                json["what"] = .string(what)
                json["entry"] = .string("\(entry)")
                words = "not for service: it is \(what) (entry \(entry))"
            case .unknown:
                json["standing"] = "unknown"
                words = "unknown: no entry of this log speaks of it"
            }
            try outputOptions.show(.object(json), "\(folder): digest \(digest.hex)\n\(words)")
            guard case .current = standing else { throw DoesNotHold() }
        }
    }
}
