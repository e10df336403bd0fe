import Foundation

/// A logarithmic map from positive values to positions in a drawing, for values of which some are a hundred times others; values beyond
/// the ends, and such as have no logarithm, stick to them.
struct LogarithmicScale {
    private let exponents: Scale

    /// Makes a scale over those of `values` between 1e-12 and 1e12, with a little room at either end.
    init(covering values: [Double], from start: Double, to end: Double) {
        let logarithms = values.filter { (1e-12...1e12).contains($0) }.map { log10($0) }
        let (low, high) = (logarithms.min() ?? 0, logarithms.max() ?? 1)
        exponents = Scale(covering: [low - 0.1, high + 0.1], from: start, to: end)
    }

    /// The position of `value`.
    func position(_ value: Double) -> Double {
        value > 0 ? exponents.position(log10(value)) : exponents.start
    }

    /// 1, 2 and 5 times the powers of ten inside the domain; the powers alone where that would be many.
    func ticks() -> [(value: Double, label: String)] {
        let domain = exponents.domain
        let powers = Int(domain.lowerBound.rounded(.down))...Int(domain.upperBound.rounded(.up))
        let digits: [Double] = domain.upperBound - domain.lowerBound < 4 ? [1, 2, 5] : [1]
        return powers.flatMap { power in
            digits.map { $0 * pow(10, Double(power)) }.filter { domain.contains(log10($0)) }
                .map { ($0, Figures.fixed($0, decimals: max(0, -power))) }
        }
    }
}
