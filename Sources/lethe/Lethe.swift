import ArgumentParser
import Foundation
import LetheBytes
import LetheCrypto
import LetheMachine

/// The command line of Lethe. Names and exit codes are a promise: see `ExitStatus`.
struct Lethe: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lethe",
        abstract: "A right-to-be-forgotten ledger for LLM recommenders.",
        discussion: """
            A person asks to be forgotten. Lethe records the signed request in a tamper-evident log, makes the recommender \
            forget them, measures against models retrained without their data whether it did, and issues a certificate \
            that anybody can check offline.

              See it all at once:    lethe demo --output demo
              Run your own desk:     lethe init, model pretrain, model train, request submit, run, report
              Check a certificate:   lethe certificate verify FILE --trust KEYFILE

            Results go to standard output (one JSON document with --json), progress to standard error. \
            Exit codes: 0 done, or holds; 1 checked and does not hold; 2 wrong usage or bad input, with one line that \
            says what and where; 3 the machine failed (disk, permission, database).
            """,
        version: Program.version,
        subcommands: [
            Demo.self, Initialize.self, Key.self, Request.self, DataCommand.self, Model.self, Unlearn.self, Verify.self,
            Certify.self, Run.self, Replay.self, CertificateCommand.self, Log.self, WitnessCommand.self, Report.self,
            PolicyCommand.self, Benchmark.self,
        ])
}

@main
enum Main {
    static func main() {
        Allocator.keepOneArenaPerCore()
        // A reader that went away and a file that grew too large become errors of the call, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        Files.ignoreSizeLimitSignal()
        do {
            try CryptographyLibrary.check()
            var command = try Lethe.parseAsRoot()
            try command.run()
        } catch {
            let status = ExitStatus(of: error)
            let text = status.message(for: error)
            if status == .done {
                StandardOutput.line(text)
            } else if !text.isEmpty {
                StandardError.write(text + "\n")
            }
            exit(status.rawValue)
        }
    }
}
