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

/// Certificates, for everybody: they hold no personal data.
enum CertificatePages {
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
            let mayRepeat = call.caller.token.map { AccessRole.people.contains($0.role) } ?? false
            let page = try await call.services.pool.read { workspace -> CertificatePage in
                guard let verified = try file(number, in: workspace) else {
                    throw Problem(404, "unknown-certificate", "no certificate \(number) is there")
                }
                return try CertificatePage(verified, number, mayRepeat: mayRepeat, in: workspace)
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
        ) { call in try await bundle(call, replayable: false) },
        Route(
            .get, "/certificates/{number}/replay-bundle", operation: "certificateReplayBundle", tag: .pages,
            "The same with what a stranger needs to repeat the run: its steps in the log, the policy's text, digests of what learned.",
            access: .roles(AccessRole.people), errors: .page, parameters: [number],
            answers: [
                .init(200, "The archive.", "application/x-tar"),
                .refusal(409, "The policy's text is not kept, or the run is not judged."),
            ]
        ) { call in try await bundle(call, replayable: true) },
    ]

    private static func bundle(_ call: Call, replayable: Bool) async throws -> Reply {
        let number = Int(call.number("number") ?? 0)
        let folder = Files.join(call.services.configuration.stateFolder, "bundle-\(call.id)")
        let archive = try await call.services.pool.readSlowly { workspace -> [UInt8] in
            do { _ = try workspace.writeBundle(number, to: folder, replayable: replayable) } catch ServiceError
                .policyChanged
            {
                throw Problem(409, "policy-not-kept", "the text of the policy that the run was under is not kept here")
            }
            defer { try? Files.remove(folder) }
            // What learned on the way is the one file that may be large, and as large as its writer lets it be.
            let files = try Files.names(in: folder).sorted().map {
                (name: $0, bytes: try Files.read(Files.join(folder, $0), limit: replayable ? 1 << 26 : 1 << 20))
            }
            return Archive.tar(files, in: "certificate-\(number)")
        }
        let name = "lethe-certificate-\(number)\(replayable ? "-replay" : "").tar"
        return Reply(
            200, contentType: "application/x-tar", body: .bytes(archive),
            headers: [("Content-Disposition", "attachment; filename=\"\(name)\"")])
    }

    private static let number = Parameter.path("number", .number(1...1_000_000_000), "Its number.")

    fileprivate static func fileBytes(_ number: Int, in workspace: Workspace) throws -> [UInt8]? {
        let path = Files.join(workspace.paths.certificates, Workspace.certificateName(number))
        return Files.exists(path) ? try Files.read(path, limit: CertificateFile.maximumByteCount + 1) : nil
    }

    fileprivate static func file(_ number: Int, in workspace: Workspace) throws -> VerifiedCertificate? {
        try fileBytes(number, in: workspace).map { try CertificateVerifier.verify($0, trusting: workspace.trust()) }
    }
}

extension CertificatePage {
    /// - Parameter mayRepeat: whether its reader is told where the files are that repeat the run.
    fileprivate init(
        _ verified: VerifiedCertificate, _ number: Int, mayRepeat: Bool, in workspace: Workspace
    ) throws {
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
            bundlePath: "/certificates/\(number)/bundle",
            replayPath: mayRepeat ? "/certificates/\(number)/replay-bundle" : nil, trustPath: "/log/trust",
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
