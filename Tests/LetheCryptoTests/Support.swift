import Foundation
import LetheBytes
import LetheCrypto

/// Runs `body` with a fresh folder and removes the folder afterwards.
func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.path + "/lethe-test-" + Hex.encode(secureRandomBytes(8))
    try Files.createFolder(folder)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try body(folder)
}
