/// A linear map from values to positions in a drawing; values beyond the ends stick to them.
struct Scale {
    /// The values shown.
    let domain: ClosedRange<Double>
    /// Position of the domain's lower end.
    let start: Double
    /// Position of the domain's upper end.
    let end: Double

    /// Makes a scale over the finite ones of `values`; where they are too close to tell apart, over some room above them.
    init(covering values: [Double], from start: Double, to end: Double) {
        let finite = values.filter { $0.isFinite && $0.magnitude < 1e12 }
        let low = finite.min() ?? 0
        let high = finite.max() ?? 1
        let least = max(1e-9, 1e-6 * max(low.magnitude, high.magnitude))
        domain = low...(high - low > least ? high : low + max(1, low.magnitude))
        self.start = start
        self.end = end
    }

    /// The position of `value`.
    func position(_ value: Double) -> Double {
        guard value.isFinite else { return start }
        let share = (value - domain.lowerBound) / (domain.upperBound - domain.lowerBound)
        return start + min(max(share, 0), 1) * (end - start)
    }

    /// Round values inside the domain, about `count` of them, labelled with no more decimals than they need.
    func ticks(about count: Int) -> [(value: Double, label: String)] {
        let step = step(about: count)
        let first = (domain.lowerBound / step - 1e-9).rounded(.up)
        let last = (domain.upperBound / step + 1e-9).rounded(.down)
        guard first <= last, last - first < 100 else { return [] }
        var decimals = 0
        var unit = step
        while unit < 0.999, decimals < 8 {
            unit *= 10
            decimals += 1
        }
        return stride(from: first, through: last, by: 1).map {
            ($0 * step, Figures.fixed($0 * step, decimals: decimals))
        }
    }

    /// A distance between ticks of 1, 2 or 5 times a power of ten.
    private func step(about count: Int) -> Double {
        let rough = (domain.upperBound - domain.lowerBound) / Double(max(1, count))
        var power = 1.0
        while power > rough { power /= 10 }
        while power * 10 <= rough { power *= 10 }
        return [1, 2, 5, 10].map { $0 * power }.first { $0 >= rough } ?? power
    }
}
