import LetheBytes

extension Policy.Method {
    /// Reads section `method`, whose field `name` says which other fields there are.
    init(_ section: PolicySection) throws(PolicyError) {
        var section = section
        try self.init(try section.choice("name", Policy.MethodName.self), section)
    }

    /// Reads the fields of a method of this name.
    init(_ name: Policy.MethodName, _ section: PolicySection) throws(PolicyError) {
        var section = section
        switch name {
        case .retrain: self = .retrain
        case .sisa: self = .sisa(try Policy.Sharding(&section))
        case .receraser: self = .receraser(try Policy.RecEraser(&section))
        case .negKL:
            self = .negKL(try Policy.Paired(&section), dropout: try section.number("dropout", .above(0, below: 1)))
        case .negGrad:
            let pairs = try Policy.Paired(&section)
            let cap = try section.numberOrNone("cap", .above(0, through: 1_000))
            let beta = try section.numberOrNone("preferenceBeta", .above(0, through: 100))
            guard cap == nil || beta == nil else {
                throw section.conflict(
                    "preferenceBeta", expected: "none where cap is a number: one bound at a time",
                    found: short(beta ?? 0))
            }
            self = .negGrad(pairs, cap: cap, preferenceBeta: beta)
        case .badTeacher: self = .badTeacher(try Policy.BadTeacher(&section))
        case .badTeacherReference: self = .badTeacherReference(try Policy.Paired(&section))
        case .randomLabel: self = .randomLabel(try Policy.Paired(&section))
        case .e2urec: self = .e2urec(try Policy.E2URec(&section))
        case .calibratedE2URec: self = .calibratedE2URec(try Policy.CalibratedE2URec(&section))
        case .rewind: self = .rewind(try Policy.Rewind(&section))
        case .adapters: self = .adapters(try Policy.Adapters(&section))
        }
        try section.finish()
    }

    /// Reads section `methods`: other methods by their names, which a run may choose instead.
    static func others(_ section: PolicySection?, besides method: Self) throws(PolicyError) -> [Self] {
        guard var section else { return [] }
        var others: [Self] = []
        for name in Policy.MethodName.allCases {
            guard let fields = try section.optionalSection(name.rawValue) else { continue }
            guard name != method.name else {
                throw section.conflict(
                    name.rawValue, expected: "no second setting of the method in section method", found: "one")
            }
            others.append(try Self(name, fields))
        }
        try section.finish()
        return others
    }
}

extension Policy.Paired {
    fileprivate init(_ section: inout PolicySection) throws(PolicyError) {
        lambda = try section.number("lambda", .from(0, through: 100))
        learningRate = try section.number("learningRate", .above(0, through: 1))
        batchSize = try section.integer("batchSize", 1...4_096)
        steps = try section.integer("steps", 1...1_000_000)
    }
}

extension Policy.BadTeacher {
    fileprivate init(_ section: inout PolicySection) throws(PolicyError) {
        retainedShare = try section.number("retainedShare", .above(0, through: 1))
        epochs = try section.integer("epochs", 1...100)
        learningRate = try section.number("learningRate", .above(0, through: 1))
        batchSize = try section.integer("batchSize", 1...4_096)
    }
}

extension Policy.Sharding {
    fileprivate init(_ section: inout PolicySection) throws(PolicyError) {
        shards = try section.integer("shards", 1...4_096)
        slices = try section.integer("slices", 1...4_096)
        unit = try section.choice("unit")
        aggregation = try section.choice("aggregation")
    }
}

extension Policy.CalibratedE2URec {
    fileprivate init(_ section: inout PolicySection) throws(PolicyError) {
        beta = try section.number("beta", .from(0, through: 1))
        maximumAlpha = try section.number("maximumAlpha", .above(0, through: 1_000))
        steps = try section.integer("steps", 1...1_000_000)
        interval = try section.integer("interval", 1...1_000_000)
        anchors = try section.integer("anchors", 1...1_000_000)
        learningRate = try section.number("learningRate", .above(0, through: 1))
        batchSize = try section.integer("batchSize", 1...4_096)
        rank = try section.integer("rank", 1...1_024)
        loraAlpha = try section.number("loraAlpha", .above(0, through: 4_096))
        loraDropout = try section.number("loraDropout", .from(0, below: 1))
        augmented = try Policy.E2URec.Augmented(section.section("augmented"))
    }
}

extension Policy.Rewind {
    fileprivate init(_ section: inout PolicySection) throws(PolicyError) {
        share = try section.number("share", .from(0, through: 1))
        passes = try section.number("passes", .above(0, through: 100))
        learningRate = try section.number("learningRate", .above(0, through: 1))
        batchSize = try section.integer("batchSize", 1...4_096)
    }
}

extension Policy.Adapters {
    fileprivate init(_ section: inout PolicySection) throws(PolicyError) {
        sharding = try Policy.Sharding(&section)
        epochs = try section.integer("epochs", 1...1_000)
        learningRate = try section.number("learningRate", .above(0, through: 1))
        batchSize = try section.integer("batchSize", 1...4_096)
        rank = try section.integer("rank", 1...1_024)
        loraAlpha = try section.number("loraAlpha", .above(0, through: 4_096))
        loraDropout = try section.number("loraDropout", .from(0, below: 1))
    }
}

extension Policy.RecEraser {
    fileprivate init(_ section: inout PolicySection) throws(PolicyError) {
        partition = try section.choice("partition")
        shards = try section.integer("shards", 1...4_096)
        capacity = try section.number("capacity", .from(1, through: 100))
        rounds = try section.integer("rounds", 1...10_000)
        aggregation = try section.choice("aggregation")
        attention = aggregation == .attention ? try Attention(section.section("attention")) : nil
    }
}

extension Policy.RecEraser.Attention {
    fileprivate init(_ section: PolicySection) throws(PolicyError) {
        var section = section
        epochs = try section.integer("epochs", 1...1_000)
        batchSize = try section.integer("batchSize", 1...4_096)
        learningRate = try section.number("learningRate", .above(0, through: 1))
        dropout = try section.number("dropout", .from(0, below: 1))
        penalty = try section.number("penalty", .from(0, through: 1))
        try section.finish()
    }
}

extension Policy.Method {
    /// One hyper-parameter as it is written, a nested one with a dot: `augmented.epochs`.
    public struct Field: Sendable, Hashable {
        /// The field's name.
        public let name: String
        /// Its value in the shortest form.
        public let value: String
    }

    /// Every hyper-parameter, in the order of the file: what digests, reports and `lethe policy check` show.
    public var fields: [Field] {
        func field(_ name: String, _ value: some CustomStringConvertible) -> Field {
            Field(name: name, value: (value as? Double).map(short) ?? value.description)
        }
        func bound(_ name: String, _ value: Double?) -> Field { Field(name: name, value: value.map(short) ?? "none") }
        func paired(_ pairs: Policy.Paired) -> [Field] {
            [
                field("lambda", pairs.lambda), field("learningRate", pairs.learningRate),
                field("batchSize", pairs.batchSize), field("steps", pairs.steps),
            ]
        }
        func sharded(_ sharding: Policy.Sharding) -> [Field] {
            [
                field("shards", sharding.shards), field("slices", sharding.slices),
                field("unit", sharding.unit.rawValue), field("aggregation", sharding.aggregation.rawValue),
            ]
        }
        switch self {
        case .retrain: return []
        case .sisa(let sharding): return sharded(sharding)
        case .receraser(let eraser):
            let fields = [
                field("partition", eraser.partition.rawValue), field("shards", eraser.shards),
                field("capacity", eraser.capacity), field("rounds", eraser.rounds),
                field("aggregation", eraser.aggregation.rawValue),
            ]
            guard let attention = eraser.attention else { return fields }
            return fields + [
                field("attention.epochs", attention.epochs), field("attention.batchSize", attention.batchSize),
                field("attention.learningRate", attention.learningRate),
                field("attention.dropout", attention.dropout), field("attention.penalty", attention.penalty),
            ]
        case .negKL(let pairs, let dropout): return paired(pairs) + [field("dropout", dropout)]
        case .negGrad(let pairs, let cap, let beta):
            return paired(pairs) + [bound("cap", cap), bound("preferenceBeta", beta)]
        case .badTeacher(let teacher):
            return [
                field("retainedShare", teacher.retainedShare), field("epochs", teacher.epochs),
                field("learningRate", teacher.learningRate), field("batchSize", teacher.batchSize),
            ]
        case .badTeacherReference(let pairs), .randomLabel(let pairs): return paired(pairs)
        case .e2urec(let method):
            return [
                field("alpha", method.alpha), field("beta", method.beta),
                field("forgetOnlyEpochs", method.forgetOnlyEpochs), field("jointSteps", method.jointSteps),
                field("learningRate", method.learningRate), field("batchSize", method.batchSize),
                field("rank", method.rank), field("loraAlpha", method.loraAlpha),
                field("loraDropout", method.loraDropout),
                field("augmented.learningRate", method.augmented.learningRate),
                field("augmented.epochs", method.augmented.epochs),
            ]
        case .calibratedE2URec(let method):
            return [
                field("beta", method.beta), field("maximumAlpha", method.maximumAlpha), field("steps", method.steps),
                field("interval", method.interval), field("anchors", method.anchors),
                field("learningRate", method.learningRate), field("batchSize", method.batchSize),
                field("rank", method.rank), field("loraAlpha", method.loraAlpha),
                field("loraDropout", method.loraDropout),
                field("augmented.learningRate", method.augmented.learningRate),
                field("augmented.epochs", method.augmented.epochs),
            ]
        case .rewind(let rewind):
            return [
                field("share", rewind.share), field("passes", rewind.passes),
                field("learningRate", rewind.learningRate), field("batchSize", rewind.batchSize),
            ]
        case .adapters(let adapters):
            return sharded(adapters.sharding) + [
                field("epochs", adapters.epochs), field("learningRate", adapters.learningRate),
                field("batchSize", adapters.batchSize), field("rank", adapters.rank),
                field("loraAlpha", adapters.loraAlpha), field("loraDropout", adapters.loraDropout),
            ]
        }
    }

    /// The section as canonical JSON has it: the name, and every field under its section.
    var json: JSONValue {
        var members: [String: JSONValue] = ["name": .string(name.rawValue)]
        for field in fields {
            let parts = field.name.split(separator: ".").map(String.init)
            guard parts.count == 2 else {
                members[field.name] = .string(field.value)
                continue
            }
            var nested = members[parts[0]]?.objectValue ?? [:]
            nested[parts[1]] = .string(field.value)
            members[parts[0]] = .object(nested)
        }
        return .object(members)
    }
}
