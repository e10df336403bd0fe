import Foundation
import Glibc
import LetheMachine
import Synchronization

/// Sends requests at a fixed rate over some connections and measures each from the moment at which it was due: a server that falls behind
/// shows in the figures, because nobody waits for it before sending more.
struct LoadClient {
    let port: Int
    let connections: Int

    /// What came of it.
    struct Outcome: Sendable {
        var seconds: [Double] = []
        var refused = 0
        var failed = 0
        var elapsed = 0.0

        /// The time below which this share of the answers came, milliseconds.
        func milliseconds(_ share: Double) -> Double {
            let sorted = seconds.sorted()
            guard !sorted.isEmpty else { return 0 }
            return sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))] * 1_000
        }
    }

    /// Sends `count` messages at `rate` a second; `message` makes the n-th.
    func run(count: Int, rate: Double, message: @escaping @Sendable (Int) -> [UInt8]) -> Outcome {
        let clock = ContinuousClock()
        let start = clock.now
        let next = Mutex(0)
        let outcome = Mutex(Outcome())
        let group = DispatchGroup()
        for _ in 0..<connections {
            group.enter()
            let thread = Thread { [port] in
                defer { group.leave() }
                var mine = Outcome()
                var connection = LoadConnection(port: port)
                while true {
                    let number = next.withLock { next in
                        defer { next += 1 }
                        return next
                    }
                    guard number < count else { break }
                    let due = start + .seconds(Double(number) / rate)
                    let wait = (due - clock.now) / .seconds(1)
                    if wait > 0 { Thread.sleep(forTimeInterval: wait) }
                    let status = connection?.exchange(message(number))
                    mine.seconds.append((clock.now - due) / .seconds(1))
                    switch status {
                    case .some(200..<300): break
                    case .some: mine.refused += 1
                    case nil:
                        mine.failed += 1
                        connection = LoadConnection(port: port)
                    }
                }
                let found = mine
                outcome.withLock {
                    $0.seconds += found.seconds
                    $0.refused += found.refused
                    $0.failed += found.failed
                }
            }
            thread.start()
        }
        group.wait()
        var result = outcome.withLock { $0 }
        result.elapsed = (clock.now - start) / .seconds(1)
        return result
    }
}

/// One connection that is kept open.
final class LoadConnection {
    private let descriptor: Int32
    private var buffer: [UInt8] = []

    init?(port: Int) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard descriptor >= 0, result == 0 else { return nil }
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { close(descriptor) }

    /// Sends a message and reads its answer; the status, or nil where the connection broke.
    func exchange(_ message: [UInt8]) -> Int? {
        var rest = message[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return nil }
            rest = rest.dropFirst(count)
        }
        let end = Array("\r\n\r\n".utf8)
        while true {
            if let head = buffer.firstRange(of: end) {
                let text = String(decoding: buffer[..<head.lowerBound], as: UTF8.self)
                let length = text.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
                    .flatMap { Int($0.drop { $0 != ":" }.dropFirst().filter { $0 != " " }) }
                let whole = head.upperBound + (length ?? 0)
                while buffer.count < whole { guard fill() else { return nil } }
                buffer.removeFirst(whole)
                return Int(text.dropFirst(9).prefix(3))
            }
            guard fill() else { return nil }
        }
    }

    private func fill() -> Bool {
        var part = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &part, part.count, 0)
        guard count > 0 else { return false }
        buffer += part[..<count]
        return true
    }
}
