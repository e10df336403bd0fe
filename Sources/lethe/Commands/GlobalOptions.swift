import ArgumentParser
import LetheBytes
import LetheMachine
import LetheService

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

    @OptionGroup var passphraseOptions: PassphraseOptions
}

/// Where the passphrase of encrypted keys comes from; never the command line itself, which other users can see.
struct PassphraseOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Encrypted keys: a file, readable by you alone, whose first line is the passphrase. Default: the file that "
                + "LETHE_PASSPHRASE_FILE names, else a question on the terminal.", valueName: "file"))
    var passphraseFile: String?
}

extension PassphraseSource {
    /// As the options say.
    init(_ options: PassphraseOptions) { self.init(file: options.passphraseFile) }
}

extension Clock {
    /// The clocks for the service, and the passphrase for encrypted keys as the options say.
    static func environment(_ passphrase: PassphraseOptions, isNew: Bool = false) -> ServiceEnvironment {
        environment(passphraseFile: passphrase.passphraseFile, isNew: isNew)
    }
}
