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

/// The real goodbooks-10k files, when they are there.
let goodbooksFolder: String? = sharedFolder.map { $0 + "/data/goodbooks" }.flatMap { Files.exists($0) ? $0 : nil }

/// A gzip member with stored blocks, made by hand after RFC 1951 and RFC 1952.
func gzipped(_ bytes: [UInt8]) -> [UInt8] {
    func little(_ value: UInt32, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt32($0))) }
    }
    var member: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]
    var start = 0
    repeat {
        let block = bytes[start..<min(start + 0xffff, bytes.count)]
        start = block.endIndex
        let count = UInt32(block.count)
        member += [start == bytes.count ? 1 : 0] + little(count, 2) + little(~count, 2) + block
    } while start < bytes.count
    var checksum: UInt32 = 0xffff_ffff
    for byte in bytes {
        checksum ^= UInt32(byte)
        for _ in 0..<8 { checksum = checksum & 1 == 1 ? checksum >> 1 ^ 0xedb8_8320 : checksum >> 1 }
    }
    return member + little(~checksum, 4) + little(UInt32(truncatingIfNeeded: bytes.count), 4)
}
