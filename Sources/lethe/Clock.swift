import Foundation
import LetheService
import LetheStatements

/// The machine's clocks, read at the edge only.
enum Clock {
    /// The time of day; the epoch where the machine's clock is outside the years that RFC 3339 can write.
    static func now() -> Timestamp {
        let seconds = Int64(Date().timeIntervalSince1970)
        return (try? Timestamp(secondsSinceEpoch: seconds)) ?? .epoch
    }

    /// The clocks for the service.
    static var environment: ServiceEnvironment {
        let clock = ContinuousClock()
        let start = clock.now
        return ServiceEnvironment(now: now, seconds: { (clock.now - start) / .seconds(1) })
    }
}
