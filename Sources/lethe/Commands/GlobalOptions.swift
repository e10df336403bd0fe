import ArgumentParser
import LetheBytes

/// Options that every command understands.
struct OutputOptions: ParsableArguments {
    @Flag(name: .long, help: "Print one JSON document on standard output.")
    var json = false

    /// Prints the result: as JSON, or as `text` for people.
    func show(_ value: JSONValue, _ text: @autoclosure () -> String) throws {
        if json {
            StandardOutput.line(String(decoding: try value.canonicalBytes(), as: UTF8.self))
        } else {
            StandardOutput.line(text())
        }
    }
}

/// Where the workspace is.
struct WorkspaceOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("The workspace.", valueName: "dir"))
    var workspace = "lethe-workspace"
}
