import Foundation
import Synchronization

/// The resident memory of a process, again and again, MiB: whether it grows under load.
final class MemoryWatch: Sendable {
    private let process: Int32
    private let samples: Mutex<(megabytes: [Int], isOver: Bool)>

    /// Looks at once and then every `interval` seconds.
    init(_ process: Int32, interval: Double) {
        self.process = process
        samples = Mutex(([Self.megabytes(process)], false))
        Thread.detachNewThread { [self] in
            while true {
                Thread.sleep(forTimeInterval: interval)
                let isOver = samples.withLock { samples in
                    if !samples.isOver { samples.megabytes.append(Self.megabytes(process)) }
                    return samples.isOver
                }
                if isOver { return }
            }
        }
    }

    /// Looks once more; returns everything that was seen.
    func end() -> [Int] {
        samples.withLock { samples in
            samples.isOver = true
            return samples.megabytes + [Self.megabytes(process)]
        }
    }

    private static func megabytes(_ process: Int32) -> Int {
        let status = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
        return (Int(line.filter(\.isNumber)) ?? 0) / 1_024
    }
}
