import Foundation
import Synchronization
import Testing

@testable import LetheTensor

struct WorkerPoolTests {
    @Test(arguments: [1, 2, 4], [0, 1, 2, 7, 100])
    func everyPieceRunsOnce(threads: Int, pieces: Int) {
        let pool = WorkerPool(threads: threads)
        let counts = Mutex([Int](repeating: 0, count: pieces))
        for _ in 0..<3 {
            pool.run(pieces: pieces) { piece in counts.withLock { $0[piece] += 1 } }
        }
        #expect(counts.withLock { $0 } == [Int](repeating: 3, count: pieces))
    }

    /// Each piece waits until the other has begun: on one thread this could only end by the deadline.
    @Test func twoThreadsReallyWorkAtOnce() {
        let pool = WorkerPool(threads: 2)
        let begun = Atomic(0)
        let met = Atomic(0)
        pool.run(pieces: 2) { _ in
            begun.add(1, ordering: .sequentiallyConsistent)
            let deadline = Date(timeIntervalSinceNow: 20)
            while begun.load(ordering: .sequentiallyConsistent) < 2, Date() < deadline { usleep(100) }
            if begun.load(ordering: .sequentiallyConsistent) == 2 { met.add(1, ordering: .sequentiallyConsistent) }
        }
        #expect(met.load(ordering: .sequentiallyConsistent) == 2)
    }

    @Test func callersFromSeveralThreadsTakeTurns() async {
        let pool = WorkerPool(threads: 3)
        let sums = await withTaskGroup(of: Int.self) { group in
            for caller in 1...4 {
                group.addTask {
                    let sum = Mutex(0)
                    for _ in 0..<50 {
                        pool.run(pieces: 9) { piece in sum.withLock { $0 += caller * piece } }
                    }
                    return sum.withLock { $0 }
                }
            }
            return await group.reduce(into: [Int]()) { $0.append($1) }
        }
        #expect(sums.sorted() == (1...4).map { 50 * 36 * $0 })
    }

    @Test func aPoolEndsItsThreads() {
        for _ in 0..<50 {
            WorkerPool(threads: 4).run(pieces: 3) { _ in }
        }
    }
}
