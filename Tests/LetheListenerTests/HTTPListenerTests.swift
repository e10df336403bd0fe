import Foundation
import Glibc
import Testing

@testable import LetheListener

/// A listener on a thread of its own, which answers with what it was asked.
private final class Server: Sendable {
    let port: UInt16
    private let stop: StopSwitch
    private let done = DispatchSemaphore(value: 0)

    init(limits: HTTPLimits = HTTPLimits()) throws {
        let clock = ContinuousClock()
        let start = clock.now
        let listener = try HTTPListener(
            ListenAddress("127.0.0.1:0"), limits: limits, seconds: { (clock.now - start) / .seconds(1) })
        port = listener.port
        let stop = try StopSwitch()
        self.stop = stop
        let done = done
        nonisolated(unsafe) let serving = listener
        Thread.detachNewThread {
            try? serving.serve(until: stop) { request in
                HTTPResponse(200, "\(request.method) \(request.path) \(request.body.count)")
            }
            done.signal()
        }
    }

    /// Whether the listener has returned.
    func end() -> Bool {
        stop.stop()
        return done.wait(timeout: .now() + 20) == .success
    }
}

/// A peer that says exactly what it is told to.
private final class Peer {
    private let number: Int32

    init(_ port: UInt16) throws {
        number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let code = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(number, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(code == 0)
        var timeout = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(number, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(number) }

    func say(_ text: String) {
        let bytes = Array(text.utf8)
        _ = send(number, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    /// All that comes until the other side closes, or until `end` was seen.
    func hear(until end: String? = nil) -> String {
        var heard: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(number, &buffer, buffer.count)
            guard count > 0 else { break }
            heard += buffer.prefix(count)
            if let end, String(decoding: heard, as: UTF8.self).contains(end) { break }
        }
        return String(decoding: heard, as: UTF8.self)
    }
}

@Suite(.serialized)
struct HTTPListenerTests {
    @Test func requestsAreAnsweredOneAfterTheOtherOnOneConnection() throws {
        let server = try Server()
        let peer = try Peer(server.port)
        peer.say("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nab")
        peer.say("cGET /b HTTP/1.1\r\nHost: x\r\n\r\nGET /c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        let heard = peer.hear()
        #expect(heard.components(separatedBy: "HTTP/1.1 200 OK").count == 4)
        #expect(heard.contains("POST /a 3\n") && heard.contains("GET /b 0\n") && heard.hasSuffix("GET /c 0\n"))
        #expect(server.end())
    }

    @Test func aBodyMayWaitForItsContinue() throws {
        let server = try Server()
        let peer = try Peer(server.port)
        peer.say("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n")
        #expect(peer.hear(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
        peer.say("ok")
        #expect(peer.hear().hasSuffix("POST / 2\n"))
        #expect(server.end())
    }

    @Test func badRequestsAreAnsweredAndCutOff() throws {
        let server = try Server()
        for (text, status) in [
            ("nonsense\r\n\r\n", "400"), ("GET / HTTP/3\r\nHost: x\r\n\r\n", "505"),
            ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n", "413"),
            (String(repeating: "x", count: 9000), "431"),
        ] {
            let peer = try Peer(server.port)
            peer.say(text)
            #expect(peer.hear().hasPrefix("HTTP/1.1 \(status) "), "\(text.prefix(20))")
        }
        #expect(server.end())
    }

    @Test func aPeerThatSaysNothingOrTooLittleIsDropped() throws {
        var limits = HTTPLimits()
        limits.exchangeSeconds = 0.3
        let server = try Server(limits: limits)
        let (silent, slow) = (try Peer(server.port), try Peer(server.port))
        slow.say("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na")
        #expect(silent.hear() == "" && slow.hear() == "")
        #expect(server.end())
    }

    @Test func moreConnectionsThanAllowedWaitTheirTurn() throws {
        var limits = HTTPLimits()
        limits.connectionCount = 2
        let server = try Server(limits: limits)
        let peers = try (0..<6).map { _ in try Peer(server.port) }
        for peer in peers { peer.say("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n") }
        for peer in peers { #expect(peer.hear().contains("200 OK")) }
        #expect(server.end())
    }

    @Test func aPeerThatHangsUpHarmsNobody() throws {
        let server = try Server()
        for _ in 0..<20 {
            let peer = try Peer(server.port)
            peer.say("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n")
        }
        let peer = try Peer(server.port)
        peer.say("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        #expect(peer.hear().contains("200 OK"))
        #expect(server.end())
    }

    @Test func aStoppedListenerReturnsAlthoughPeersStayConnected() throws {
        let server = try Server()
        let peer = try Peer(server.port)
        peer.say("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        _ = peer.hear(until: "0\n")
        #expect(server.end())
        #expect(peer.hear() == "")
    }

    @Test func aTakenPortIsTheMachinesFault() throws {
        let server = try Server()
        let error = #expect(throws: ListenerError.self) {
            try HTTPListener(ListenAddress(host: "127.0.0.1", port: server.port), seconds: { 0 })
        }
        #expect(error?.isMachineFailure == true)
        #expect(server.end())
    }
}
