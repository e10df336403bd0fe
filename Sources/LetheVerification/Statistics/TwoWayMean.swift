/// The mean over records of a quantity that differs by user and by reference, with an error that counts both.
///
/// Users and references are both samples. The variance of the mean is the cluster-robust one over users, with the factor U / (U - 1),
/// plus s² / k over the references' own means; what the two share is counted twice, on the safe side. Student's t has the degrees of
/// freedom of Welch and Satterthwaite, rounded down, so that few references widen the interval as much as they must.
public struct TwoWayMean: Sendable, Hashable {
    /// The mean.
    public let value: Double
    /// The standard error.
    public let standardError: Double
    /// The degrees of freedom of the standard error, at least 1.
    public let degreesOfFreedom: Int

    /// Measures; nil with fewer than two users or references, where there is no spread to see.
    ///
    /// - Parameters:
    ///   - counts: the records of each user.
    ///   - sums: for each user the sum of the quantity over the user's records, for each reference.
    public init?(counts: [Int], sums: [[Double]]) {
        guard let k = sums.first?.count, k > 1, counts.count > 1, counts.count == sums.count,
            sums.allSatisfy({ $0.count == k })
        else { return nil }
        let records = Double(counts.reduce(0, +))
        guard records > 0 else { return nil }
        let users = Double(counts.count)
        let ofUser = sums.map { $0.reduce(0, +) / Double(k) }
        let value = ofUser.reduce(0, +) / records
        let squares = zip(ofUser, counts).reduce(0.0) { total, user in
            let residual = user.0 - value * Double(user.1)
            return total + residual * residual
        }
        let amongUsers = users / (users - 1) * squares / (records * records)
        let ofReference = (0..<k).map { j in sums.reduce(0.0) { $0 + $1[j] } / records }
        let deviation = standardDeviation(ofReference) ?? 0
        let amongReferences = deviation * deviation / Double(k)
        let variance = amongUsers + amongReferences
        guard variance.isFinite else { return nil }
        self.value = value
        standardError = variance.squareRoot()
        let bound = amongUsers * amongUsers / (users - 1) + amongReferences * amongReferences / Double(k - 1)
        let welch = bound > 0 ? variance * variance / bound : users - 1
        // A whole number must not be rounded down because a quotient of it was.
        degreesOfFreedom = max(1, Int(min(welch, users + Double(k) - 2) + 1e-9))
    }

    /// The two-sided 90% interval.
    public var interval: Interval {
        let half = StudentT.quantile(0.95, degreesOfFreedom: degreesOfFreedom) * standardError
        return Interval(lower: value - half, upper: value + half)
    }

    /// The probability of a mean at least as large where the true one is 0; nil where nothing differs at all.
    public var upperTail: Double? {
        guard standardError > 0 else { return value == 0 ? nil : (value > 0 ? 0 : 1) }
        return StudentT.cumulativeProbability(-value / standardError, degreesOfFreedom: degreesOfFreedom)
    }
}
