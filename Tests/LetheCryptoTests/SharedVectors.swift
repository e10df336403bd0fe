import Foundation
import LetheBytes

/// The published vectors that lie outside of the repository; tests that need them are enabled only where they are.
enum SharedVectors {
    static let folder: String? = {
        let root = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
        let candidates = [ProcessInfo.processInfo.environment["LETHE_SHARED"], root + "/../shared"]
        return candidates.compactMap { $0.map { $0 + "/vectors" } }.first { Files.exists($0) }
    }()

    static var exist: Bool { folder != nil }

    static func bytes(_ path: String) throws -> [UInt8] {
        try Files.read((folder ?? "") + "/" + path, limit: 1 << 24)
    }

    static func json(_ path: String) throws -> JSONValue {
        try StrictJSON.parse(bytes(path))
    }
}
