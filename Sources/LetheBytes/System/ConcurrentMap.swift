import Dispatch
import Synchronization

extension Array where Element: Sendable {
    /// The results of `transform` in the order of the elements, worked out on all cores; returns when the last is there.
    ///
    /// - Parameter chunk: how many neighbours one core takes at a time; by default about four times as many chunks as cores
    ///   come out, at least one element each.
    public func concurrentMap<Result: Sendable>(
        chunk: Int? = nil, _ transform: @Sendable (Element) -> Result
    ) -> [Result] {
        let size = Swift.max(1, chunk ?? (count + 15) / 16)
        guard count > size else { return map(transform) }
        let chunks = (count + size - 1) / size
        let parts = Mutex<[[Result]]>([[Result]](repeating: [], count: chunks))
        DispatchQueue.concurrentPerform(iterations: chunks) { number in
            let part = self[(number * size)..<Swift.min(count, (number + 1) * size)].map(transform)
            parts.withLock { $0[number] = part }
        }
        return parts.withLock { parts in
            var results: [Result] = []
            results.reserveCapacity(count)
            for part in parts { results += part }
            return results
        }
    }
}
