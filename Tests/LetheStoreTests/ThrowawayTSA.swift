import Foundation
import LetheCrypto

/// A timestamp authority that lives as long as the tests: `Tests/Support/throwaway-tsa`, which is `openssl ts`.
struct ThrowawayTSA: Sendable {
    let folder: TemporaryFolder
    let trusted: TimestampAuthority

    static let shared = Result { try ThrowawayTSA() }

    init() throws {
        folder = try TemporaryFolder()
        try Self.run("create", folder.path)
        trusted = try TimestampAuthority(pem: Self.bytes(folder.path + "/ca.pem"))
    }

    /// The authority's answer to a query.
    func reply(to query: [UInt8]) throws -> [UInt8] {
        let name = folder.path + "/" + UUID().uuidString
        try Data(query).write(to: URL(filePath: name + ".tsq"))
        try Self.run("reply", folder.path, name + ".tsq", name + ".tsr")
        return try Self.bytes(name + ".tsr")
    }

    /// One file of the authority.
    func file(_ name: String) throws -> [UInt8] { try Self.bytes(folder.path + "/" + name) }

    static func bytes(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(filePath: path))) }

    private static func run(_ arguments: String...) throws {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let process = Process()
        process.executableURL = tests.appending(path: "Support/throwaway-tsa")
        process.arguments = arguments
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw CocoaError(.executableLoad) }
    }
}
