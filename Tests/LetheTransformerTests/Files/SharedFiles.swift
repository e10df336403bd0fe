import Foundation
import LetheBytes

/// The folder of outside fixtures beside the repository; the tests that need it are skipped where it is missing.
enum SharedFiles {
    static let folder: String = {
        if let folder = ProcessInfo.processInfo.environment["LETHE_SHARED"] { return folder }
        var root = URL(fileURLWithPath: #filePath)
        for _ in 0..<5 { root.deleteLastPathComponent() }
        return root.appendingPathComponent("shared").path
    }()
    static let exists = Files.kind(folder) == .folder

    static func path(_ name: String) -> String { Files.join(folder, name) }

    static func read(_ name: String) throws -> [UInt8] { try Files.read(path(name), limit: 1 << 28) }
}

/// A folder that exists while `body` runs.
func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let folder = Files.join(NSTemporaryDirectory(), "lethe-files-\(UUID().uuidString)")
    try Files.createFolder(folder)
    defer { try? Files.remove(folder) }
    return try body(folder)
}
