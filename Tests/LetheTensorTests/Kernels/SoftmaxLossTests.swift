import Testing

@testable import LetheTensor

struct SoftmaxLossTests {
    struct Case: Sendable {
        let label: Int32?
        let labelWeight: Float
        let hasTeacher: Bool
        let teacherWeight: Float
    }

    static let cases = [
        Case(label: 0, labelWeight: 1, hasTeacher: false, teacherWeight: 0),
        Case(label: 0, labelWeight: 0.5, hasTeacher: true, teacherWeight: 2),
        Case(label: nil, labelWeight: 1, hasTeacher: true, teacherWeight: 0.25),
        Case(label: 0, labelWeight: -0.2, hasTeacher: false, teacherWeight: 0),
        Case(label: nil, labelWeight: 1, hasTeacher: false, teacherWeight: 1),
        Case(label: 0, labelWeight: 0, hasTeacher: true, teacherWeight: -1),
    ]

    @Test(arguments: cases, [1, 2, 16, 17, 40])
    func lossAndGradientEqualReference(_ item: Case, count: Int) {
        var generator = SeededGenerator(seed: UInt64(count))
        let logits = generator.matrix(1, count, deviation: 3)
        let label = item.label.map { _ in Int32(count - 1) }
        let teacher = item.hasTeacher ? generator.matrix(2, count, deviation: 3).values : nil
        let (value, gradient) = SoftmaxLoss.reference(
            logits.values.map(Double.init), label: label, labelWeight: Double(item.labelWeight),
            teacher: teacher.map { $0[count...].map(Double.init) }, teacherWeight: Double(item.teacherWeight))
        let found = SoftmaxLoss.forwardAndBackward(
            logits, label: label, labelWeight: item.labelWeight, teacher: teacher, teacherRow: 1,
            teacherWeight: item.teacherWeight)
        #expect(abs(found.label - value.label) < 2e-6 * max(1, value.label))
        #expect(abs(found.teacher - value.teacher) < 5e-6 * max(1, value.teacher))
        for (a, b) in zip(logits.values, gradient) { #expect(abs(Double(a) - b) < 1e-6) }
    }

    @Test func farLogitsGiveFiniteLosses() {
        let logits = Matrix(rows: 1, columns: 3, [1e4, 0, -1e4])
        let value = SoftmaxLoss.forwardAndBackward(
            logits, label: 2, labelWeight: 1, teacher: [-1e4, 0, 1e4], teacherWeight: 1)
        #expect(abs(value.label - 2e4) < 1)
        #expect(abs(value.teacher - 2e4) < 1)
        #expect(logits.values == [2, 0, -2])
    }

    @Test func aTeacherThatAgreesHasNoDivergence() {
        var generator = SeededGenerator(seed: 9)
        let logits = generator.matrix(1, 50, deviation: 5)
        let value = SoftmaxLoss.forwardAndBackward(
            logits, label: nil, labelWeight: 0, teacher: logits.values.map { $0 + 3 }, teacherWeight: 1)
        #expect(abs(value.teacher) < 1e-6)
        #expect(logits.values.allSatisfy { abs($0) < 1e-7 })
    }
}
