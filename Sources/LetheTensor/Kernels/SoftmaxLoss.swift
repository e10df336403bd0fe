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

    // logits (1, V); teacher (any, V), read at row teacherRow.

    /// logits are read and become the gradient of labelWeight * -log p(label) + teacherWeight * KL.
    package static func forwardAndBackward(
        _ logits: Matrix, label: Int32?, labelWeight: Float, teacher: [Float]?, teacherRow: Int = 0,
        teacherWeight: Float
    ) -> Value {
        let count = logits.columns
        precondition(
            logits.rows == 1 && (label.map { $0 >= 0 && Int($0) < count } ?? true), "a label outside \(count) logits")
        func run(_ teacher: UnsafePointer<Float>?) -> Value {
            let row = lethe_softmax_loss(logits.pointer, count, label ?? -1, labelWeight, teacher, teacherWeight)
            return Value(label: row.label_loss, teacher: row.teacher_loss)
        }
        guard let teacher else { return run(nil) }
        precondition(
            teacherRow >= 0 && (teacherRow + 1) * count <= teacher.count, "no row \(teacherRow) of the teacher")
        return teacher.withUnsafeBufferPointer { run($0.baseAddress.map { $0 + teacherRow * count }) }
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
