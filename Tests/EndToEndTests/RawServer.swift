import Foundation
import Synchronization
import Testing

#if canImport(Glibc)
import Glibc
#endif

/// A server that answers bytes, whatever they are: for playing the recipient who does not keep to HTTP.
final class RawServer: Sendable {
    /// What it does with a request.
    enum Behaviour: Sendable {
        /// Answers these bytes and closes.
        case answer([UInt8])
        /// Answers nothing and closes.
        case close
        /// Keeps the connection and says nothing for so many seconds.
        case hang(Double)
        /// Does something, then answers these bytes.
        case act(@Sendable () -> Void, then: [UInt8])

        /// An answer with a status, headers and a body.
        static func http(_ status: String, _ headers: String = "", body: [UInt8] = []) -> Behaviour {
            .answer(Array("HTTP/1.1 \(status)\r\nContent-Length: \(body.count)\r\n\(headers)\r\n".utf8) + body)
        }
    }

    let port: UInt16
    private let socket: Int32
    private let state = Mutex((behaviour: Behaviour.close, requests: [(head: String, body: [UInt8])]()))

    var url: String { "http://127.0.0.1:\(port)/erasure" }
    /// What it was sent.
    var requests: [(head: String, body: [UInt8])] { state.withLock { $0.requests } }

    init() throws {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        try #require(socket >= 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, size) == 0 && listen(socket, 8) == 0 && getsockname(socket, $0, &size) == 0
            }
        }
        try #require(bound)
        self.socket = socket
        port = UInt16(bigEndian: address.sin_port)
        Thread.detachNewThread { [weak self] in
            while true {
                let connection = accept(socket, nil, nil)
                guard connection >= 0 else { return }
                self?.serve(connection)
                Glibc.close(connection)
            }
        }
    }

    deinit {
        shutdown(socket, Int32(SHUT_RDWR))
        Glibc.close(socket)
    }

    /// What it does from now on.
    func become(_ behaviour: Behaviour) { state.withLock { $0.behaviour = behaviour } }

    private func serve(_ connection: Int32) {
        guard let request = Self.read(connection) else { return }
        let behaviour = state.withLock { state in
            state.requests.append(request)
            return state.behaviour
        }
        switch behaviour {
        case .answer(let bytes): Self.write(bytes, connection)
        case .close: break
        case .hang(let seconds): Thread.sleep(forTimeInterval: seconds)
        case .act(let act, let bytes):
            act()
            Self.write(bytes, connection)
        }
    }

    private static func read(_ connection: Int32) -> (head: String, body: [UInt8])? {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while bytes.count < 1 << 24 {
            if let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) {
                let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
                let length =
                    head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
                    .flatMap { Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces)) } ?? 0
                if bytes.count - end.upperBound >= length { return (head, Array(bytes[end.upperBound...])) }
            }
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            bytes += buffer[..<count]
        }
        return nil
    }

    private static func write(_ bytes: [UInt8], _ connection: Int32) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }
}
