public import LetheStatements

extension Timestamp {
    /// The first and the last moment that can be written.
    private static let range: ClosedRange<Int64> = -62_135_596_800...253_402_300_799

    /// The moment `seconds` seconds later (earlier for negative ones), held at the years 1 and 9999 instead of leaving them.
    public func adding(seconds: Int64) -> Timestamp {
        let (sum, overflow) = secondsSinceEpoch.addingReportingOverflow(seconds)
        let held = overflow ? (seconds < 0 ? Int64.min : Int64.max) : sum
        let clamped = min(max(held, Timestamp.range.lowerBound), Timestamp.range.upperBound)
        return (try? Timestamp(secondsSinceEpoch: clamped)) ?? self
    }

    /// The civil day at an offset from UTC; the day of receipt is a local day, and west of Greenwich that matters.
    public func date(utcOffsetMinutes: Int = 0) -> CivilDate {
        let local = adding(seconds: Int64(utcOffsetMinutes) * 60)
        return CivilDate(daysSinceEpoch: floorDivide(Int(local.secondsSinceEpoch), 86_400))
    }
}

extension CivilDate {
    /// The last second of the day at an offset from UTC, as a moment.
    public func end(utcOffsetMinutes: Int = 0) -> Timestamp {
        Timestamp.epoch.adding(seconds: Int64(daysSinceEpoch + 1) * 86_400 - 1 - Int64(utcOffsetMinutes) * 60)
    }
}
