import HTTPTypes
import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheLog
import LethePages
import LetheRequests
import LetheService
import LetheStatements
import LetheStore

/// The log and its certificates, for everybody: they hold no personal data.
enum LedgerPages {
    static let all: [Route] = [
        .page("/certificates", operation: "certificatesPage", "The certificates, the newest first.") { call in
            let table = try await call.services.pool.read { workspace in
                TableView(
                    caption: "Certificates", columns: ["Certificate", "Verdict", "Issued", "Entry"],
                    rows: try workspace.certificates().reversed().prefix(500).map { issued -> [TableView.Content] in
                        let certificate = try file(issued.number, in: workspace)?.certificate
                        return [
                            .link("certificate \(issued.number)", path: "/certificates/\(issued.number)"),
                            certificate.map { TableView.Content.mark(.verdict($0.verification.verdict.rawValue)) }
                                ?? .text("in the log; its file is not written yet"),
                            .text(certificate?.issuedAt.words ?? ""),
                            .link("\(issued.entry)", path: "/explorer/\(issued.entry)"),
                        ]
                    })
            }
            return call.page(CertificatesPage(table: table))
        },
        .page(
            "/certificates/{number}", operation: "certificatePage", "One certificate, and how to check it.",
            parameters: [number]
        ) { call in
            let number = Int(call.number("number") ?? 0)
            let page = try await call.services.pool.read { workspace -> CertificatePage in
                guard let verified = try file(number, in: workspace) else {
                    throw Problem(404, "unknown-certificate", "no certificate \(number) is there")
                }
                return try CertificatePage(verified, number, in: workspace)
            }
            return call.page(page)
        },
        Route(
            .get, "/certificates/{number}/file", operation: "certificateFile", tag: .pages, "A certificate's file.",
            access: .everybody, errors: .page, parameters: [number], answers: [.json(200, "The file.")]
        ) { call in
            let number = Int(call.number("number") ?? 0)
            let bytes = try await call.services.pool.read { try fileBytes(number, in: $0) }
            guard let bytes else { throw Problem(404, "unknown-certificate", "no certificate \(number) is there") }
            return Reply(
                200, contentType: "application/json", body: .bytes(bytes),
                headers: [("Content-Disposition", "attachment; filename=\"\(Workspace.certificateName(number))\"")])
        },
        Route(
            .get, "/certificates/{number}/bundle", operation: "certificateBundle", tag: .pages,
            "A certificate's audit bundle, as a tar archive.", access: .everybody, errors: .page, parameters: [number],
            answers: [.init(200, "The archive.", "application/x-tar")]
        ) { call in
            let number = Int(call.number("number") ?? 0)
            let folder = Files.join(call.services.configuration.stateFolder, "bundle-\(call.id)")
            let archive = try await call.services.pool.readSlowly { workspace -> [UInt8] in
                _ = try workspace.writeBundle(number, to: folder)
                defer { try? Files.remove(folder) }
                let files = try Files.names(in: folder).sorted().map {
                    (name: $0, bytes: try Files.read(Files.join(folder, $0), limit: 1 << 20))
                }
                return Archive.tar(files, in: "certificate-\(number)")
            }
            return Reply(
                200, contentType: "application/x-tar", body: .bytes(archive),
                headers: [("Content-Disposition", "attachment; filename=\"lethe-certificate-\(number).tar\"")])
        },
        .page(
            "/explorer", operation: "logPage", "The log: checkpoint, witnesses, entries.",
            parameters: [
                .query("before", index, "Only entries before this one."), .query("entry", index, "An entry to open."),
            ], others: [Route.goesOn]
        ) { call in
            if let entry = call.number("entry") { return .redirect("/explorer/\(entry)") }
            let before = call.number("before")
            return call.page(try await call.services.pool.read { try LogPage(before: before, in: $0) })
        },
        .page(
            "/explorer/{index}", operation: "entryPage", "One entry of the log.",
            parameters: [.path("index", index, "Its index.")]
        ) { call in
            let index = call.number("index") ?? 0
            return call.page(try await call.services.pool.read { try EntryPage(index, in: $0) })
        },
    ]

    private static let number = Parameter.path("number", .number(1...1_000_000_000), "Its number.")
    private static let index = Parameter.Form.number(0...(1 << 48))

    fileprivate static func fileBytes(_ number: Int, in workspace: Workspace) throws -> [UInt8]? {
        let path = Files.join(workspace.paths.certificates, Workspace.certificateName(number))
        return Files.exists(path) ? try Files.read(path, limit: CertificateFile.maximumByteCount + 1) : nil
    }

    fileprivate static func file(_ number: Int, in workspace: Workspace) throws -> VerifiedCertificate? {
        try fileBytes(number, in: workspace).map { try CertificateVerifier.verify($0, trusting: workspace.trust()) }
    }
}

extension CertificatePage {
    fileprivate init(_ verified: VerifiedCertificate, _ number: Int, in workspace: Workspace) throws {
        let certificate = verified.certificate
        let request = certificate.request.requestID
        let told = certificate.notifications.map { notice -> [TableView.Content] in
            let isTold = [.sent, .acknowledged].contains(notice.outcome)
            return [
                .text(notice.recipient), .mark(.holds(isTold, word: notice.outcome.rawValue)), .text(notice.at.words),
            ]
        }
        let backups = certificate.backups.map { backup -> [TableView.Content] in
            [.text(backup.system), .mark(.waits(word: "backup, purged later")), .text("by \(backup.purgeBy.words)")]
        }
        self.init(
            certificateID: certificate.certificateID, verdict: .verdict(certificate.verification.verdict.rawValue),
            claim: certificate.claim,
            facts: [
                Fact("Issued", certificate.issuedAt.words),
                Fact("Method", certificate.unlearning.method.replacing("urn:lethe:method:", with: "")),
                Fact("Records removed", "\(certificate.dataset.recordsRemoved)"),
                Fact("Entry", "\(verified.index)", path: "/explorer/\(verified.index)"),
                Fact("Request", request, isCode: true, path: "/follow/\(request)"),
                Fact("Run", certificate.unlearning.runID, isCode: true),
                Fact("Model after", certificate.model.digest.hex, isCode: true),
                Fact("Model before", certificate.unlearning.modelBefore.hex, isCode: true),
                Fact("Controller's key", verified.controller.keyID, isCode: true),
                Fact("Verifier's key", verified.verifier.keyID, isCode: true),
            ],
            tests: TableView(
                caption: "Gates of the policy", columns: ["Gate", "Value", "Interval", "Rule", "Result"],
                rows: certificate.verification.measurements.map { test -> [TableView.Content] in
                    [
                        .text(test.name), .text(test.value?.text ?? "\u{2013}"),
                        .text(test.interval.map { "\($0.lower) to \($0.upper)" } ?? "\u{2013}"),
                        .text("\(test.comparator.rawValue) \(test.threshold)"),
                        .mark(.holds(test.passed, word: test.passed ? "holds" : "does not hold")),
                    ]
                }), notAssessed: certificate.verification.notAssessed,
            recipients: TableView(
                caption: "Recipients and backups", columns: ["Who", "What became of it", "When"], rows: told + backups,
                emptyText: "The policy names nobody else who had the data, and no backup."),
            proof: try ProofView(workspace.proveServed(verified.index), in: workspace),
            servedPath: "/certificates/\(number)/file",
            bundlePath: "/certificates/\(number)/bundle", trustPath: "/log/trust",
            commands: [
                Command(
                    "Offline, with Lethe",
                    "lethe certificate verify \(Workspace.certificateName(number)) --trust trust.txt"),
                Command(
                    "The bundle, with nothing but sh, openssl and sha256sum",
                    "tar xf lethe-certificate-\(number).tar && sh verify.sh certificate-\(number) KEYS"),
                Command(
                    "One signature by hand, in the bundle's folder",
                    "openssl pkeyutl -verify -pubin -inkey certificate.pem -rawin -in certificate.pae -sigfile certificate.sig"
                ),
            ])
    }
}

/// What an entry says, in a few words, and who signed it.
struct EntryWords {
    let kind: String
    let at: String
    let signers: String
    let statement: JSONValue?
    let type: String

    init(_ bytes: [UInt8], roles: [String: String]) {
        let envelope = try? DSSEEnvelope(parsing: bytes)
        let payload = envelope?.payload ?? []
        let read = try? Statement(parsingUnverified: payload)
        statement = try? StrictJSON.parse(payload, maximumDepth: 32)
        type = read?.predicateType ?? "unknown"
        at = read?.predicate["at"]?.stringValue ?? read?.predicate["issuedAt"]?.stringValue ?? ""
        signers = (envelope?.signatures ?? []).map { roles[$0.keyID] ?? "an unknown key" }.joined(separator: " and ")
        let event = read?.predicate["event"]?.stringValue ?? read?.predicate["step"]?.stringValue ?? ""
        let what =
            switch type {
            case PredicateType.requestEvent: "request"
            case PredicateType.keyEvent: "key"
            case PredicateType.runEvent: "run"
            case PredicateType.modelEvent: "model"
            case PredicateType.policyEvent: "policy"
            case PredicateType.shredEvent: "personal data destroyed"
            case PredicateType.notificationEvent: "recipient"
            case PredicateType.unlearningCertificate: "certificate"
            case PredicateType.testResult: "forgetting test"
            default: "entry"
            }
        kind = event.isEmpty ? what : "\(what): \(event.replacing("-", with: " "))"
    }

    /// Whose key is whose, by id.
    static func roles(in workspace: Workspace) throws -> [String: String] {
        Dictionary(
            try workspace.registeredKeys().map { ($0.key.keyID, "the \($0.role.rawValue)") },
            uniquingKeysWith: { first, _ in first })
    }
}

extension LogPage {
    /// How many entries a page has.
    private static let length: UInt64 = 25

    fileprivate init(before: UInt64?, in workspace: Workspace) throws {
        let note = try workspace.servedCheckpoint()
        let head = try Checkpoint(parsing: note.text)
        let size = try workspace.store.size()
        let end = min(before ?? size, size)
        let start = end > Self.length ? end - Self.length : 0
        let roles = try EntryWords.roles(in: workspace)
        let policy = try workspace.witnessPolicy()
        let cosigned = policy?.witnessKeys.filter { key in note.signatures.contains { key.isNamed(by: $0) } } ?? []
        self.init(
            origin: workspace.origin,
            facts: [
                Fact("Entries", "\(size)"), Fact("Under the newest checkpoint", "\(head.size)"),
                Fact("Root", head.rootHash.hex, isCode: true),
            ], checkpoint: String(decoding: note.bytes, as: UTF8.self),
            witnesses: TableView(
                caption: "Witnesses", columns: ["Name", "Cosigned the newest checkpoint"],
                rows: (policy?.witnessKeys ?? []).map { key -> [TableView.Content] in
                    let isThere = cosigned.contains(key)
                    return [.text(key.name), .mark(isThere ? .holds(true, word: "yes") : .waits(word: "no"))]
                }, emptyText: "This log asks none; its operator alone vouches for its history."),
            checkpoints: TableView(
                caption: "Stored checkpoints", columns: ["Size", "Root"],
                rows: [[.text("\(head.size)"), .text(head.rootHash.hex)]]),
            entries: TableView(
                caption: start < end ? "Entries \(start) to \(end - 1), the newest first" : "Entries",
                columns: ["Entry", "What", "When", "Signed by"],
                rows: try (start..<end).reversed().map { index -> [TableView.Content] in
                    let words = EntryWords(try workspace.store.entry(index), roles: roles)
                    return [
                        .link("\(index)", path: "/explorer/\(index)"), .text(words.kind), .text(words.at),
                        .text(words.signers),
                    ]
                }), olderPath: start > 0 ? "/explorer?before=\(start)" : nil,
            newerPath: end < size ? "/explorer?before=\(min(end + Self.length, size))" : nil)
    }
}

extension EntryPage {
    fileprivate init(_ index: UInt64, in workspace: Workspace) throws {
        let size = try workspace.store.size()
        guard index < size else { throw Problem(404, "unknown-entry", "expected an entry below \(size)") }
        let bytes = try workspace.store.entry(index)
        let words = EntryWords(bytes, roles: try EntryWords.roles(in: workspace))
        self.init(
            index: index, kind: words.kind,
            facts: [
                Fact("Signed by", words.signers), Fact("When", words.at),
                Fact("Leaf hash", MerkleTree.leafHash(bytes).hex, isCode: true),
                Fact("Predicate", words.type, isCode: true),
            ], statement: words.statement.map { Self.indented($0, "") } ?? "",
            envelope: String(decoding: bytes, as: UTF8.self),
            proof: try ProofView(workspace.proveServed(index), in: workspace),
            previousPath: index > 0 ? "/explorer/\(index - 1)" : nil,
            nextPath: index + 1 < size ? "/explorer/\(index + 1)" : nil)
    }

    /// JSON with line breaks, for reading.
    private static func indented(_ value: JSONValue, _ margin: String) -> String {
        let inner = margin + "  "
        switch value {
        case .object(let members) where !members.isEmpty:
            let lines = members.sorted { $0.key < $1.key }.map { name, member in
                "\(inner)\(text(.string(name))): \(indented(member, inner))"
            }
            return "{\n\(lines.joined(separator: ",\n"))\n\(margin)}"
        case .array(let elements) where !elements.isEmpty:
            return "[\n\(elements.map { inner + indented($0, inner) }.joined(separator: ",\n"))\n\(margin)]"
        default: return text(value)
        }
    }

    private static func text(_ value: JSONValue) -> String {
        (try? value.canonicalBytes()).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
