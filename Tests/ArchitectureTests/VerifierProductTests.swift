import Foundation
import Testing

/// `LetheVerifier` is small enough to embed: it links OpenSSL and zlib, and neither database, engine nor YAML parser.
struct VerifierProductTests {
    private struct Manifest: Decodable {
        struct Target: Decodable {
            let name: String
            let dependencies: [[String: [Name?]]]
        }
        struct Product: Decodable {
            let name: String
            let targets: [String]
        }
        /// The name of a dependency; conditions and the like beside it are of no interest.
        struct Name: Decodable {
            let text: String?
            init(from decoder: any Decoder) throws {
                text = try? decoder.singleValueContainer().decode(String.self)
            }
        }
        let targets: [Target]
        let products: [Product]
    }

    /// What a product reaches by the package's own account.
    private func reach(of product: String) throws -> Set<String> {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        let scratch = FileManager.default.temporaryDirectory.appending(path: "lethe-manifest-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: scratch) }
        process.arguments = [
            "swift", "package", "--package-path", SourceTree.root.path, "--scratch-path", scratch.path, "dump-package",
        ]
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        let manifest = try JSONDecoder().decode(Manifest.self, from: data)
        let targets = Dictionary(uniqueKeysWithValues: manifest.targets.map { ($0.name, $0) })
        var pending = try #require(manifest.products.first { $0.name == product }).targets
        var reached: Set<String> = []
        while let name = pending.popLast() {
            guard reached.insert(name).inserted else { continue }
            pending += targets[name]?.dependencies.flatMap { $0.values.compactMap { $0.first??.text } } ?? []
        }
        return reached
    }

    @Test func theVerifierReachesNoDatabaseEngineOrParser() throws {
        let reached = try reach(of: "LetheVerifier")
        #expect(
            reached == [
                "LetheCertificates", "LetheLog", "LetheStatements", "LetheCrypto", "LetheBytes", "COpenSSL", "CZlib",
            ])
        // The walk would see them: the command reaches all of them.
        #expect(try reach(of: "lethe").isSuperset(of: ["GRDB", "COpenBLAS", "CSentencePiece", "Yams"]))
    }

    @Test func itsSourcesImportNothingElse() {
        var pending = ["LetheCertificates"]
        var reached: Set<String> = []
        while let room = pending.popLast() {
            guard reached.insert(room).inserted else { continue }
            pending += SourceTree.files.filter { $0.room == room }.flatMap(\.imports)
        }
        let system: Set<String> = ["Glibc", "Foundation", "FoundationEssentials", "Dispatch", "Synchronization"]
        #expect(
            reached.subtracting(system) == [
                "LetheCertificates", "LetheLog", "LetheStatements", "LetheCrypto", "LetheBytes", "COpenSSL", "CZlib",
            ])
    }
}
