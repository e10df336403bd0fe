import LetheRecommendation
import Testing

/// Expected values are from CPython 3.11 and numpy 2.4 (`np.random.seed`, the legacy generator).
struct MersenneTwisterTests {
    @Test func pythonSeedingGivesPythonsBits() {
        var generator = MersenneTwister(pythonSeed: 42)
        let first = (0..<5).map { _ in generator.next() }
        #expect(first == [2_746_317_213, 478_163_327, 107_420_369, 3_184_935_163, 1_181_241_943])
        for _ in 5..<1999 { _ = generator.next() }
        #expect(generator.next() == 1_557_724_698)
    }

    @Test func seedsBeyond32BitsUseBothWords() {
        var generator = MersenneTwister(pythonSeed: (1 << 40) + 7)
        #expect((0..<3).map { _ in generator.next() } == [2_635_837_658, 3_209_733_218, 3_500_038_837])
    }

    @Test func shufflesAsPythonDoes() {
        var generator = MersenneTwister(pythonSeed: 42)
        var small = Array(0..<20)
        generator.shuffle(&small)
        #expect(small == [19, 5, 14, 4, 9, 13, 15, 18, 6, 12, 17, 10, 1, 11, 2, 16, 7, 8, 0, 3])
        generator = MersenneTwister(pythonSeed: 0)
        var large = Array(0..<1000)
        generator.shuffle(&large)
        #expect(large.enumerated().reduce(0) { $0 + $1.offset * $1.element } == 251_292_570)
    }

    @Test func shufflingNothingOrOneThingDrawsNothing() {
        var generator = MersenneTwister(pythonSeed: 42)
        var none: [Int] = []
        var one = [1]
        generator.shuffle(&none)
        generator.shuffle(&one)
        #expect(generator.next() == 2_746_317_213)
    }

    @Test func numpySeedingGivesNumpysBits() {
        var generator = MersenneTwister(numpySeed: 42)
        #expect((0..<3).map { _ in generator.next() } == [1_608_637_542, 3_421_126_067, 4_083_286_876])
    }

    @Test func choosesAsNumpyDoes() {
        var generator = MersenneTwister(numpySeed: 42)
        #expect(
            generator.choices(below: 4, count: 20) == [2, 3, 0, 2, 2, 3, 0, 0, 2, 1, 2, 2, 2, 2, 3, 0, 3, 3, 3, 2])
        generator = MersenneTwister(numpySeed: 7)
        #expect(
            generator.choices(below: 5, count: 20) == [4, 1, 3, 3, 4, 1, 0, 1, 2, 2, 0, 4, 0, 4, 0, 3, 2, 3, 4, 4])
        #expect(generator.choices(below: 1, count: 2) == [0, 0])
    }
}
