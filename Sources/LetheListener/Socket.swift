import Glibc

/// A descriptor that is closed with the last reference to this object. Only this file and its neighbours here call the system.
final class Descriptor: Sendable {
    let number: Int32

    init(_ number: Int32) { self.number = number }

    deinit { close(number) }

    /// Makes reads and writes return at once, and keeps the descriptor from other programs.
    func prepare() -> Bool {
        let flags = fcntl(number, F_GETFL)
        return flags >= 0 && fcntl(number, F_SETFL, flags | O_NONBLOCK) == 0
            && fcntl(number, F_SETFD, FD_CLOEXEC) == 0
    }

    /// What there is to read, at most `limit` bytes; empty at the end of the stream, nil where nothing has come yet.
    func read(limit: Int) throws(ListenerError) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: limit)
        let count = bytes.withUnsafeMutableBytes { Glibc.read(number, $0.baseAddress, $0.count) }
        if count >= 0 { return Array(bytes.prefix(count)) }
        guard errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR else {
            throw .system(operation: "read", code: errno)
        }
        return nil
    }

    /// Sends what the peer takes now, and says how many bytes that were.
    func send(_ bytes: ArraySlice<UInt8>) throws(ListenerError) -> Int {
        let count = bytes.withUnsafeBytes { Glibc.send(number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        if count >= 0 { return count }
        guard errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR else {
            throw .system(operation: "send", code: errno)
        }
        return 0
    }
}

/// Where a listener listens.
public struct ListenAddress: Sendable, Equatable, CustomStringConvertible {
    /// A name or number of this machine.
    public let host: String
    /// The port; 0 lets the system choose one.
    public let port: UInt16

    /// Reads `HOST:PORT`; a number of IP version 6 stands in brackets.
    /// - Throws: `.malformedAddress`.
    public init(_ text: String) throws(ListenerError) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]),
            text[text.index(after: colon)...].utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { throw .malformedAddress(found: text) }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            throw .malformedAddress(found: text)
        }
        guard !host.isEmpty, host.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw .malformedAddress(found: text)
        }
        self.init(host: String(host), port: port)
    }

    init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// `HOST:PORT`.
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// A socket that listens here.
    func listen(backlog: Int32) throws(ListenerError) -> (socket: Descriptor, port: UInt16) {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, String(port), &hints, &list)
        guard code == 0, let first = list else {
            throw .unknownHost(host: host, reason: String(cString: gai_strerror(code)))
        }
        defer { freeaddrinfo(list) }
        var failure = ListenerError.system(operation: "socket", code: EADDRNOTAVAIL)
        var next: UnsafeMutablePointer<addrinfo>? = first
        while let candidate = next {
            do throws(ListenerError) { return try Self.bind(candidate.pointee, backlog) } catch { failure = error }
            next = candidate.pointee.ai_next
        }
        throw failure
    }

    private static func bind(
        _ address: addrinfo, _ backlog: Int32
    ) throws(ListenerError) -> (socket: Descriptor, port: UInt16) {
        let number = socket(address.ai_family, address.ai_socktype, address.ai_protocol)
        guard number >= 0 else { throw .system(operation: "socket", code: errno) }
        let descriptor = Descriptor(number)
        var yes: Int32 = 1
        _ = setsockopt(number, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        guard descriptor.prepare() else { throw .system(operation: "fcntl", code: errno) }
        guard Glibc.bind(number, address.ai_addr, address.ai_addrlen) == 0 else {
            throw .system(operation: "bind", code: errno)
        }
        guard Glibc.listen(number, backlog) == 0 else { throw .system(operation: "listen", code: errno) }
        return (descriptor, try port(of: number))
    }

    private static func port(of number: Int32) throws(ListenerError) -> UInt16 {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let code = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(number, $0, &length) }
        }
        guard code == 0 else { throw .system(operation: "getsockname", code: errno) }
        // The port stands at the same place in both versions of IP, in network order.
        return withUnsafeBytes(of: &storage) { UInt16($0[2]) << 8 | UInt16($0[3]) }
    }
}

/// Why there is no listener.
public enum ListenerError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Not `HOST:PORT`.
    case malformedAddress(found: String)
    /// A host that this machine does not know.
    case unknownHost(host: String, reason: String)
    /// A call of the system failed.
    case system(operation: String, code: Int32)

    /// Whether the machine is to blame, not the input.
    public var isMachineFailure: Bool { if case .system = self { true } else { false } }

    /// One line.
    public var description: String {
        switch self {
        case .malformedAddress(let found):
            "listen address: expected HOST:PORT, found \"\(found.filter { $0 != "\n" })\""
        case .unknownHost(let host, let reason): "listen address: \(host): \(reason)"
        case .system(let operation, let code): "listener: \(operation) failed: \(String(cString: strerror(code)))"
        }
    }
}
