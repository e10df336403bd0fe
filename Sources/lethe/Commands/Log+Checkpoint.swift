import ArgumentParser
import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheLog
import LetheMachine
import LetheService
import LetheStatements

extension Log {
    /// `lethe log checkpoint`
    struct CheckpointCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "checkpoint",
            abstract:
                "Sign and print the checkpoint over all entries (a C2SP signed note); have it cosigned and stamped.",
            discussion: """
                The witnesses of WORKSPACE/witnesses.txt, or of --policy, are asked to cosign (C2SP tlog-witness), and their \
                quorum is judged (C2SP tlog-policy): exit code 1 where it is missed, 3 where it would be met had every \
                witness answered. --witness asks another one besides. --timestamp asks an RFC 3161 authority, and so does the policy's section \
                timestamping, whose minimum must be reached (exit code 1); without a \
                network, --timestamp-query writes the query, and with --timestamp-response the answer is stored.
                """)

        @Option(
            name: .long, help: ArgumentHelp("A tlog-policy file; default: WORKSPACE/witnesses.txt.", valueName: "file"))
        var policy: String?

        @Option(name: .long, help: ArgumentHelp("The submission prefix of a witness; repeatable.", valueName: "url"))
        var witness: [String] = []

        @Option(
            name: .long, help: ArgumentHelp("The key that a --witness must cosign with; repeatable.", valueName: "vkey")
        )
        var witnessKey: [String] = []

        @Option(name: .long, help: ArgumentHelp("A timestamp authority to ask; repeatable.", valueName: "url"))
        var timestamp: [String] = []

        @Option(
            name: .long,
            help: ArgumentHelp(
                "Certificates in PEM that may vouch for the time, besides WORKSPACE/timestamping/*.pem; repeatable.",
                valueName: "file"))
        var timestampCa: [String] = []

        @Option(
            name: .long,
            help: ArgumentHelp(
                "Where the query goes; with --timestamp-response, the query that was answered.", valueName: "file"))
        var timestampQuery: String?

        @Option(name: .long, help: ArgumentHelp("An authority's answer.", valueName: "file"))
        var timestampResponse: String?

        @OptionGroup var workspaceOptions: WorkspaceOptions
        @OptionGroup var outputOptions: OutputOptions

        func validate() throws {
            if !witnessKey.isEmpty, witness.isEmpty { throw ValidationError("--witness-key needs --witness") }
        }

        func run() throws {
            let workspace = try openWorkspace(workspaceOptions)
            let policy = try policy.map(Workspace.witnessPolicy) ?? workspace.witnessPolicy()
            let publication = try workspace.publishCheckpoint(policy: policy, witnesses: endpoints(workspace, policy))
            for outcome in publication.outcomes { StandardError.write("\(outcome.line)\n") }
            let stamps = try stamp(workspace)
            let time = try workspace.stampAsThePolicySays(publication.note)
            for failure in time?.failures ?? [] { StandardError.write("\(failure)\n") }
            let note = String(decoding: publication.note.bytes, as: UTF8.self)
            if outputOptions.json {
                try outputOptions.show(json(note, publication, stamps), "")
            } else {
                StandardOutput.write(note)
            }
            try judge(publication)
            if let time, !time.isMet {
                throw ServiceError.timestampsMissed(
                    demand: time.demand, outcomes: time.failures, isMachineFailure: time.couldBeMet)
            }
        }

        private func endpoints(_ workspace: Workspace, _ policy: WitnessPolicy?) throws -> [WitnessEndpoint] {
            var keys = try witnessKey.map { vkey in
                do {
                    let key = try NoteVerifier(vkey: vkey)
                    guard key.kind == .cosignatureV1 else { throw InputError("--witness-key: is the key of a log") }
                    return key
                } catch let error as NoteKeyError { throw InputError("--witness-key: \(error)") }
            }
            if keys.isEmpty { keys = try workspace.trust().witnesses + (policy?.witnessKeys ?? []) }
            guard witness.isEmpty || !keys.isEmpty else {
                throw InputError(
                    "--witness: no key to know it by; expected --witness-key VKEY, a policy or a trust file")
            }
            return witness.map { WitnessEndpoint(url: $0, keys: keys) }
        }

        /// Asks authorities, writes a query or takes an answer; returns what was stored, as size and time.
        private func stamp(_ workspace: Workspace) throws -> [VerifiedTimestamp] {
            guard !timestamp.isEmpty || timestampResponse != nil || timestampQuery != nil else { return [] }
            let authorities =
                try workspace.timestampAuthorities()
                + timestampCa.map { path in
                    do {
                        return try TimestampAuthority(
                            pem: Files.read(path, limit: TimestampAuthority.maximumByteCount))
                    } catch let error as TimestampingError { throw InputError("\(path): \(error)") }
                }
            var stamps = try timestamp.map { try workspace.stampCheckpoint(at: $0, trusting: authorities) }
            if let response = timestampResponse {
                let query = try timestampQuery.map { path in
                    do {
                        return try TimestampQuery(der: Files.read(path, limit: TimestampQuery.maximumByteCount))
                    } catch let error as TimestampingError { throw InputError("\(path): \(error)") }
                }
                do {
                    let bytes = try Files.read(response, limit: TimestampAuthority.maximumResponseByteCount)
                    stamps.append(
                        try workspace.addTimestamp(bytes, nonce: query?.nonce, trusting: authorities).timestamp)
                } catch let error as TimestampingError { throw InputError("\(response): \(error)") }
            } else if let path = timestampQuery {
                guard !Files.exists(path) else { throw InputError("\(path): exists already; expected a new path") }
                try Files.write(workspace.timestampQuery().der, to: path)
                StandardError.write("\(path): the query; hand the answer in with --timestamp-response\n")
            }
            return stamps
        }

        private func json(
            _ note: String, _ publication: Workspace.Publication, _ stamps: [VerifiedTimestamp]
        ) -> JSONValue {
            var json: [String: JSONValue] = [
                "checkpoint": .string(note), "witnesses": .array(publication.outcomes.map { .string($0.line) }),
                "timestamps": .array(
                    stamps.map { stamp in
                        [
                            "authority": .string(stamp.authority.hex),
                            "time": .string(
                                (try? Timestamp(secondsSinceEpoch: stamp.seconds)).map { "\($0)" } ?? "unknown"),
                        ]
                    }),
            ]
            if let demand = publication.demand {
                json["quorum"] = ["demanded": .string(demand), "met": .bool(publication.isMet)]
            }
            return .object(json)
        }

        private func judge(_ publication: Workspace.Publication) throws {
            if !publication.isMet {
                throw ServiceError.quorumMissed(
                    demand: publication.demand ?? "", outcomes: publication.outcomes.map(\.line),
                    isMachineFailure: publication.couldBeMet)
            }
            // Those that were asked for by name must have cosigned; a policy's may fail while its quorum is met.
            for outcome in publication.outcomes where witness.contains(outcome.url) {
                switch outcome.result {
                case .cosigned: continue
                case .refused: throw DoesNotHold(reason: "lethe: \(outcome.line)")
                case .unreachable(let problem): throw ServiceError.unreachable(url: outcome.url, problem: problem)
                }
            }
        }
    }
}
