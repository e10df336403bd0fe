/// Finds places for the names of points, so that no name covers another or a dot.
struct LabelPlacement {
    /// A place for a name.
    struct Place: Equatable {
        /// Where the text is anchored.
        var x: Double
        /// The text's base line.
        var y: Double
        var anchor: Drawing.Anchor
        /// Whether a line must say which point is meant.
        var isFar: Bool
    }

    private struct Box {
        var x: ClosedRange<Double>
        var y: ClosedRange<Double>

        func overlaps(_ other: Box) -> Bool { x.overlaps(other.x) && y.overlaps(other.y) }
    }

    /// About the width of a letter of the figures' labels, and their height.
    private static let letter = 7.0
    private static let height = 13.0

    private let horizontal: ClosedRange<Double>
    private let vertical: ClosedRange<Double>
    private var taken: [Box]

    /// Places inside these bounds, beside these dots.
    init(horizontal: ClosedRange<Double>, vertical: ClosedRange<Double>, dots: [(x: Double, y: Double)]) {
        self.horizontal = horizontal
        self.vertical = vertical
        taken = dots.map { Box(x: ($0.x - 6)...($0.x + 6), y: ($0.y - 6)...($0.y + 6)) }
    }

    /// Takes the free place nearest to a point: level with it, then a line above or below, and so on, right before left. Where nothing is
    /// free it is the first.
    mutating func place(_ name: String, at point: (x: Double, y: Double)) -> Place {
        let width = Self.letter * Double(name.count)
        for step in 0..<80 {
            let lines = Double((step + 1) / 2) * (step.isMultiple(of: 2) ? 1 : -1)
            let base = point.y + 4 + 0.75 * Self.height * lines
            for isRight in [true, false] {
                let from = isRight ? point.x + 9 : point.x - 9 - width
                let box = Box(x: from...(from + width), y: (base - 10)...(base + 3))
                guard horizontal.contains(box.x.lowerBound), horizontal.contains(box.x.upperBound),
                    vertical.contains(box.y.lowerBound), vertical.contains(box.y.upperBound),
                    !taken.contains(where: box.overlaps)
                else { continue }
                taken.append(box)
                return Place(
                    x: isRight ? from : from + width, y: base, anchor: isRight ? .start : .end, isFar: step > 2)
            }
        }
        return Place(x: point.x + 9, y: point.y + 4, anchor: .start, isFar: false)
    }
}
