public import LetheTensor

/// The weights of a low-rank adapter: for each adapted layer A [rank, in] and B [out, rank], under PEFT's keys.
///
/// The adapted layer computes `W x + scale * B (A x)`.
public struct LoRAParameters: Sendable, Equatable {
    /// How the adapter is built.
    public let configuration: LoRAConfiguration
    /// The shape of the model that it adapts.
    public let modelConfiguration: T5Configuration
    /// Paths of the adapted layers in the model's order, such as `encoder.block.0.layer.0.SelfAttention.q`.
    public let modules: [String]
    /// Where each A and B lies in `values`.
    public let layout: ParameterLayout
    /// All weights end to end; its count never changes.
    public var values: [Float] {
        didSet { precondition(values.count == layout.count, "\(values.count) weights for \(layout.count) places") }
    }

    private init(
        configuration: LoRAConfiguration, model: T5Configuration, modules: [String], layout: ParameterLayout,
        values: [Float]
    ) {
        self.configuration = configuration
        modelConfiguration = model
        self.modules = modules
        self.layout = layout
        self.values = values
    }

    /// A fresh adapter: A uniform within `±1/sqrt(in)`, B zero, so that the adapted model equals the base exactly.
    ///
    /// - Parameter seed: the same seed gives the same bits everywhere.
    /// - Throws: `ModelError` when the configuration is out of range or a target names no linear layer of the model.
    public init(configuration: LoRAConfiguration, model: T5Configuration, seed: UInt64) throws(ModelError) {
        let (modules, layout) = try LoRAParameters.plan(configuration, model)
        var generator = SeededGenerator(seed: seed)
        var values = [Float](repeating: 0, count: layout.count)
        for module in modules {
            guard let entry = layout[LoRAParameters.keyA(module)] else { continue }
            let bound = 1 / Double(entry.shape[1]).squareRoot()
            for index in entry.range {
                values[index] = Float((2 * generator.nextUniform() - 1) * bound)
            }
        }
        self.init(configuration: configuration, model: model, modules: modules, layout: layout, values: values)
    }

    /// Takes the weights from named tensors, as an adapter file holds them.
    ///
    /// - Parameter tensors: by PEFT's keys, without the adapter's name.
    /// - Throws: `ModelError` with the tensor that is missing, unknown, misshapen or not finite, or the field that is wrong.
    public init(
        configuration: LoRAConfiguration, model: T5Configuration, tensors: [String: Tensor]
    ) throws(ModelError) {
        let (modules, layout) = try LoRAParameters.plan(configuration, model)
        for name in tensors.keys.sorted() where layout[name] == nil {
            throw .unexpectedTensor(name: name)
        }
        var values: [Float] = []
        values.reserveCapacity(layout.count)
        for entry in layout.entries {
            guard let tensor = tensors[entry.name] else { throw .missingTensor(name: entry.name) }
            guard tensor.shape == entry.shape else {
                throw .wrongShape(name: entry.name, expected: entry.shape, found: tensor.shape)
            }
            if let index = tensor.values.firstIndex(where: { !$0.isFinite }) {
                throw .notFinite(name: entry.name, index: index)
            }
            values += tensor.values
        }
        self.init(configuration: configuration, model: model, modules: modules, layout: layout, values: values)
    }

    /// How many weights an adapter of this kind has on a model of this shape.
    /// - Throws: `ModelError` as the initialisers do.
    public static func count(configuration: LoRAConfiguration, model: T5Configuration) throws(ModelError) -> Int {
        try plan(configuration, model).layout.count
    }

    /// The tensors' names in the buffer's order.
    public var names: [String] { layout.names }

    /// A copy of one tensor, nil where the adapter has no such name.
    public subscript(name: String) -> Tensor? {
        layout[name].map { Tensor(shape: $0.shape, values: Array(values[$0.range])) }
    }

    /// The base's weights with `scale * B A` added to every adapted layer.
    ///
    /// The products are summed in Double and rounded once, so the result does not depend on the machine.
    /// - Parameter base: a model of the shape that this adapter was made for; traps otherwise.
    public func merged(into base: T5Parameters) -> T5Parameters {
        precondition(base.configuration == modelConfiguration, "the adapter was made for a model of another shape")
        var values = base.values
        for module in modules {
            guard let weight = base.layout["\(module).weight"], let a = layout[LoRAParameters.keyA(module)],
                let b = layout[LoRAParameters.keyB(module)]
            else { continue }
            LowRankUpdate.add(
                to: &values, at: weight.offset, rows: weight.shape[0], columns: weight.shape[1],
                rank: configuration.rank,
                scale: configuration.scale, a: self.values[a.range], b: self.values[b.range])
        }
        return T5Parameters(configuration: base.configuration, layout: base.layout, values: values)
    }

    static func keyA(_ module: String) -> String { "base_model.model.\(module).lora_A.weight" }
    static func keyB(_ module: String) -> String { "base_model.model.\(module).lora_B.weight" }

    /// The adapted layers and the layout of their A and B.
    private static func plan(
        _ configuration: LoRAConfiguration, _ model: T5Configuration
    ) throws(ModelError) -> (modules: [String], layout: ParameterLayout) {
        try configuration.validate()
        try model.validate()
        let linears = model.linearModules
        func matches(_ module: String, _ target: String) -> Bool { module == target || module.hasSuffix(".\(target)") }
        for target in configuration.targets where !linears.contains(where: { matches($0.module, target) }) {
            throw .noSuchModule(target: target)
        }
        let adapted = linears.filter { linear in configuration.targets.contains { matches(linear.module, $0) } }
        let tensors: [(name: String, shape: [Int])] = adapted.flatMap { linear in
            [
                (name: keyA(linear.module), shape: [configuration.rank, linear.columns]),
                (name: keyB(linear.module), shape: [linear.rows, configuration.rank]),
            ]
        }
        return (adapted.map(\.module), ParameterLayout(tensors))
    }
}

extension T5Configuration {
    /// The linear layers inside the blocks, in the model's order: what an adapter can target.
    fileprivate var linearModules: [(module: String, rows: Int, columns: Int)] {
        tensors.compactMap { name, shape in
            guard shape.count == 2, name.contains(".block."), !name.contains("relative_attention_bias") else {
                return nil
            }
            return (String(name.dropLast(".weight".count)), shape[0], shape[1])
        }
    }
}
