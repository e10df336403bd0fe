import Glibc

/// Ends a listener from another thread or a signal's handler.
public final class StopSwitch: Sendable {
    private let ends: (read: Descriptor, write: Descriptor)

    /// A switch that was not turned.
    /// - Throws: `.system`.
    public init() throws(ListenerError) {
        var numbers: [Int32] = [0, 0]
        guard pipe(&numbers) == 0 else { throw .system(operation: "pipe", code: errno) }
        ends = (Descriptor(numbers[0]), Descriptor(numbers[1]))
        _ = ends.read.prepare() && ends.write.prepare()
    }

    /// Lets the listener finish the answers that it has begun, and return.
    public func stop() {
        var byte: UInt8 = 1
        _ = write(ends.write.number, &byte, 1)
    }

    var number: Int32 { ends.read.number }
}

/// A small HTTP/1.1 server: one thread, a fixed number of connections, every byte of a peer counted and every wait bounded.
///
/// For services that answer small requests fast and stand behind a reverse proxy, which does TLS. Handlers run one after the
/// other on the thread of `serve`.
public final class HTTPListener {
    /// The port that it listens on.
    public let port: UInt16
    private let socket: Descriptor
    private let limits: HTTPLimits
    /// Seconds on a clock that never goes back.
    private let seconds: @Sendable () -> Double
    private var connections: [Connection] = []
    /// After the system ran out of descriptors: when to accept again.
    private var resumesAt = 0.0

    /// Begins to listen.
    /// - Throws: `ListenerError`.
    public init(
        _ address: ListenAddress, limits: HTTPLimits = HTTPLimits(), seconds: @escaping @Sendable () -> Double
    ) throws(ListenerError) {
        (socket, port) = try address.listen(backlog: 64)
        self.limits = limits
        self.seconds = seconds
    }

    /// Answers requests until `stop` is turned; then finishes the answers that are on their way.
    /// - Throws: `.system` where the system's `poll` fails.
    public func serve(until stop: StopSwitch, _ handler: (HTTPRequest) -> HTTPResponse) throws(ListenerError) {
        var isStopping = false
        while true {
            let now = seconds()
            if isStopping { for index in connections.indices { connections[index].finish(now: now) } }
            connections.removeAll { $0.isDone || $0.deadline <= now }
            if isStopping, connections.isEmpty { return }
            let ready = try wait(for: stop, isStopping: isStopping, now: now)
            if ready.stop { isStopping = true }
            for index in connections.indices where ready.connections[index] {
                connections[index].advance(now: seconds(), limits: limits, handler)
            }
            if ready.socket, !isStopping { accept(now: seconds()) }
        }
    }

    private func wait(
        for stop: StopSwitch, isStopping: Bool, now: Double
    ) throws(ListenerError) -> (stop: Bool, socket: Bool, connections: [Bool]) {
        let accepts = !isStopping && connections.count < limits.connectionCount && resumesAt <= now
        // A negative number is left out by `poll`.
        var entries = [
            pollfd(fd: isStopping ? -1 : stop.number, events: Int16(POLLIN), revents: 0),
            pollfd(fd: accepts ? socket.number : -1, events: Int16(POLLIN), revents: 0),
        ]
        entries += connections.map { pollfd(fd: $0.descriptor.number, events: $0.interest, revents: 0) }
        var wake = connections.map(\.deadline).min() ?? .infinity
        if resumesAt > now { wake = min(wake, resumesAt) }
        let milliseconds = wake.isFinite ? Int32(min(max((wake - now) * 1000, 0), 60_000)) + 1 : -1
        guard poll(&entries, nfds_t(entries.count), milliseconds) >= 0 else {
            guard errno == EINTR else { throw .system(operation: "poll", code: errno) }
            return (false, false, connections.map { _ in false })
        }
        return (entries[0].revents != 0, entries[1].revents != 0, entries.dropFirst(2).map { $0.revents != 0 })
    }

    private func accept(now: Double) {
        while connections.count < limits.connectionCount {
            let number = Glibc.accept(socket.number, nil, nil)
            guard number >= 0 else {
                if errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM { resumesAt = now + 0.1 }
                return
            }
            let descriptor = Descriptor(number)
            guard descriptor.prepare() else { continue }
            connections.append(Connection(descriptor, deadline: now + limits.exchangeSeconds))
        }
    }
}

/// One peer: what it sent, what it is sent, and until when.
private struct Connection {
    let descriptor: Descriptor
    private(set) var deadline: Double
    private(set) var isDone = false
    private var input: [UInt8] = []
    private var output: ArraySlice<UInt8> = []
    /// Whether the last answer was given.
    private var isClosing = false
    private var hasContinued = false

    init(_ descriptor: Descriptor, deadline: Double) {
        self.descriptor = descriptor
        self.deadline = deadline
    }

    var interest: Int16 { Int16(output.isEmpty ? POLLIN : POLLOUT) }

    /// No further request: what is on its way may still leave.
    mutating func finish(now: Double) {
        isClosing = true
        if output.isEmpty { isDone = true }
    }

    /// Goes on as far as the peer lets it.
    mutating func advance(now: Double, limits: HTTPLimits, _ handler: (HTTPRequest) -> HTTPResponse) {
        do {
            if output.isEmpty, !isClosing {
                guard let bytes = try descriptor.read(limit: 16 * 1024) else { return }
                guard !bytes.isEmpty else { return isDone = true }
                if input.isEmpty { deadline = now + limits.exchangeSeconds }
                input += bytes
            }
            try work(now: now, limits: limits, handler)
        } catch { isDone = true }
    }

    private mutating func work(
        now: Double, limits: HTTPLimits, _ handler: (HTTPRequest) -> HTTPResponse
    ) throws(ListenerError) {
        while true {
            while !output.isEmpty {
                let count = try descriptor.send(output)
                if count == 0 { return }
                output = output.dropFirst(count)
            }
            if isClosing { return isDone = true }
            guard !input.isEmpty else { return }
            do throws(HTTPRefusal) {
                switch try HTTPParser.parse(input, limits: limits) {
                case .incomplete(let wantsContinue):
                    guard wantsContinue, !hasContinued else { return }
                    hasContinued = true
                    output = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)[...]
                case .request(let request, let byteCount):
                    input.removeFirst(byteCount)
                    hasContinued = false
                    isClosing = !request.keepsAlive
                    output = handler(request).bytes(closing: isClosing)[...]
                    deadline = now + (input.isEmpty ? limits.idleSeconds : limits.exchangeSeconds)
                }
            } catch {
                isClosing = true
                output = HTTPResponse(error.status, error.reason).bytes(closing: true)[...]
            }
        }
    }
}
