import Foundation
import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheLog
import LetheRecommendation
import LetheRequests
import LetheStatements
import LetheStore
import LetheUnlearning
import Testing

@testable import LetheService

extension ServiceTests {
    /// What a bundle's script says of cosignatures, strangers' lines and another tenant's certificate.
    @Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl"), "needs openssl"))
    struct BundleScript {
        /// - Parameter tenant: whose the certificate says it is, signed and logged anew with the right keys; nil for the issued one.
        private func write(
            _ signers: [NoteSigner] = [], to folder: String, tenant: String? = nil, seconds: UInt64 = 1_772_442_000
        ) throws {
            let workspace = try Desk.current.answered.copy().open()
            let trust = try workspace.trust()
            let record = try #require(try workspace.certificates().first)
            let path = Files.join(workspace.paths.certificates, Workspace.certificateName(record.number))
            var file = try CertificateFile(parsing: Files.read(path, limit: 1 << 20))
            let verified = try CertificateVerifier.verify(file, trusting: trust)
            if let tenant {
                var certificate = verified.certificate
                certificate.tenant = tenant
                let envelope = try certificate.signed(by: workspace.keys.controller)
                let entry = try workspace.store.size()
                try workspace.store.append(
                    entries: [envelope.canonicalBytes], expectedSize: entry,
                    signer: workspace.keys.noteSigner(origin: workspace.origin))
                file = CertificateFile(
                    certificate: envelope, testResult: file.testResult, proof: try workspace.prove(entry))
            }
            var note = file.proof.checkpoint
            for signer in signers { note = try note.adding(signatureOf: signer, seconds: seconds) }
            let size = try Checkpoint(parsing: note.text).size
            func proof(_ index: UInt64) throws -> TransparencyProof {
                TransparencyProof(
                    index: index, path: try workspace.store.inclusionProof(index, size: size), checkpoint: note)
            }
            let received = verified.certificate.request.receivedEntry.index
            let test = try #require(
                try (0..<size).first { try workspace.store.entry($0) == file.testResult.canonicalBytes })
            let bundle = AuditBundle(
                entries: [
                    .init(
                        name: "certificate", envelope: file.certificate, signer: verified.controller,
                        proof: try proof(file.proof.index)),
                    .init(name: "test", envelope: file.testResult, signer: verified.verifier, proof: try proof(test)),
                    .init(
                        name: "request", envelope: try DSSEEnvelope(parsing: workspace.store.entry(received)),
                        signer: verified.controller, proof: try proof(received)),
                ], checkpoint: note,
                signers: try note.verify(
                    with: [NoteVerifier(name: workspace.origin, key: trust.logs[0])] + signers.map(\.verifier)),
                timestamps: [])
            try Files.createFolder(folder)
            for (name, bytes) in bundle.files { try Files.write(bytes, to: Files.join(folder, name)) }
        }

        private func run(_ bundle: String) throws -> (status: Int32, text: String) {
            let process = Process()
            let output = Pipe()
            process.executableURL = URL(filePath: "/bin/sh")
            process.arguments = [Files.join(bundle, "verify.sh")]
            process.standardOutput = output
            process.standardError = output
            try process.run()
            let data = output.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            return (process.terminationStatus, String(decoding: data, as: UTF8.self))
        }

        @Test func cosignaturesAreCheckedAndNamed() throws {
            let folder = try TestFolder()
            let witnesses = try ["w1.example/a", "w2.example/b"].map {
                try NoteSigner(name: $0, key: .generate(), kind: .cosignatureV1)
            }
            let successor = try NoteSigner(name: Desk.origin, key: .generate())
            try write([witnesses[0], successor, witnesses[1]], to: folder.path("bundle"))
            let (status, text) = try run(folder.path("bundle"))
            #expect(status == 0, "\(text)")
            #expect(text.contains("cosigned     by w1.example/a at second 1772442000"))
            #expect(text.contains("cosigned     by w2.example/b"))
            #expect(!text.contains("  witnesses  "))
            // Each of the lines counts.
            for name in try Files.names(in: folder.path("bundle")) where name.hasPrefix("checkpoint.") {
                let path = folder.path("bundle/\(name)")
                let bytes = try Files.read(path, limit: 1 << 20)
                for place in [0, bytes.count / 2, bytes.count - 1] {
                    var changed = bytes
                    changed[place] ^= 0x04
                    try Files.write(changed, to: path)
                    try renewManifest(folder.path("bundle"))
                    let (status, text) = try run(folder.path("bundle"))
                    #expect(status == 1 && text.contains("does not hold"), "\(name): \(text)")
                }
                try Files.write(bytes, to: path)
            }
        }

        @Test func aStrangersLineIsRefused() throws {
            let folder = try TestFolder()
            // Signed like a log, by somebody with another name.
            try write([NoteSigner(name: "other.example/log", key: .generate())], to: folder.path("bundle"))
            let (status, text) = try run(folder.path("bundle"))
            #expect(status == 1 && text.contains("not by the log"), "\(text)")
        }

        @Test func theCertificateOfAnotherTenantIsRefused() throws {
            let folder = try TestFolder()
            try write(to: folder.path("own"), tenant: Desk.origin)
            let own = try run(folder.path("own"))
            #expect(own.status == 0, "\(own.text)")
            try write(to: folder.path("other"), tenant: Desk.origin + "2")
            let other = try run(folder.path("other"))
            #expect(other.status == 1 && other.text.contains("another tenant than the log's"), "\(other.text)")
        }

        private func renewManifest(_ folder: String) throws {
            let manifest = try Files.names(in: folder).filter { $0 != "SHA256SUMS" }.map {
                "\(try Digest(sha256OfFile: Files.join(folder, $0)).hex)  \($0)\n"
            }.joined()
            try Files.write(Array(manifest.utf8), to: Files.join(folder, "SHA256SUMS"))
        }
    }
}
