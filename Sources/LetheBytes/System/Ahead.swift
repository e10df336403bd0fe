import Dispatch
import Synchronization

/// A value that another thread works out meanwhile.
public struct Ahead<Value: Sendable>: Sendable {
    private final class Slot: Sendable {
        let value = Mutex<Value?>(nil)
        let isReady = DispatchSemaphore(value: 0)
    }

    private let slot = Slot()

    /// Starts `work`.
    public init(_ work: @escaping @Sendable () -> Value) {
        let slot = slot
        DispatchQueue.global(qos: .userInitiated).async {
            let value = work()
            slot.value.withLock { $0 = value }
            slot.isReady.signal()
        }
    }

    /// Waits for the value; to be asked for once.
    public func take() -> Value {
        while true {
            slot.isReady.wait()
            if let value = slot.value.withLock({ $0 }) { return value }
        }
    }
}
