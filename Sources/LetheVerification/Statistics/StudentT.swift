internal import Foundation

/// Student's t distribution with whole degrees of freedom, by the finite series of Abramowitz and Stegun 26.7.3 and 26.7.4.
public enum StudentT {
    /// The 95% quantile of the normal distribution.
    static let normalQuantile95 = 1.6448536269514722

    /// P(T ≤ t).
    ///
    /// - Complexity: O(degrees of freedom).
    public static func cumulativeProbability(_ t: Double, degreesOfFreedom: Int) -> Double {
        precondition(degreesOfFreedom > 0, "\(degreesOfFreedom) degrees of freedom, expected 1 or more")
        let angle = atan(abs(t) / Double(degreesOfFreedom).squareRoot())
        let (sine, cosine) = (sin(angle), cos(angle))
        let isOdd = degreesOfFreedom % 2 == 1
        // The terms are c, (2/3)c³, (2·4)/(3·5)c⁵ … (odd) or 1, (1/2)c², (1·3)/(2·4)c⁴ … (even).
        var term = isOdd ? cosine : 1
        var sum = degreesOfFreedom == 1 ? 0 : term
        var next = isOdd ? 3 : 2
        while next <= degreesOfFreedom - 2 {
            term *= Double(next - 1) / Double(next) * cosine * cosine
            sum += term
            next += 2
        }
        // Far out, rounding takes the sum past 1 and the other tail below 0.
        let within = min(1, isOdd ? 2 / Double.pi * (angle + sine * sum) : sine * sum)
        return t >= 0 ? (1 + within) / 2 : (1 - within) / 2
    }

    /// The t that T stays below with this probability, between 0.5 and 1 (both excluded), by bisection.
    public static func quantile(_ probability: Double, degreesOfFreedom: Int) -> Double {
        precondition(probability > 0.5 && probability < 1, "quantile of \(probability), expected above 0.5 and below 1")
        var low = 0.0
        var high = 1.0
        while cumulativeProbability(high, degreesOfFreedom: degreesOfFreedom) < probability && high < 1e12 { high *= 2 }
        for _ in 0..<200 {
            let middle = (low + high) / 2
            if middle == low || middle == high { break }
            if cumulativeProbability(middle, degreesOfFreedom: degreesOfFreedom) < probability {
                low = middle
            } else {
                high = middle
            }
        }
        return (low + high) / 2
    }
}
