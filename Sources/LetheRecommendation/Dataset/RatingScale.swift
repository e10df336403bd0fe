/// What ratings are counted in, from where on one means "liked", and how it reads in a prompt.
public struct RatingScale: Sendable, Hashable {
    /// How a rating is put into words.
    public enum Reading: Sendable, Hashable {
        /// As a number of units: `1 star`, `3.5 stars`.
        case units(one: String, many: String)
        /// As one of two words: the log says only whether the item was liked.
        case words(liked: String, disliked: String)
    }

    /// The ratings that there are, in steps.
    public let steps: ClosedRange<Int>
    /// The size of a step in thousandths of a unit: 1000 for whole stars, 500 for half ones.
    public let stepThousandths: Int
    /// More steps than this mean "liked".
    public let likedAbove: Int
    /// How a rating is put into words.
    public let reading: Reading

    /// Creates a scale; nil where the step is not positive, or steps are negative or more than 100,000.
    public init?(steps: ClosedRange<Int>, stepThousandths: Int = 1000, likedAbove: Int, reading: Reading) {
        guard (1...1_000_000).contains(stepThousandths), steps.lowerBound >= 0, steps.upperBound <= 100_000,
            (steps.lowerBound...steps.upperBound).contains(likedAbove)
        else { return nil }
        self.init(checked: steps, stepThousandths: stepThousandths, likedAbove: likedAbove, reading: reading)
    }

    private init(checked steps: ClosedRange<Int>, stepThousandths: Int, likedAbove: Int, reading: Reading) {
        self.steps = steps
        self.stepThousandths = stepThousandths
        self.likedAbove = likedAbove
        self.reading = reading
    }

    /// One to five whole stars, four and five of which mean "liked".
    public static let fiveStars = RatingScale(
        checked: 1...5, stepThousandths: 1000, likedAbove: 3, reading: .units(one: "star", many: "stars"))

    /// Liked or not: one step or none.
    public static func liking(_ liked: String, _ disliked: String) -> RatingScale {
        RatingScale(
            checked: 0...1, stepThousandths: 1000, likedAbove: 0, reading: .words(liked: liked, disliked: disliked))
    }

    /// A rating as a full prompt says it: `3.5 stars`, `liked`.
    public func phrase(_ steps: Int) -> String {
        switch reading {
        case .units(let one, let many): "\(number(steps)) \(steps * stepThousandths == 1000 ? one : many)"
        case .words: word(steps)
        }
    }

    /// A rating as a compact prompt says it: `3.5`, `liked`.
    public func word(_ steps: Int) -> String {
        switch reading {
        case .units: number(steps)
        case .words(let liked, let disliked): steps > likedAbove ? liked : disliked
        }
    }

    /// The number of steps that a decimal text such as `3.5` or `4` spells; nil where it is none of the scale.
    func steps(of text: String) -> Int? {
        guard let value = Self.thousandths(text), value % stepThousandths == 0, steps.contains(value / stepThousandths)
        else { return nil }
        return value / stepThousandths
    }

    /// What a rating must be, for messages.
    var expectation: String {
        let step = stepThousandths == 1000 ? "" : " in steps of \(Self.decimal(stepThousandths))"
        return "a rating from \(number(steps.lowerBound)) to \(number(steps.upperBound))\(step)"
    }

    /// All ratings, or eleven evenly spaced ones where there are more: what a vocabulary is shown.
    var examples: [Int] {
        guard steps.count > 11 else { return Array(steps) }
        return (0...10).map { steps.lowerBound + (steps.count - 1) * $0 / 10 }
    }

    private func number(_ steps: Int) -> String { Self.decimal(steps * stepThousandths) }

    /// Thousandths as the shortest decimal text.
    static func decimal(_ thousandths: Int) -> String {
        let (whole, rest) = thousandths.quotientAndRemainder(dividingBy: 1000)
        guard rest != 0 else { return "\(whole)" }
        var digits = "\(1000 + rest)".dropFirst()
        while digits.hasSuffix("0") { digits.removeLast() }
        return "\(whole).\(digits)"
    }

    /// A decimal text without sign, exponent or superfluous leading zeros and with at most three decimals, in thousandths.
    public static func thousandths(_ text: String) -> Int? {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, (1...9).contains(whole.count), whole.count == 1 || whole.first != 48,
            parts.allSatisfy({ $0.allSatisfy { (48...57).contains($0) } })
        else { return nil }
        var value = whole.reduce(0) { $0 * 10 + Int($1 - 48) } * 1000
        if parts.count == 2 {
            guard (1...3).contains(parts[1].count) else { return nil }
            var unit = 100
            for digit in parts[1] {
                value += Int(digit - 48) * unit
                unit /= 10
            }
        }
        return value
    }
}
