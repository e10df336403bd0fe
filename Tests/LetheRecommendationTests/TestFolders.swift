import Foundation
import LetheBytes

/// The folder of real data and reference numbers beside the repository, when it is there.
let sharedFolder: String? = {
    if let path = ProcessInfo.processInfo.environment["LETHE_SHARED"] { return path }
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    let path = root.deletingLastPathComponent().appendingPathComponent("shared").path
    return Files.exists(path) ? path : nil
}()

/// The real MovieLens-1M files, when they are there.
let movieLensFolder: String? = sharedFolder.map { $0 + "/data/ml-1m" }.flatMap { Files.exists($0) ? $0 : nil }

/// Runs `body` with a fresh folder that holds these files, and removes it.
@discardableResult
func withFolder<Result>(_ files: [String: [UInt8]], _ body: (String) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
        "lethe-data-\(UUID().uuidString)"
    ).path
    try Files.createFolder(folder)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for (name, bytes) in files { try Files.write(bytes, to: Files.join(folder, name)) }
    return try body(folder)
}
