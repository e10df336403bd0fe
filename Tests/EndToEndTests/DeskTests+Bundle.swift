import Foundation
import LetheBytes
import Testing

extension DeskTests {
    /// The audit bundle, checked with nothing but sh, cat, openssl and sha256sum.
    @Suite(.enabled(if: BundleTools.exist, "needs dash or sh, openssl and sha256sum"))
    struct Bundle {
        private func bundle(_ number: Int = 1) throws -> TemporaryFolder {
            let folder = try Tour.current.copy()
            let result = try LetheCommand.run(
                "certificate", "bundle", "\(number)", "--output", "bundle", "--workspace", "desk", "--json", in: folder)
            #expect(result.status == 0, "\(result.errors)")
            return folder
        }

        @Test func aBundleIsCheckedWithoutLethe() throws {
            for number in 1...Tour.people {
                let folder = try bundle(number)
                let tools = try BundleTools(in: folder)
                let (status, output, errors) = try tools.verify("bundle")
                #expect(status == 0, "\(errors)")
                #expect(errors.isEmpty)
                #expect(output.hasSuffix("holds\n"))
                for line in ["keys", "validity", "witnesses", "time", "numbers", "run", "model", "chain"] {
                    #expect(output.contains("\n  \(line) "), "says that \(line) was not checked")
                }
                #expect(output.contains(Tour.origin))
                // It is the certificate itself.
                let file = try StrictJSON.parse(
                    folder.bytes("desk/certificates/000\(number).lethe-certificate.json"))
                #expect(
                    try StrictJSON.parse(folder.bytes("bundle/certificate.dsse.json")) == file["certificate"])
                #expect(
                    String(decoding: try folder.bytes("bundle/certificate.tlog-proof"), as: UTF8.self)
                        == file["proof"]?.stringValue)
            }
        }

        @Test func itsOwnScriptRunsInItsFolderToo() throws {
            let folder = try bundle()
            let tools = try BundleTools(in: folder)
            #expect(try tools.run(["bundle/verify.sh"]).status == 0)
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o555], ofItemAtPath: folder.path("bundle"))
            #expect(try tools.run(["bundle/verify.sh"]).status == 0, "nothing is written")
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o755], ofItemAtPath: folder.path("bundle"))
        }

        @Test func theKeysAreThoseOfTheFolderThatIsTrusted() throws {
            let folder = try bundle()
            let tools = try BundleTools(in: folder)
            try Files.createFolder(folder.path("trusted"))
            for (name, key) in [("controller", "certificate"), ("verifier-1", "test"), ("log", "checkpoint.key-1")] {
                try folder.write(folder.bytes("bundle/\(key).pem"), to: "trusted/\(name).pem")
            }
            let (status, output, _) = try tools.run(["script.sh", "bundle", "trusted"])
            #expect(status == 0 && !output.contains("compare the fingerprints"))
            _ = try LetheCommand.run("key", "generate", "--output", "other.pem", in: folder)
            for name in ["controller", "verifier-1", "log"] {
                let right = try folder.bytes("trusted/\(name).pem")
                try folder.write(folder.bytes("other.pem.pub"), to: "trusted/\(name).pem")
                let refused = try tools.run(["script.sh", "bundle", "trusted"])
                #expect(refused.status == 1 && refused.errors.contains("not one of the keys"), "\(name)")
                try folder.write(right, to: "trusted/\(name).pem")
            }
        }

        /// Every file, some bytes of each (all of them with LETHE_EXHAUSTIVE=1); with the manifest made to fit, so that what refuses
        /// is the signature, the hash or the proof.
        @Test func everyChangedByteOfEveryFileIsRefusedByName() throws {
            let isExhaustive = ProcessInfo.processInfo.environment["LETHE_EXHAUSTIVE"] == "1"
            let folder = try bundle()
            let tools = try BundleTools(in: folder)
            let names = try Files.names(in: folder.path("bundle"))
            #expect(names.count > 25)
            for (number, name) in names.enumerated() {
                let path = "bundle/\(name)"
                let bytes = try folder.bytes(path)
                let places =
                    isExhaustive
                    ? Array(bytes.indices)
                    : [0, bytes.count - 1, (number * 7919 + 13) % bytes.count, (number * 104_729 + 5) % bytes.count]
                for place in Set(places) {
                    var changed = bytes
                    changed[place] ^= 1 << UInt8((place + number) % 8)
                    try folder.write(changed, to: path)
                    if !["SHA256SUMS", "README.txt", "verify.sh"].contains(name) { try tools.renewManifest() }
                    let result = try tools.verify("bundle")
                    #expect(result.status == 1, "\(name): byte \(place): \(result.output)\(result.errors)")
                    #expect(result.output.isEmpty)
                    #expect(
                        result.errors.hasPrefix("verify: does not hold: ")
                            && result.errors.split(separator: "\n").count == 1, "\(result.errors)")
                    let stem = name.split(separator: ".").first.map(String.init) ?? name
                    #expect(name == "SHA256SUMS" || result.errors.contains(stem), "\(name): \(result.errors)")
                }
                try folder.write(bytes, to: path)
                try tools.renewManifest()
            }
            #expect(try tools.verify("bundle").status == 0)
        }

        @Test func missingSurplusAndExchangedFilesAreRefused() throws {
            let folder = try bundle(1)
            let other = try bundle(2)
            let tools = try BundleTools(in: folder)
            for name in try Files.names(in: folder.path("bundle")) where name != "SHA256SUMS" {
                let bytes = try folder.bytes("bundle/\(name)")
                try Files.remove(folder.path("bundle/\(name)"))
                #expect(try tools.verify("bundle").status == 1, "without \(name)")
                if !["README.txt", "verify.sh"].contains(name) {
                    try tools.renewManifest()
                    #expect(try tools.verify("bundle").status == 1, "without \(name), manifest renewed")
                }
                if let exchanged = try? other.bytes("bundle/\(name)"), exchanged != bytes {
                    try folder.write(exchanged, to: "bundle/\(name)")
                    try tools.renewManifest()
                    #expect(try tools.verify("bundle").status == 1, "\(name) of another certificate")
                }
                try folder.write(bytes, to: "bundle/\(name)")
                try tools.renewManifest()
            }
            try folder.write([1], to: "bundle/surplus")
            #expect(try tools.verify("bundle").errors.contains("surplus: not listed"))
            try tools.renewManifest()
            #expect(try tools.verify("bundle").errors.contains("surplus: not a part"))
            try Files.remove(folder.path("bundle/SHA256SUMS"))
            #expect(try tools.verify("bundle").errors.contains("SHA256SUMS: missing"))
            #expect(try tools.run(["script.sh", "nowhere"]).status == 2)
        }

        @Test func whatCannotBeBundledIsSaidAndNothingIsWritten() throws {
            let folder = try Tour.current.copy()
            func bundle(_ number: String, _ output: String) -> [String] {
                ["certificate", "bundle", number, "--output", output, "--workspace", "desk"]
            }
            try expectRefusal(bundle("99", "new"), in: folder, naming: "no certificate 99")
            try expectRefusal(bundle("1", "data"), in: folder, naming: "data", "exists already")
            try expectRefusal(bundle("1", "no/such/folder"), in: folder, naming: "no/such")
            var file = try folder.bytes("desk/certificates/0001.lethe-certificate.json")
            file[file.count / 2] ^= 1
            try folder.write(file, to: "desk/certificates/0001.lethe-certificate.json")
            try expectRefusal(bundle("1", "new"), in: folder)
        }
    }
}

/// A shell with nothing in its environment but four programs.
struct BundleTools {
    private static let places = ["/bin", "/usr/bin", "/usr/local/bin"]
    private static func find(_ name: String) -> String? {
        places.map { $0 + "/" + name }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    static var exist: Bool { ["openssl", "sha256sum", "cat", "sh"].allSatisfy { find($0) != nil } }

    private let folder: TemporaryFolder

    /// Links the programs into `folder`, and keeps the script that the first bundle came with as the one that is trusted.
    init(in folder: TemporaryFolder, bundle: String = "bundle") throws {
        self.folder = folder
        try Files.createFolder(folder.path("tools"))
        for name in ["openssl", "sha256sum", "cat"] {
            try FileManager.default.createSymbolicLink(
                atPath: folder.path("tools/\(name)"), withDestinationPath: #require(Self.find(name)))
        }
        try FileManager.default.createSymbolicLink(
            atPath: folder.path("tools/sh"), withDestinationPath: #require(Self.find("dash") ?? Self.find("sh")))
        try folder.write(folder.bytes("\(bundle)/verify.sh"), to: "script.sh")
    }

    func verify(_ bundle: String) throws -> (status: Int32, output: String, errors: String) {
        try run(["script.sh", bundle])
    }

    func run(_ arguments: [String]) throws -> (status: Int32, output: String, errors: String) {
        let process = Process()
        let (output, errors) = (Pipe(), Pipe())
        process.executableURL = URL(filePath: folder.path("tools/sh"))
        process.arguments = arguments
        process.environment = ["PATH": folder.path("tools")]
        process.currentDirectoryURL = folder.url
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let text = output.fileHandleForReading.readDataToEndOfFile()
        let complaint = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (
            process.terminationStatus, String(decoding: text, as: UTF8.self), String(decoding: complaint, as: UTF8.self)
        )
    }

    /// Makes the manifest fit what lies there, as a forger would.
    func renewManifest() throws {
        let names = try Files.names(in: folder.path("bundle")).filter { $0 != "SHA256SUMS" }
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: folder.path("tools/sha256sum"))
        process.arguments = names
        process.currentDirectoryURL = URL(filePath: folder.path("bundle"))
        process.standardOutput = output
        try process.run()
        let text = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        try folder.write([UInt8](text), to: "bundle/SHA256SUMS")
    }
}
