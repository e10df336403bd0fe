public import HTTPTypes

/// All routes of a server, and the one way from a method and a path to one of them.
///
/// A path has one spelling: no empty segments, no `.` and `..`, no percent-encoding, no slash at the end but where a template has
/// one. So there is nothing to normalise, and no two readers of a path can disagree about it.
public struct RouteTable: Sendable {
    /// The routes, in the order of the document.
    public let routes: [Route]
    private let root: Node

    /// The longest path that is looked at.
    static let maximumPathLength = 1024

    /// What a method and a path lead to.
    public enum Match: Sendable {
        /// A route, with the values of its path.
        case route(Int, parameters: [String: String])
        /// The path is known, with other methods.
        case otherMethods([HTTPRequest.Method])
        /// Nothing is there.
        case nothing
    }

    /// A table of these routes.
    public init(_ routes: [Route]) {
        self.routes = routes
        var root = Node()
        for (number, route) in routes.enumerated() { root.add(number, route.method, route.segments[...]) }
        self.root = root
    }

    /// Finds the route of a call; a HEAD is looked up as a GET.
    public func match(_ method: HTTPRequest.Method, _ path: String) -> Match {
        guard path.utf8.count <= Self.maximumPathLength, path.utf8.first == UInt8(ascii: "/"),
            path.utf8.allSatisfy({ Parameter.isPlain($0) || $0 == UInt8(ascii: "/") })
        else { return .nothing }
        let segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        guard !segments.contains("."), !segments.contains("..") else { return .nothing }
        guard let (node, parameters) = root.find(segments) else { return .nothing }
        let wanted = method == .head ? .get : method
        if let number = node.routes[wanted.rawValue] { return .route(number, parameters: parameters) }
        var known = node.routes.keys.sorted()
        if known.contains("GET") { known.append("HEAD") }
        return .otherMethods(known.compactMap { HTTPRequest.Method(rawValue: $0) })
    }

    /// In whose words it is told that nothing is at a path: those of the door that it begins with.
    func errorStyle(at path: String) -> Route.ErrorStyle {
        let first = path.split(separator: "/").first
        return routes.first { $0.path.split(separator: "/").first == first }?.errors ?? .problem
    }

    /// A place in the tree of paths.
    private struct Node: Sendable {
        var routes: [String: Int] = [:]
        var names: [Substring: Node] = [:]
        /// A segment that may be anything, and its name.
        var any: [Named] = []
        /// All that is left, and its name.
        var rest: [Named] = []

        struct Named: Sendable {
            let name: String
            var node: Node
        }

        mutating func add(_ number: Int, _ method: HTTPRequest.Method, _ segments: ArraySlice<Substring>) {
            guard let first = segments.first else {
                precondition(routes[method.rawValue] == nil, "two routes for one method and path")
                routes[method.rawValue] = number
                return
            }
            guard first.hasPrefix("{"), first.hasSuffix("}") else {
                names[first, default: Node()].add(number, method, segments.dropFirst())
                return
            }
            let name = first.dropFirst().dropLast()
            if name.hasSuffix("...") {
                Self.add(number, method, [], as: String(name.dropLast(3)), to: &rest)
            } else {
                Self.add(number, method, segments.dropFirst(), as: String(name), to: &any)
            }
        }

        private static func add(
            _ number: Int, _ method: HTTPRequest.Method, _ segments: ArraySlice<Substring>, as name: String,
            to places: inout [Named]
        ) {
            if places.isEmpty { places.append(Named(name: name, node: Node())) }
            precondition(places[0].name == name, "one place of a path has one name")
            places[0].node.add(number, method, segments)
        }

        func find(_ segments: ArraySlice<Substring>) -> (Node, [String: String])? {
            guard let first = segments.first else { return routes.isEmpty ? nil : (self, [:]) }
            if let next = names[first], let found = next.find(segments.dropFirst()) { return found }
            if let any = any.first, !first.isEmpty, let (node, found) = any.node.find(segments.dropFirst()) {
                var values = found
                values[any.name] = String(first)
                return (node, values)
            }
            if let rest = rest.first, !segments.contains("") {
                return (rest.node, [rest.name: segments.joined(separator: "/")])
            }
            return nil
        }
    }
}
