/// One example with its weights in a step's objective.
///
/// The objective of a step is the sum over its items of `labelWeight * Σ -log p(label)` over the positions with a label, plus
/// `teacherWeight * Σ KL(softmax(teacher) ‖ p)` over all positions. A mean over tokens is a weight of one over their number.
/// A bound is applied to the item's sum over positions before its weight.
public struct TrainingItem: Sendable {
    /// The tokens.
    public var example: Example
    /// Weight of the label loss; a negative one pushes away (NegGrad).
    public var labelWeight: Float
    /// The teacher's logits, row-major [labels, vocabulary], or nil for no teacher.
    public var teacherLogits: [Float]?
    /// Weight of the divergence from the teacher.
    public var teacherWeight: Float
    /// What bounds the label loss, nil for nothing.
    public var bound: LabelBound?

    /// Makes an item. A step traps unless the teacher has labels × vocabulary logits.
    public init(
        example: Example, labelWeight: Float = 1, teacherLogits: [Float]? = nil, teacherWeight: Float = 0,
        bound: LabelBound? = nil
    ) {
        self.example = example
        self.labelWeight = labelWeight
        self.teacherLogits = teacherLogits
        self.teacherWeight = teacherWeight
        self.bound = bound
    }
}

/// The objective of one step, before the weights moved.
public struct StepLoss: Sendable, Equatable {
    /// The weighted label losses.
    public var labelLoss: Double
    /// The weighted divergences from the teachers.
    public var teacherLoss: Double
    /// What the step descends: the sum of both.
    public var objective: Double { labelLoss + teacherLoss }

    /// Makes a loss of its two parts.
    public init(labelLoss: Double, teacherLoss: Double) {
        self.labelLoss = labelLoss
        self.teacherLoss = teacherLoss
    }
}

/// The examples of some items, one after the other: what `lazy.map` would give, without the closure that it keeps on the heap.
struct ItemExamples: RandomAccessCollection {
    private let items: ArraySlice<TrainingItem>

    init(_ items: ArraySlice<TrainingItem>) { self.items = items }

    var startIndex: Int { items.startIndex }
    var endIndex: Int { items.endIndex }
    subscript(index: Int) -> Example { items[index].example }
}
