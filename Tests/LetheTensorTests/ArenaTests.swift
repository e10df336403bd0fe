import Testing

@testable import LetheTensor

struct ArenaTests {
    @Test func matricesDoNotOverlap() {
        let arena = Arena()
        let matrices = (1...20).map { arena.matrix(rows: $0, columns: 7) }
        for (index, matrix) in matrices.enumerated() {
            matrix.copy(from: [Float](repeating: Float(index), count: matrix.count))
        }
        for (index, matrix) in matrices.enumerated() {
            #expect(matrix.values.allSatisfy { $0 == Float(index) })
        }
    }

    @Test func roundsAfterTheFirstUseOneBlockAgain() {
        let arena = Arena()
        func round() -> [ObjectIdentifier] {
            arena.reset()
            return (0..<10).map { _ in ObjectIdentifier(arena.matrix(rows: 100, columns: 200).storage) }
        }
        let first = round()
        #expect(Set(first).count > 1)
        let second = round()
        #expect(Set(second).count == 1)
        #expect(round() == second)
    }
}
