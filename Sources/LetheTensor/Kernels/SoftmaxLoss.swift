import CKernels

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Cross-entropy with a label and divergence from a teacher, over one row of logits.
package enum SoftmaxLoss {
    /// Both parts without their weights.
    package struct Value: Sendable {
        /// -log p(label), 0 without a label.
        package var label: Double
        /// KL(softmax(teacher) ‖ p), 0 without a teacher.
        package var teacher: Double
    }

    // logits, teacher (1, V).

    /// logits are read and become the gradient of labelWeight * -log p(label) + teacherWeight * KL.
    package static func forwardAndBackward(
        _ logits: Matrix, label: Int32?, labelWeight: Float, teacher: Matrix?, teacherWeight: Float
    ) -> Value {
        precondition(
            logits.rows == 1 && (teacher.map { $0.count == logits.count } ?? true),
            "one row of logits, one of the teacher")
        precondition(label.map { $0 >= 0 && Int($0) < logits.count } ?? true, "a label outside \(logits.count) logits")
        let row = lethe_softmax_loss(
            logits.pointer, logits.count, label ?? -1, labelWeight, teacher?.pointer, teacherWeight)
        return Value(label: row.label_loss, teacher: row.teacher_loss)
    }

    /// The losses and the gradient, plainly and in Double.
    package static func reference(
        _ logits: [Double], label: Int32?, labelWeight: Double, teacher: [Double]?, teacherWeight: Double
    ) -> (value: Value, gradient: [Double]) {
        func logSoftmax(_ values: [Double]) -> [Double] {
            let top = values.max() ?? 0
            let sum = values.reduce(0) { $0 + exp($1 - top) }
            return values.map { $0 - top - log(sum) }
        }
        let own = logSoftmax(logits)
        var value = Value(label: 0, teacher: 0)
        var gradient = [Double](repeating: 0, count: logits.count)
        if let label {
            value.label = -own[Int(label)]
            for index in gradient.indices { gradient[index] += labelWeight * exp(own[index]) }
            gradient[Int(label)] -= labelWeight
        }
        if let teacher {
            let other = logSoftmax(teacher)
            for index in gradient.indices {
                value.teacher += exp(other[index]) * (other[index] - own[index])
                gradient[index] += teacherWeight * (exp(own[index]) - exp(other[index]))
            }
        }
        return (value, gradient)
    }
}
