import LetheTensor
import Testing

@testable import LetheTransformer

/// A frozen model as the teacher of a step's items.
struct TeachingTests {
    private let teacher = Inference(
        parameters: TinyModels.model(TinyModels.shape(), seed: 9), pool: WorkerPool(threads: 2))

    @Test func itemsGetTheLogitsOfTheTeacherAndOthersKeepTheirs() {
        let examples = TinyModels.examples([(5, 3), (1, 1), (9, 4), (6, 2)])
        var items = examples.map { TrainingItem(example: $0, labelWeight: 0, teacherWeight: 1) }
        items[0].teacherLogits = [1, 2, 3]
        // One has room of the right size, one of another, one none.
        items[1].teacherLogits = [Float](repeating: 7, count: 13)
        items[2].teacherLogits = [7]
        teacher.teach(&items, in: 1..<4)
        #expect(items[0].teacherLogits == [1, 2, 3])
        #expect(items[1...].map(\.teacherLogits) == teacher.logits(Array(examples[1...]), positions: .all))
    }

    @Test func aBatchLargerThanAChunkIsTaughtInChunks() {
        // More than 8,192 tokens: three chunks, the last with one example.
        let examples = TinyModels.examples(Array(repeating: (source: 4_000, target: 2), count: 5))
        var items = examples.map { TrainingItem(example: $0) }
        teacher.teach(&items, in: items.indices)
        #expect(items.map(\.teacherLogits) == examples.map { teacher.logits([$0], positions: .all)[0] })
        teacher.teach(&items, in: 2..<2)
    }
}
