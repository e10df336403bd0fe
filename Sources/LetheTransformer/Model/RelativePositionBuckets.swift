#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Which row of the relative position table a distance uses: near distances one each, far ones in logarithmic groups.
struct RelativePositionBuckets: Sendable {
    /// Whether keys after the query have buckets of their own (encoder) or share bucket 0 (decoder).
    let isBidirectional: Bool
    private let perDirection: Int
    /// The first distance of every bucket from the exact ones on.
    private let firstDistances: [Int]

    init(count: Int, maxDistance: Int, isBidirectional: Bool) {
        self.isBidirectional = isBidirectional
        perDirection = isBidirectional ? count / 2 : count
        firstDistances = RelativePositionBuckets.firstDistances(buckets: perDirection, maxDistance: maxDistance)
    }

    /// The bucket of `distance` = position of the key - position of the query.
    subscript(distance: Int) -> Int {
        let isAfter = isBidirectional && distance > 0
        let magnitude = isBidirectional ? abs(distance) : max(-distance, 0)
        let exact = perDirection / 2
        let bucket =
            magnitude < exact ? magnitude : exact - 1 + firstDistances.prefix { $0 <= magnitude }.count
        return bucket + (isAfter ? perDirection : 0)
    }

    /// The buckets of all distances from -(length - 1) to length - 1.
    func table(length: Int) -> [Int] {
        length > 0 ? (-(length - 1)...(length - 1)).map { self[$0] } : []
    }

    /// Where each logarithmic bucket begins.
    ///
    /// The reference truncates `exact + log(n / exact) / log(maxDistance / exact) * (buckets - exact)` in 32-bit floats, whose
    /// exact powers lie on rounding edges. T5's own two shapes are therefore written down; others follow the formula.
    private static func firstDistances(buckets: Int, maxDistance: Int) -> [Int] {
        switch (buckets, maxDistance) {
        case (16, 128): return [8, 12, 16, 23, 32, 46, 64, 91]
        case (32, 128): return [16, 19, 21, 24, 27, 31, 35, 40, 46, 52, 59, 67, 77, 87, 99, 113]
        default: break
        }
        let exact = buckets / 2
        let span = Float(buckets - exact)
        let range = Float(log(Double(maxDistance) / Double(exact)))
        var first: [Int] = []
        for distance in exact...max(maxDistance, exact) {
            let group = min(Int(log(Float(distance) / Float(exact)) / range * span), buckets - exact - 1)
            while first.count <= group { first.append(distance) }
        }
        return first
    }
}
