/// SplitMix64 (Steele, Lea and Flood, 2014): a bijection of 64 bits that turns counters into random bits.
enum SplitMix {
    /// The odd constant by which the counter advances: 2^64 divided by the golden ratio.
    static let increment: UInt64 = 0x9E37_79B9_7F4A_7C15

    /// The output function.
    static func scramble(_ counter: UInt64) -> UInt64 {
        var value = counter
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
