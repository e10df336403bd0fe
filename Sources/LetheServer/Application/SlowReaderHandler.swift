import NIOCore

/// Closes a connection whose peer takes nothing of what is sent for too long: it would hold what it was sent in memory.
///
/// Belongs to one connection and lives on its event loop, like every channel handler.
final class SlowReaderHandler: ChannelOutboundHandler, RemovableChannelHandler {
    typealias OutboundIn = NIOAny

    private let limit: TimeAmount
    private var pending = 0
    private var deadline: Scheduled<Void>?

    init(seconds: Int) { limit = .seconds(Int64(seconds)) }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let written = promise ?? context.eventLoop.makePromise(of: Void.self)
        pending += 1
        if deadline == nil { watch(context) }
        let isolated = NIOLoopBound(self, eventLoop: context.eventLoop)
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        written.futureResult.whenComplete { _ in isolated.value.advanced(bound.value) }
        context.write(data, promise: written)
    }

    func handlerRemoved(context: ChannelHandlerContext) { stop() }

    private func advanced(_ context: ChannelHandlerContext) {
        pending -= 1
        stop()
        if pending > 0, context.channel.isActive { watch(context) }
    }

    private func watch(_ context: ChannelHandlerContext) {
        let channel = context.channel
        deadline = context.eventLoop.scheduleTask(in: limit) { channel.close(promise: nil) }
    }

    private func stop() {
        deadline?.cancel()
        deadline = nil
    }
}
