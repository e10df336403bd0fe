extension DecimalNumber {
    /// The exact order of the numbers, not of their texts: "0.5" and "0.50" are the same, no digit is rounded.
    public func isLess(than other: DecimalNumber) -> Bool {
        compare(other) < 0
    }

    /// Whether both texts spell the same number.
    public func isEqual(to other: DecimalNumber) -> Bool {
        compare(other) == 0
    }

    private func compare(_ other: DecimalNumber) -> Int {
        switch (isNegative, other.isNegative) {
        case (false, true): 1
        case (true, false): -1
        case (false, false): magnitudeOrder(other)
        case (true, true): other.magnitudeOrder(self)
        }
    }

    private var isNegative: Bool { text.utf8.first == UInt8(ascii: "-") }

    private var digits: (whole: [UInt8], fraction: [UInt8]) {
        let parts = text.utf8.drop { $0 == UInt8(ascii: "-") }.split(separator: UInt8(ascii: "."))
        return (parts.first.map { Array($0) } ?? [], parts.count > 1 ? Array(parts[1]) : [])
    }

    private func magnitudeOrder(_ other: DecimalNumber) -> Int {
        let (left, right) = (digits, other.digits)
        let zero = UInt8(ascii: "0")
        func padded(_ number: (whole: [UInt8], fraction: [UInt8])) -> [UInt8] {
            let whole = max(left.whole.count, right.whole.count) - number.whole.count
            let fraction = max(left.fraction.count, right.fraction.count) - number.fraction.count
            return Array(repeating: zero, count: whole) + number.whole + number.fraction
                + Array(repeating: zero, count: fraction)
        }
        let (a, b) = (padded(left), padded(right))
        return a == b ? 0 : a.lexicographicallyPrecedes(b) ? -1 : 1
    }
}
