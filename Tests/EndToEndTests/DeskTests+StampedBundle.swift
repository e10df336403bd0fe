import Foundation
import LetheBytes
import LetheCrypto
import Testing

extension DeskTests {
    /// An audit bundle whose checkpoint was stamped, checked with nothing but sh, cat, openssl and sha256sum.
    @Suite(.enabled(if: BundleTools.exist, "needs dash or sh, openssl and sha256sum"))
    struct StampedBundle {
        private let folder: TemporaryFolder
        private static let at = ["--workspace", "desk"]

        /// A desk whose first certificate's checkpoint the authorities `tsa-1` and `tsa-2` stamped; `tsa-2` is not trusted afterwards.
        init() throws {
            folder = try Tour.current.copy()
            try write("plain")
            let text = try folder.bytes("plain/checkpoint.txt")
            for name in ["tsa-1", "tsa-2", "other"] {
                try #require(TimestampTests.call(TimestampTests.script.path, "create", folder.path(name)) == 0)
            }
            for name in ["tsa-1", "tsa-2"] {
                try folder.write(TimestampQuery(imprint: Digest(sha256: text)).der, to: "\(name).tsq")
                try TimestampTests.call(
                    TimestampTests.script.path, "reply", folder.path(name), folder.path("\(name).tsq"),
                    folder.path("\(name).tsr"))
                let result = try LetheCommand.run(
                    [
                        "log", "checkpoint", "--timestamp-query", "\(name).tsq", "--timestamp-response", "\(name).tsr",
                        "--timestamp-ca", "\(name)/ca.pem",
                    ] + Self.at, in: folder)
                try #require(result.status == 0, "\(result.errors)")
            }
        }

        private func write(_ name: String) throws {
            let result = try LetheCommand.run(
                ["certificate", "bundle", "1", "--output", name] + Self.at, in: folder)
            try #require(result.status == 0, "\(result.errors)")
        }

        /// The bundle where these authorities' certificates lie in the workspace.
        private func bundle(trusting names: String..., certificate: String = "ca.pem") throws -> BundleTools {
            try Files.createFolders(folder.path("desk/timestamping"))
            for name in names {
                try folder.write(folder.bytes("\(name)/\(certificate)"), to: "desk/timestamping/\(name).pem")
            }
            try write("bundle")
            return try BundleTools(in: folder)
        }

        private func responses() throws -> [String] {
            try Files.names(in: folder.path("bundle")).filter { $0.hasPrefix("checkpoint.tsr-") }
        }

        @Test(arguments: ["ca.pem", "tsa.pem"])
        func timestampsAreCheckedUnderTheCertificatesThatCome(certificate: String) throws {
            let tools = try bundle(trusting: "tsa-1", "tsa-2", "other", certificate: certificate)
            #expect(try responses() == ["checkpoint.tsr-1", "checkpoint.tsr-2"])
            let (status, output, errors) = try tools.verify("bundle")
            #expect(status == 0 && errors.isEmpty, "\(errors)")
            let stamps = output.split(separator: "\n").filter { $0.hasPrefix("  stamped      ") }
            #expect(stamps.count == 2 && stamps.allSatisfy { $0.contains(" GMT, under the certificate ") })
            #expect(output.contains("\n  time         the dates in the statements"))
            #expect(output.contains("\n  revocation ") && !output.contains("\n  timestamps "))
            // They are what the authorities gave.
            let given = try Set(["tsa-1.tsr", "tsa-2.tsr"].map { try folder.bytes($0) })
            #expect(try Set(responses().map { try folder.bytes("bundle/\($0)") }) == given)
        }

        @Test func whatHasNoCertificateIsSaidToBeUnchecked() throws {
            let tools = try bundle(trusting: "tsa-1")
            let (status, output, errors) = try tools.verify("bundle")
            #expect(status == 0, "\(errors)")
            #expect(output.contains("  stamped      ") && output.contains("\n  timestamps   checkpoint.tsr-"))
            try Files.remove(folder.path("desk/timestamping/tsa-1.pem"))
            try write("unchecked")
            let unchecked = try tools.verify("unchecked")
            #expect(unchecked.status == 0 && !unchecked.output.contains("stamped"))
            #expect(unchecked.output.contains("\n  timestamps   checkpoint.tsr-1 checkpoint.tsr-2: no certificate"))
            #expect(unchecked.output.contains("\n  time         the dates are the issuer's own"))
        }

        @Test func theAuthoritiesAreThoseOfTheFolderThatIsTrusted() throws {
            let tools = try bundle(trusting: "tsa-1", "tsa-2")
            try Files.createFolder(folder.path("trusted"))
            for (name, key) in [("controller", "certificate"), ("verifier", "test"), ("log", "checkpoint.key-1")] {
                try folder.write(folder.bytes("bundle/\(key).pem"), to: "trusted/\(name).pem")
            }
            func check() throws -> (status: Int32, output: String, errors: String) {
                try tools.run(["script.sh", "bundle", "trusted"])
            }
            let none = try check()
            #expect(none.status == 0 && none.output.contains("\n  authority    of checkpoint.tsr-1 checkpoint.tsr-2"))
            for name in ["tsa-1", "other"] {
                try folder.write(folder.bytes("\(name)/ca.pem"), to: "trusted/\(name == "other" ? "tsa-9" : name).pem")
                let refused = try check()
                #expect(refused.status == 1 && refused.errors.contains("not a timestamp under one of"), "\(name)")
            }
            try folder.write(folder.bytes("tsa-2/tsa.pem"), to: "trusted/tsa-2.pem")
            let both = try check()
            #expect(both.status == 0 && !both.output.contains("\n  authority "), "\(both.errors)")
        }

        /// Exchanged, foreign, truncated and missing files; the manifest made to fit, as a forger would.
        @Test func falseTimestampsAreRefusedByName() throws {
            let tools = try bundle(trusting: "tsa-1", "tsa-2")
            let stranger = SigningKey.generate().publicKey.pem
            try folder.write(
                TimestampQuery(imprint: Digest(sha256: Array("another checkpoint".utf8))).der, to: "other.tsq")
            try TimestampTests.call(
                TimestampTests.script.path, "reply", folder.path("tsa-1"), folder.path("other.tsq"),
                folder.path("other.tsr"))
            let right = try folder.bytes("bundle/checkpoint.tsr-1")
            let changes: [(file: String, bytes: [UInt8]?)] = [
                ("tsr-1", try folder.bytes("bundle/checkpoint.tsr-2")), ("tsr-1", try folder.bytes("other.tsr")),
                ("tsr-1", try folder.bytes("tsa-1.tsq")), ("tsr-1", Array(right.dropLast())), ("tsr-1", []),
                ("tsa-1.pem", try folder.bytes("other/ca.pem")), ("tsa-1.pem", Array(stranger.utf8)),
                ("tsa-1.pem", try folder.bytes("bundle/checkpoint.tsa-1.pem") + folder.bytes("tsa-2/ca.pem")),
                ("tsa-1.pem", Array("words\n".utf8) + (try folder.bytes("bundle/checkpoint.tsa-1.pem"))),
                // The second would be left over.
                ("tsr-1", nil),
            ]
            for (file, bytes) in changes {
                let path = "bundle/checkpoint.\(file)"
                let before = try folder.bytes(path)
                if let bytes { try folder.write(bytes, to: path) } else { try Files.remove(folder.path(path)) }
                try tools.renewManifest()
                let result = try tools.verify("bundle")
                #expect(result.status == 1 && result.output.isEmpty, "\(file): \(result.output)")
                #expect(result.errors.contains("checkpoint.ts"), "\(file): \(result.errors)")
                try folder.write(before, to: path)
            }
            try tools.renewManifest()
            #expect(try tools.verify("bundle").status == 0)
        }

        /// A flipped bit of a response is refused, or, where it lies in the few bytes that the authority does not sign, changes nothing of
        /// what is said; one of a certificate is refused or shows in its fingerprint; every 37th byte, all of them with LETHE_EXHAUSTIVE=1.
        @Test func noChangedBitOfATimestampChangesWhatItSays() throws {
            let tools = try bundle(trusting: "tsa-1", "tsa-2")
            let isExhaustive = ProcessInfo.processInfo.environment["LETHE_EXHAUSTIVE"] == "1"
            let said = try tools.verify("bundle").output
            let certificate = try folder.bytes("bundle/checkpoint.tsa-1.pem")
            var refused = 0
            var tried = 0
            for file in ["tsr-1", "tsa-1.pem"] {
                let path = "bundle/checkpoint.\(file)"
                let bytes = try folder.bytes(path)
                for place in stride(from: 0, to: bytes.count, by: isExhaustive ? 1 : 37) {
                    var changed = bytes
                    changed[place] ^= 1 << UInt8(place % 8)
                    try folder.write(changed, to: path)
                    try tools.renewManifest()
                    let result = try tools.verify("bundle")
                    tried += 1
                    if result.status == 1 {
                        refused += 1
                        continue
                    }
                    #expect(result.status == 0, "\(file): \(place): \(result.errors)")
                    // A trusted certificate's own signature is not looked at: it is the fingerprint that one compares.
                    let fingerprint = Digest(
                        sha256: try PEM.decode(String(decoding: certificate, as: UTF8.self), label: "CERTIFICATE"))
                    let isSame = result.output == said
                    #expect(isSame == (file == "tsr-1"), "\(file): \(place): \(result.output)")
                    #expect(result.output.contains(fingerprint.hex) == isSame)
                }
                try folder.write(bytes, to: path)
            }
            #expect(refused * 10 > tried * 7, "\(refused) of \(tried)")
        }
    }
}
