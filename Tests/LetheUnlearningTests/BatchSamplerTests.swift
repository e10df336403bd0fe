import Testing

@testable import LetheUnlearning

struct BatchSamplerTests {
    @Test(arguments: [(1, 1), (7, 3), (8, 4), (5, 16), (16, 1)])
    func everyPassServesEveryIndexOnce(count: Int, batchSize: Int) {
        var sampler = BatchSampler(count: count, batchSize: batchSize, order: 5, pass: 0)
        for _ in 0..<4 {
            let pass = (0..<sampler.batchesPerPass).map { _ in sampler.next() }
            #expect(pass.joined().sorted() == Array(0..<count))
            #expect(pass.dropLast().allSatisfy { $0.count == batchSize })
            #expect(pass.allSatisfy { !$0.isEmpty && $0.count <= batchSize })
        }
    }

    @Test func thePassesOfOneSeedDiffer() {
        var sampler = BatchSampler(count: 32, batchSize: 32, order: 5, pass: 0)
        let passes = (0..<6).map { _ in sampler.next() }
        #expect(Set(passes).count == passes.count)
    }

    @Test func seedAndPassDecideTheOrder() {
        func first(order: UInt64, pass: Int) -> [Int] {
            var sampler = BatchSampler(count: 32, batchSize: 32, order: order, pass: pass)
            return sampler.next()
        }
        #expect(first(order: 5, pass: 3) == first(order: 5, pass: 3))
        #expect(first(order: 5, pass: 3) != first(order: 6, pass: 3))
        #expect(first(order: 5, pass: 3) != first(order: 5, pass: 4))
        var started = BatchSampler(count: 32, batchSize: 32, order: 5, pass: 2)
        _ = started.next()
        #expect(started.next() == first(order: 5, pass: 3))
    }
}
