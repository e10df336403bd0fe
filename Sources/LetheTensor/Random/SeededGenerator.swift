/// A seeded source of random bits: xoshiro256** whose state is filled by SplitMix64.
///
/// The same seed gives the same numbers on every machine and in every release; tests pin them.
/// The algorithms are those of Blackman and Vigna, "Scrambled linear pseudorandom number generators" (2021).
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: (UInt64, UInt64, UInt64, UInt64)
    private var spareNormal: Double?

    /// Starts the sequence that belongs to `seed`.
    public init(seed: UInt64) {
        var counter = seed
        func next() -> UInt64 {
            counter &+= SplitMix.increment
            return SplitMix.scramble(counter)
        }
        state = (next(), next(), next(), next())
    }

    /// The next 64 random bits.
    public mutating func next() -> UInt64 {
        let result = rotate(state.1 &* 5, by: 7) &* 9
        let shifted = state.1 << 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= shifted
        state.3 = rotate(state.3, by: 45)
        return result
    }

    /// A number uniform in [0, 1) on the grid of multiples of 2^-53.
    public mutating func nextUniform() -> Double {
        Double(next() >> 11) * 0x1p-53
    }

    /// A number from the standard normal distribution, by Marsaglia's polar method.
    ///
    /// It uses only operations that IEEE 754 rounds in one way, so its bits are the same everywhere too.
    public mutating func nextNormal() -> Double {
        if let spare = spareNormal {
            spareNormal = nil
            return spare
        }
        while true {
            let x = 2 * nextUniform() - 1
            let y = 2 * nextUniform() - 1
            let radius = x * x + y * y
            if radius > 0, radius < 1 {
                let factor = (-2 * portableLogarithm(radius) / radius).squareRoot()
                spareNormal = y * factor
                return x * factor
            }
        }
    }

    private func rotate(_ value: UInt64, by count: UInt64) -> UInt64 {
        (value << count) | (value >> (64 - count))
    }
}

/// The natural logarithm of a positive normal number from additions, products and one division only.
///
/// The C library's `log` may differ in its last bit between platforms; this one cannot. Relative error below 1e-15.
func portableLogarithm(_ value: Double) -> Double {
    var exponent = Double(value.exponent)
    var significand = value.significand
    if significand > 1.4142135623730951 {
        significand *= 0.5
        exponent += 1
    }
    // log(s) = 2 artanh(t), t = (s - 1) / (s + 1), |t| < 0.1716: terms beyond t^25 / 25 vanish in Double.
    let t = (significand - 1) / (significand + 1)
    let square = t * t
    var series = 0.0
    for denominator in stride(from: 25, through: 1, by: -2) {
        series = series * square + 1 / Double(denominator)
    }
    return exponent * 0.6931471805599453 + 2 * t * series
}
