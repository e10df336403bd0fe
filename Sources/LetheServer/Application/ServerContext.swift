public import Hummingbird
public import NIOCore

/// What a call knows of its connection.
public struct ServerContext: RequestContext {
    /// What Hummingbird itself needs.
    public var coreContext: CoreRequestContextStorage
    /// The connection.
    public let channel: any Channel

    /// The context of a call on a connection.
    public init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }
}
