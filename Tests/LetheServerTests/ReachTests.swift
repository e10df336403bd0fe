import Glibc
import Testing

@testable import LetheMachine
@testable import LetheService

/// Where a request to a URL that somebody else has chosen may go: the program's own client, with real sockets.
struct ReachTests {
    @Test(arguments: [
        ("8.8.8.8", true), ("1.1.1.1", true), ("172.15.0.1", true), ("172.32.0.1", true), ("100.63.0.1", true),
        ("100.128.0.1", true), ("223.255.255.255", true), ("192.0.1.1", true), ("198.20.0.1", true),
        ("0.0.0.0", false), ("10.1.2.3", false), ("100.64.0.1", false), ("100.127.255.255", false),
        ("127.0.0.1", false), ("127.255.0.1", false), ("169.254.169.254", false), ("172.16.0.1", false),
        ("172.31.255.255", false), ("192.0.0.8", false), ("192.0.2.1", false), ("192.88.99.1", false),
        ("192.168.1.1", false), ("198.18.0.1", false), ("198.19.255.255", false), ("198.51.100.7", false),
        ("203.0.113.9", false), ("224.0.0.1", false), ("240.0.0.1", false), ("255.255.255.255", false),
        ("2606:4700::1111", true), ("2a00:1450:4001::1", true), ("2001:4860:4860::8888", true),
        ("2001:db7::1", true), ("::", false), ("::1", false), ("::ffff:8.8.8.8", false),
        ("::ffff:127.0.0.1", false), ("64:ff9b::808:808", false), ("fe80::1", false), ("fc00::1", false),
        ("fd12::1", false), ("ff02::1", false), ("2001::1", false), ("2001:1ff::1", false), ("2001:db8::1", false),
        ("2002:7f00:1::", false), ("3fff::1", false), ("4000::1", false),
    ])
    func anAddressIsThePublicInternetsOrIsNot(text: String, isPublic: Bool) throws {
        let isLong = text.contains(":")
        var bytes = [UInt8](repeating: 0, count: isLong ? 16 : 4)
        try #require(inet_pton(isLong ? AF_INET6 : AF_INET, text, &bytes) == 1)
        #expect(PublicAddress.contains(bytes) == isPublic)
    }

    @Test func noAddressOfAnotherLengthIsPublic() {
        for count in [0, 3, 5, 15, 17] {
            #expect(!PublicAddress.contains([UInt8](repeating: 0x20, count: count)))
        }
    }

    /// A socket of this machine that listens.
    private final class Listening {
        let port: UInt16
        private let descriptor: Int32

        init() throws {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
            self.descriptor = descriptor
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let status = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                    bind(descriptor, pointer, length) == 0 && listen(descriptor, 8) == 0
                        && getsockname(descriptor, pointer, &length) == 0
                }
            }
            port = UInt16(bigEndian: address.sin_port)
            try #require(status)
        }

        deinit { close(descriptor) }

        /// Whether somebody has connected.
        var hasCaller: Bool {
            let caller = accept(descriptor, nil, nil)
            if caller >= 0 { close(caller) }
            return caller >= 0
        }
    }

    private func request(_ url: String, _ reach: WebRequest.Reach) -> WebRequest {
        WebRequest(
            url: url, contentType: "application/json", body: [], answerLimit: 100, seconds: 5, reach: reach)
    }

    @Test func whatResolvesToThisMachineIsNeverConnectedTo() throws {
        let listening = try Listening()
        for host in ["127.0.0.1", "localhost", "0.0.0.0", "2130706433"] {
            let url = "https://\(host):\(listening.port)/cb"
            let error = #expect(throws: ServiceError.self) { try WebClient.post(request(url, .publicInternet)) }
            guard case .unreachable(_, let problem)? = error else { continue }
            #expect(problem == "the host has no address of the public internet", "\(host): \(problem)")
            #expect(!listening.hasCaller, "\(host)")
        }
        // The same call to whatever the operator named does connect: the test would notice.
        #expect(throws: ServiceError.self) {
            try WebClient.post(
                WebRequest(
                    url: "https://127.0.0.1:\(listening.port)/", contentType: "application/json", body: [],
                    answerLimit: 100, seconds: 1))
        }
        #expect(listening.hasCaller)
    }

    @Test func othersURLsAreHttpsAlone() throws {
        let listening = try Listening()
        #expect(throws: InputError.self) {
            try WebClient.post(request("http://127.0.0.1:\(listening.port)/", .publicInternet))
        }
        #expect(throws: InputError.self) { try WebClient.post(request("file:///etc/passwd", .publicInternet)) }
        #expect(!listening.hasCaller)
    }

    @Test func aHeaderFieldIsOneLine() {
        for (name, value) in [("X-A", "a\r\nX-B: b"), ("X-A\nB", "a"), ("", "a"), ("X-A", ""), ("X:A", "a")] {
            #expect(throws: InputError.self) {
                try WebClient.post(
                    WebRequest(
                        url: "https://127.0.0.1:9/", contentType: "application/json", body: [], answerLimit: 1,
                        headers: [name: value], seconds: 1))
            }
        }
    }
}
