import ArgumentParser
import Dispatch
import Foundation
import LetheBytes
import LetheCrypto
public import LetheListener
import LetheLog
import LetheMachine
public import LetheService

/// `lethe witness`
struct WitnessCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "witness", abstract: "Cosign the checkpoints of other people's logs (C2SP tlog-witness).",
        subcommands: [Serve.self])

    /// `lethe witness serve`
    struct Serve: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "serve", abstract: "Answer add-checkpoint requests over HTTP until SIGINT or SIGTERM.",
            discussion: """
                Cosigns a checkpoint only where the log's key signed it and it extends the last one that was cosigned; that is on \
                the disk before the answer leaves. Put a reverse proxy before it for TLS. The state directory belongs to the \
                key for ever: a witness whose state is lost must be retired with its key, not started afresh.
                """)

        @Option(name: .long, help: ArgumentHelp("The witness' private key (lethe key generate).", valueName: "file"))
        var key: String

        @Option(
            name: .long,
            help: ArgumentHelp("The witness' name in signature lines; default: the address.", valueName: "name"))
        var name: String?

        @Option(name: .long, help: ArgumentHelp("Where it remembers; made at the first start.", valueName: "dir"))
        var state: String

        @Option(name: .long, help: ArgumentHelp("Where it listens; port 0 for any free one.", valueName: "host:port"))
        var listen: String

        @Option(name: .long, help: ArgumentHelp("A log's verifier key; repeatable.", valueName: "vkey"))
        var log: [String]

        @OptionGroup var passphraseOptions: PassphraseOptions

        func run() throws {
            let address: ListenAddress
            do { address = try ListenAddress(listen) } catch { throw InputError("--listen: \(error)") }
            let isNew = !Files.exists(state)
            let service = try WitnessService(witness(address), state: state)
            if isNew { StandardError.write("\(state): a new witness; keep this folder as long as the key is in use\n") }
            let stop = try StopSwitch()
            let signals = [SIGINT, SIGTERM].map { number in
                signal(number, SIG_IGN)
                let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
                source.setEventHandler { stop.stop() }
                source.resume()
                return source
            }
            defer { for source in signals { source.cancel() } }
            let listener = try HTTPListener(address, seconds: Clock.environment().seconds)
            StandardOutput.line("listening \(ListenAddress(address, port: listener.port))")
            StandardOutput.line("vkey      \(service.witness.signer.verifier.vkey)")
            try listener.serve(until: stop) { answer($0, by: service) }
        }

        private func answer(_ request: HTTPRequest, by service: WitnessService) -> HTTPResponse {
            guard request.path == "/add-checkpoint" else { return HTTPResponse(404, "no such resource") }
            guard request.method == "POST" else { return HTTPResponse(405, "expected POST", allow: "POST") }
            let answer = service.answer(request.body, now: Clock.now())
            if let problem = answer.problem { StandardError.write("lethe: \(problem)\n") }
            return HTTPResponse(answer.status, contentType: answer.contentType, body: answer.body)
        }

        private func witness(_ address: ListenAddress) throws -> Witness {
            do {
                let signer = try NoteSigner(
                    name: name ?? "\(address)", key: readPrivateKey(key, passphraseOptions),
                    kind: .cosignatureV1)
                return try Witness(signer: signer, logs: log.map { try NoteVerifier(vkey: $0) })
            } catch let error as NoteKeyError { throw InputError("--log or --name: \(error)") }
        }
    }
}

extension ListenerError: MachineFailureReporting {}
