/// A closed range of numbers, for instance a confidence interval.
public struct Interval: Sendable, Hashable {
    /// The lower end.
    public let lower: Double
    /// The upper end.
    public let upper: Double

    /// Creates an interval.
    public init(lower: Double, upper: Double) {
        self.lower = lower
        self.upper = upper
    }
}

/// A statistic with its two-sided 90% interval, each end of which is a one-sided 95% bound.
public struct Estimate: Sendable, Hashable {
    /// The statistic on all records and references.
    public let value: Double
    /// Nil where no interval can be had: fewer than two references or users, or a ratio without a bound.
    public let interval: Interval?

    /// Creates an estimate.
    public init(value: Double, interval: Interval?) {
        self.value = value
        self.interval = interval
    }
}

/// The quantile of sorted numbers by linear interpolation between the two nearest.
func quantile(_ sorted: [Double], _ probability: Double) -> Double {
    precondition(!sorted.isEmpty, "quantile of nothing")
    let place = probability * Double(sorted.count - 1)
    let low = min(Int(place), sorted.count - 1)
    let high = min(low + 1, sorted.count - 1)
    return sorted[low] + (place - Double(low)) * (sorted[high] - sorted[low])
}

/// The mean of numbers; nil without any.
func mean(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
}

/// The sample standard deviation (n - 1); nil with fewer than two numbers.
func standardDeviation(_ values: [Double]) -> Double? {
    guard values.count > 1, let mean = mean(values) else { return nil }
    let squares = values.reduce(0.0) { $0 + ($1 - mean) * ($1 - mean) }
    return (squares / Double(values.count - 1)).squareRoot()
}
