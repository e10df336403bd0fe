import LetheBytes
import LetheReports
import LetheUnlearning

/// The loss curves of a computation's stages, gathered from what it tells while it runs.
struct StageCurves {
    private var stages: [(name: String, points: [LossCurve.Point])] = []

    /// Whether no stage has begun.
    var isEmpty: Bool { stages.isEmpty }

    mutating func note(_ progress: Progress) {
        switch progress {
        case .began(let stage, _): stages.append((stage, []))
        case .advanced: break
        case .resumed(_, let epochs):
            guard !stages.isEmpty else { return }
            stages[stages.count - 1].points = epochs.enumerated().map { index, epoch in
                LossCurve.Point(
                    number: index + 1, training: epoch.trainingLoss, validation: epoch.validationLoss)
            }
        case .epoch(_, let training, let validation):
            guard !stages.isEmpty else { return }
            let last = stages.count - 1
            stages[last].points.append(
                LossCurve.Point(number: stages[last].points.count + 1, training: training, validation: validation))
        }
    }

    /// Writes `<stage>.csv` and `<stage>.svg` for every stage that had losses, after `prefix`, into an existing folder.
    func write(to folder: String, prefix: String = "") throws(FileError) {
        for stage in stages where !stage.points.isEmpty {
            let curve = LossCurve(unit: "epoch", points: stage.points)
            let path = Files.join(folder, prefix + stage.name.replacing(" ", with: "-"))
            try Files.write(Array(curve.csv.utf8), to: path + ".csv")
            try Files.write(Array(curve.svg.utf8), to: path + ".svg")
        }
    }
}
