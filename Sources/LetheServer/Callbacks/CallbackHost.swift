/// A host that status callbacks may be sent to: a name of DNS and a port. Whoever sends a request chooses the URL, so the operator says which
/// hosts may be meant; an address is never one.
public struct CallbackHost: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The name, in lowercase.
    public let name: String
    /// The port.
    public let port: UInt16

    private static let standardPort: UInt16 = 443

    /// Takes `name` or `name:port`; nil for any other text, among them addresses and names without a dot.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), Self.isName(parts[0]) else { return nil }
        var port = Self.standardPort
        if parts.count == 2 {
            guard let number = UInt16(parts[1]), number > 0, "\(number)" == parts[1] else { return nil }
            port = number
        }
        (name, self.port) = (String(parts[0]), port)
    }

    /// The host of an https URL; nil where the URL has another form than one that every reader understands alike.
    init?(url: String) {
        let scheme = "https://"
        guard url.hasPrefix(scheme), url.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
        let authority = url.dropFirst(scheme.count).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        self.init(authority.lowercased())
    }

    /// Whether this is a host name of two labels or more, in lowercase. The last label begins with a letter (RFC 1123 section 2.1), so that no
    /// spelling of an address is one.
    private static func isName(_ text: some StringProtocol) -> Bool {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        guard text.utf8.count <= 253, labels.count >= 2,
            let first = labels.last?.utf8.first, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first)
        else { return false }
        return labels.allSatisfy { label in
            (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                && label.utf8.allSatisfy { byte in
                    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
                }
        }
    }

    /// As the configuration writes it.
    public var description: String { port == Self.standardPort ? name : "\(name):\(port)" }

    /// By name, then by port.
    public static func < (left: CallbackHost, right: CallbackHost) -> Bool {
        (left.name, left.port) < (right.name, right.port)
    }
}

extension [CallbackHost] {
    /// The most hosts that a configuration may name.
    static let limit = 32

    /// Takes hosts with one space between each; nil where one is none, stands there twice, or there are too many.
    init?(hosts text: String) {
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        let hosts = words.compactMap { CallbackHost($0) }
        guard (1...Self.limit).contains(words.count), hosts.count == words.count, Set(hosts).count == hosts.count
        else { return nil }
        self = hosts
    }
}
