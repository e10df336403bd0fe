import LetheTensor

/// The losses of one round's items, row by row of the decoder.
struct Objective: Sendable {
    private let items: [TrainingItem]
    private let targetRows: [Range<Int>]
    private let logits: Matrix
    /// Weighted label and teacher loss of every row.
    private let losses: Storage<Double>

    /// - Parameter losses: at least two places for every row.
    init(
        _ items: ArraySlice<TrainingItem>, network: BoundNetwork, vocabularySize: Int, losses: Storage<Double>? = nil
    ) {
        self.items = Array(items)
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
            let item = items[index]
            for (position, row) in targetRows[index].enumerated() {
                let label = item.example.labels[position]
                let value = SoftmaxLoss.forwardAndBackward(
                    logits.rows(row..<row + 1), label: label == Example.ignoredLabel ? nil : label,
                    labelWeight: item.labelWeight, teacher: item.teacherLogits, teacherRow: position,
                    teacherWeight: item.teacherWeight)
                losses[2 * row] = Double(item.labelWeight) * value.label
                losses[2 * row + 1] = Double(item.teacherWeight) * value.teacher
            }
        }
    }

    /// Adds all rows in their order.
    func add(to loss: inout StepLoss) {
        for row in 0..<logits.rows {
            loss.labelLoss += losses[2 * row]
            loss.teacherLoss += losses[2 * row + 1]
        }
    }
}
