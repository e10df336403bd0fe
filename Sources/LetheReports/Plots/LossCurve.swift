/// How a training went, step by step: what a run's folder keeps as CSV and as a picture.
public struct LossCurve: Sendable, Equatable {
    /// The loss at one step or epoch, nats a label token.
    public struct Point: Sendable, Equatable {
        /// Counted from one.
        public var number: Int
        /// Over the training examples that the step saw, before it moved the weights.
        public var training: Double
        /// Over the validation examples afterwards; nil where none were measured.
        public var validation: Double?

        /// Makes a point.
        public init(number: Int, training: Double, validation: Double? = nil) {
            self.number = number
            self.training = training
            self.validation = validation
        }
    }

    /// What is counted: `step` or `epoch`.
    public var unit: String
    /// The points in their order.
    public var points: [Point]

    /// Makes a curve.
    public init(unit: String, points: [Point]) {
        self.unit = unit
        self.points = points
    }

    /// A line for each point; losses have the fewest digits that read back as the same number.
    public var csv: String {
        let rows = points.map { "\($0.number),\($0.training),\($0.validation.map { "\($0)" } ?? "")\n" }
        return "\(Csv.cell(unit)),training_loss,validation_loss\n" + rows.joined()
    }

    /// A picture that stands by itself. Long trainings are thinned to some hundred points, each the mean of its neighbours.
    public var svg: String {
        let validation = points.compactMap { point in
            point.validation.map { AuditReport.Point(x: Double(point.number), y: $0) }
        }
        var lines = [AuditReport.Line(name: "training", points: thinned)]
        if !validation.isEmpty { lines.append(AuditReport.Line(name: "validation", points: validation)) }
        let drawing = CurvePlot.drawing(
            AuditReport.Curve(
                title: "Loss", horizontalAxis: unit, verticalAxis: "loss, nats a label token", lines: lines))
        let content = Markup.element(
            "svg",
            [
                Markup.Attribute("xmlns", "http://www.w3.org/2000/svg"),
                Markup.Attribute("viewBox", "0 0 \(Int(drawing.width)) \(Int(drawing.height))"),
                Markup.Attribute("role", "img"),
            ],
            [.element("title", [], [.text("Loss by \(unit)")]), .styleSheet(Self.style)] + drawing.content)
        return MarkupWriter.html(content)
    }

    private var thinned: [AuditReport.Point] {
        let size = max(1, points.count / 400)
        return stride(from: 0, to: points.count, by: size).map { start in
            let group = points[start..<min(start + size, points.count)]
            return AuditReport.Point(
                x: Double(group[start].number), y: group.reduce(0) { $0 + $1.training } / Double(group.count))
        }
    }

    private static let style: StaticString = """
        text{font:12px system-ui,sans-serif;fill:#59636e}
        .axis,.grid{stroke:#c8d0d8;stroke-width:1}
        .curve{fill:none;stroke-width:2;stroke-linejoin:round}
        .curve.unlearned{stroke:#0067a8}.curve.original{stroke:#b8500a}
        .dot.unlearned,.label.unlearned{fill:#0067a8}.dot.original,.label.original{fill:#b8500a}

        """
}
