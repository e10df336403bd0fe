import Synchronization

/// How often an address or a token may call: a bucket of so many calls that fills again evenly over a minute.
///
/// It remembers a bounded number of callers; where more come, those whose buckets are full are forgotten first, which changes nothing
/// for them, and then all of them: what is limited is memory, before anything.
final class RateLimiter: Sendable {
    private struct Bucket {
        var calls: Double
        var at: Double
    }

    private let buckets = Mutex<[String: Bucket]>([:])
    private let seconds: @Sendable () -> Double
    private let capacity: Int

    /// The most callers that are remembered.
    static let defaultCapacity = 65_536

    init(capacity: Int = defaultCapacity, seconds: @escaping @Sendable () -> Double) {
        self.capacity = capacity
        self.seconds = seconds
    }

    /// Takes one call from the bucket of `caller`; returns nil, or the seconds after which there is one again.
    func take(_ caller: String, perMinute: Int) -> Int? {
        guard perMinute > 0 else { return nil }
        let now = seconds()
        let rate = Double(perMinute) / 60
        return buckets.withLock { buckets in
            if buckets[caller] == nil, buckets.count >= capacity { Self.forget(&buckets, capacity, rate, now) }
            var bucket = buckets[caller] ?? Bucket(calls: Double(perMinute), at: now)
            bucket.calls = min(Double(perMinute), bucket.calls + max(0, now - bucket.at) * rate)
            bucket.at = now
            defer { buckets[caller] = bucket }
            guard bucket.calls >= 1 else { return max(1, Int(((1 - bucket.calls) / rate).rounded(.up))) }
            bucket.calls -= 1
            return nil
        }
    }

    private static func forget(_ buckets: inout [String: Bucket], _ capacity: Int, _ rate: Double, _ now: Double) {
        buckets = buckets.filter { $0.value.calls + (now - $0.value.at) * rate < rate * 60 }
        if buckets.count >= capacity { buckets = [:] }
    }

    /// How many callers are remembered.
    var count: Int { buckets.withLock(\.count) }
}
