/// MT19937, the generator behind Python's `random` and numpy's legacy `np.random` (Matsumoto and Nishimura 1998).
///
/// Only for repeating published splits: everything new in Lethe draws from `SeededGenerator`.
public struct MersenneTwister: Sendable {
    private static let size = 624
    private var state: [UInt32]
    private var position: Int

    /// Python's `random.seed(seed)`: `init_by_array` of the seed's 32-bit words, lowest first.
    public init(pythonSeed seed: UInt64) {
        self.init(numpySeed: 19_650_218)
        let key: [UInt32] = seed >> 32 == 0 ? [UInt32(seed)] : [UInt32(truncatingIfNeeded: seed), UInt32(seed >> 32)]
        var i = 1
        var j = 0
        func mixed(_ i: Int) -> UInt32 { state[i - 1] ^ (state[i - 1] >> 30) }
        for _ in 0..<max(Self.size, key.count) {
            state[i] = (state[i] ^ (mixed(i) &* 1_664_525)) &+ key[j] &+ UInt32(j)
            i += 1
            j += 1
            if i == Self.size {
                state[0] = state[Self.size - 1]
                i = 1
            }
            if j == key.count { j = 0 }
        }
        for _ in 0..<(Self.size - 1) {
            state[i] = (state[i] ^ (mixed(i) &* 1_566_083_941)) &- UInt32(i)
            i += 1
            if i == Self.size {
                state[0] = state[Self.size - 1]
                i = 1
            }
        }
        state[0] = 0x8000_0000
    }

    /// Numpy's `np.random.seed(seed)`: `init_genrand`.
    public init(numpySeed seed: UInt32) {
        state = [UInt32](repeating: 0, count: Self.size)
        state[0] = seed
        for i in 1..<Self.size {
            state[i] = 1_812_433_253 &* (state[i - 1] ^ (state[i - 1] >> 30)) &+ UInt32(i)
        }
        position = Self.size
    }

    /// The next 32 bits.
    public mutating func next() -> UInt32 {
        if position == Self.size { twist() }
        var y = state[position]
        position += 1
        y ^= y >> 11
        y ^= (y << 7) & 0x9D2C_5680
        y ^= (y << 15) & 0xEFC6_0000
        y ^= y >> 18
        return y
    }

    private mutating func twist() {
        for i in 0..<Self.size {
            let y = (state[i] & 0x8000_0000) | (state[(i + 1) % Self.size] & 0x7FFF_FFFF)
            state[i] = state[(i + 397) % Self.size] ^ (y >> 1) ^ (y & 1 == 1 ? 0x9908_B0DF : 0)
        }
        position = 0
    }

    /// Python's `random.getrandbits(k)` for `k` in 1...32.
    mutating func bits(_ k: Int) -> UInt32 {
        precondition((1...32).contains(k), "bits(\(k)): expected 1 to 32")
        return next() >> UInt32(32 - k)
    }

    /// Python's `random._randbelow(n)`: as many bits as `n` has, drawn again until below `n`.
    mutating func below(_ n: Int) -> Int {
        precondition(n > 0 && n < 1 << 32, "below(\(n)): expected 1 to 2^32 - 1")
        let k = Int.bitWidth - n.leadingZeroBitCount
        while true {
            let draw = Int(bits(k))
            if draw < n { return draw }
        }
    }

    /// Python's `random.shuffle`.
    public mutating func shuffle<Element>(_ elements: inout [Element]) {
        for i in stride(from: elements.count - 1, to: 0, by: -1) {
            elements.swapAt(i, below(i + 1))
        }
    }

    /// Numpy's legacy `np.random.choice(k, count)`: the lowest bits that hold `k - 1`, drawn again until below `k`.
    public mutating func choices(below k: Int, count: Int) -> [Int] {
        precondition(k > 0 && k <= 1 << 31, "choices(below: \(k)): expected 1 to 2^31")
        if k == 1 { return [Int](repeating: 0, count: count) }
        let mask = UInt32.max >> UInt32(UInt32(k - 1).leadingZeroBitCount)
        return (0..<count).map { _ in
            while true {
                let draw = Int(next() & mask)
                if draw < k { return draw }
            }
        }
    }
}
