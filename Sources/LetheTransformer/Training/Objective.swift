import Foundation
import LetheTensor

/// The losses of one round's items, row by row of the decoder.
struct Objective: Sendable {
    private let items: ArraySlice<TrainingItem>
    private let targetRows: [Range<Int>]
    private let logits: Matrix
    /// Weighted label and teacher loss of every row.
    private let losses: Storage<Double>

    /// - Parameter losses: at least two places for every row.
    init(
        _ items: ArraySlice<TrainingItem>, network: BoundNetwork, vocabularySize: Int, losses: Storage<Double>? = nil
    ) {
        self.items = items
        targetRows = network.batch.targetRows
        logits = network.logits
        self.losses = losses ?? Storage(count: 2 * network.logits.rows)
        for item in items {
            let expected = item.example.labels.count * vocabularySize
            precondition(
                item.teacherLogits.map { $0.count == expected } ?? true,
                "\(item.teacherLogits?.count ?? 0) teacher logits for \(expected) places")
        }
    }

    func turnLogitsIntoGradients(_ piece: PackedBatch.Piece) {
        for index in piece.examples {
            let item = items[items.startIndex + index]
            let bounded = item.bound.map { $0(labelLoss(of: item, rows: targetRows[index])) }
            let labelWeight = bounded.map { item.labelWeight * Float($0.slope) } ?? item.labelWeight
            for (position, row) in targetRows[index].enumerated() {
                let label = item.example.labels[position]
                let value = SoftmaxLoss.forwardAndBackward(
                    logits.rows(row..<row + 1), label: label == Example.ignoredLabel ? nil : label,
                    labelWeight: labelWeight, teacher: item.teacherLogits, teacherRow: position,
                    teacherWeight: item.teacherWeight)
                losses[2 * row] =
                    if let bounded {
                        // The bound is one number for the item: its first row carries it.
                        position == 0 ? Double(item.labelWeight) * bounded.value : 0
                    } else { Double(item.labelWeight) * value.label }
                losses[2 * row + 1] = Double(item.teacherWeight) * value.teacher
            }
        }
    }

    /// The plain label loss of an item, with its logits left as they are.
    private func labelLoss(of item: TrainingItem, rows: Range<Int>) -> Double {
        var loss = 0.0
        for (position, row) in rows.enumerated() {
            let label = item.example.labels[position]
            guard label != Example.ignoredLabel else { continue }
            loss += negativeLogProbability(of: label, under: (0..<logits.columns).lazy.map { logits[row, $0] })
        }
        return loss
    }

    /// Adds all rows in their order.
    func add(to loss: inout StepLoss) {
        for row in 0..<logits.rows {
            loss.labelLoss += losses[2 * row]
            loss.teacherLoss += losses[2 * row + 1]
        }
    }
}

/// -log softmax(logits)[label], in Double.
package func negativeLogProbability(of label: Int32, under logits: some Collection<Float>) -> Double {
    let top = Double(logits.max() ?? 0)
    let total = logits.reduce(0.0) { $0 + exp(Double($1) - top) }
    return top + log(total) - Double(logits[logits.index(logits.startIndex, offsetBy: Int(label))])
}
