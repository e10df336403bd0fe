import Testing

@testable import LetheTensor

struct SeededGeneratorTests {
    /// From an independent implementation of SplitMix64 and xoshiro256** after the authors' text.
    @Test func bitsAreThoseOfTheAlgorithm() {
        let expected: [UInt64: [UInt64]] = [
            0: [0x99ec_5f36_cb75_f2b4, 0xbf6e_1f78_4956_452a, 0x1a5f_849d_4933_e6e0, 0x6aa5_94f1_262d_2d2c],
            42: [0x1578_0b2e_0c2e_c716, 0x6104_d986_6d11_3a7e, 0xae17_5332_39e4_99a1, 0xecb8_ad47_03b3_60a1],
        ]
        for (seed, bits) in expected {
            var generator = SeededGenerator(seed: seed)
            #expect(bits.map { _ in generator.next() } == bits)
        }
    }

    /// From the same implementation, with Python's own logarithm.
    @Test func normalNumbersAreThoseOfThePolarMethod() {
        var generator = SeededGenerator(seed: 42)
        for expected in [-0.7262191382447857, -0.21119691823195985, 0.2216227015035933, 0.5227716877560146] {
            #expect(abs(generator.nextNormal() - expected) < 1e-14)
        }
    }

    @Test func normalNumbersHaveMeanZeroAndVarianceOne() {
        var generator = SeededGenerator(seed: 7)
        let values = (0..<20_000).map { _ in generator.nextNormal() }
        let mean = values.reduce(0, +) / Double(values.count)
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
        // Five standard errors.
        #expect(abs(mean) < 0.036)
        #expect(abs(variance - 1) < 0.05)
    }

    @Test func uniformNumbersStayBelowOne() {
        var generator = SeededGenerator(seed: 1)
        let values = (0..<5_000).map { _ in generator.nextUniform() }
        #expect(values.allSatisfy { $0 >= 0 && $0 < 1 })
        #expect(abs(values.reduce(0, +) / 5_000 - 0.5) < 0.021)
    }
}
