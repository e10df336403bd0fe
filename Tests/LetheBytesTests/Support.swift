import Foundation
import LetheBytes

/// The folder of outside vectors beside the repository; the tests that need it are skipped where it is missing.
enum Shared {
    static let folder: String = {
        if let folder = ProcessInfo.processInfo.environment["LETHE_SHARED"] { return folder }
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return root.deletingLastPathComponent().appendingPathComponent("shared").path
    }()
    static let exists = Files.kind(folder) == .folder

    static func read(_ name: String) throws -> [UInt8] {
        try Files.read(Files.join(folder, name), limit: 1 << 26)
    }
}

/// A folder that exists while `body` runs.
func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let folder = Files.join(NSTemporaryDirectory(), "lethe-bytes-\(UUID().uuidString)")
    try Files.createFolder(folder)
    defer { try? Files.remove(folder) }
    return try body(folder)
}

/// Numbers that are the same in every run: SplitMix64.
struct TestGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: Int) { state = UInt64(seed) }
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
