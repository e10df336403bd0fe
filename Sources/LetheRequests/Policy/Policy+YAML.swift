extension Policy {
    /// The most bytes that a policy file may have.
    public static let maximumFileSize = 65_536

    /// Reads a policy file.
    /// - Throws: `PolicyError` with the line, the field, what was expected and what was found.
    public init(yaml bytes: [UInt8]) throws(PolicyError) {
        guard bytes.count <= Policy.maximumFileSize else {
            throw PolicyError(
                line: nil, field: "", expected: "at most \(Policy.maximumFileSize) bytes", found: "\(bytes.count) bytes"
            )
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw PolicyError(line: nil, field: "", expected: "UTF-8 text", found: "other bytes")
        }
        try self.init(yaml: text)
    }

    /// Reads the text of a policy file.
    /// - Throws: `PolicyError` with the line, the field, what was expected and what was found.
    public init(yaml text: String) throws(PolicyError) {
        var root = try PolicySection.root(of: text)
        _ = try root.integer("version", Policy.formatVersion...Policy.formatVersion)
        name = try root.identifier("name")
        regulation = try root.choice("regulation")
        clock = try Clock(root.optionalSection("clock"))
        requests = try Requests(root.section("requests"))
        batching = try Batching(root.section("batching"))
        model = try Model(root.section("model"))
        training = try Training(root.section("training"))
        method = try Method(root.section("method"))
        methods = try Method.others(root.optionalSection("methods"), besides: method)
        let (own, others) = (method, methods)
        ladder = try root.optionalSection("ladder").map { (section) throws(PolicyError) in
            try Ladder(section, method: own, others: others)
        }
        verification = try Verification(root.section("verification"))
        retention = try Retention(root.section("retention"))
        roles = try root.optionalSection("roles").map { (section) throws(PolicyError) in try Roles(section) }
        timestamping = try root.optionalSection("timestamping").map { (section) throws(PolicyError) in
            try Timestamping(section)
        }
        recipients = try root.optionalSection("recipients").map { (section) throws(PolicyError) in
            try Recipients(section)
        }
        backups = try Backup.all(in: &root)
        retained = try Retained.all(in: &root)
        threads = try root.integer("threads", 1...256)
        try root.finish()
    }
}

extension Policy.Clock {
    fileprivate init(_ section: PolicySection?) throws(PolicyError) {
        guard var section else {
            holidays = []
            utcOffsetMinutes = 0
            return
        }
        holidays = try section.dates("holidays")
        utcOffsetMinutes = try section.integer("utcOffsetMinutes", -720...840, missing: 0)
        try section.finish()
    }
}

extension Policy.Requests {
    fileprivate init(_ section: PolicySection) throws(PolicyError) {
        var section = section
        identityLevel = try section.choice("identityLevel")
        maximumWindowHours = try section.integer("maximumWindowHours", 1...720, missing: 24)
        clockSkewSeconds = try section.integer("clockSkewSeconds", 0...3_600, missing: 60)
        try section.finish()
    }
}

extension Policy.Batching {
    fileprivate init(_ section: PolicySection) throws(PolicyError) {
        var section = section
        maximumRequests = try section.integer("maximumRequests", 1...100_000)
        marginDays = try section.integer("marginDays", 0...30)
        try section.finish()
    }
}

extension Policy.Model {
    fileprivate init(_ section: PolicySection) throws(PolicyError) {
        var section = section
        shape = try section.choice("shape")
        promptTemplate = try section.choice("promptTemplate")
        maximumTokens = try section.integer("maximumTokens", 16...1_024)
        vocabularySize = try section.integer("vocabularySize", 64...65_536)
        try section.finish()
    }
}

extension Policy.Training {
    fileprivate init(_ section: PolicySection) throws(PolicyError) {
        var section = section
        pretrainingEpochs = try section.integer("pretrainingEpochs", 0...100)
        pretrainingLearningRate =
            section.has("pretrainingLearningRate")
            ? try section.number("pretrainingLearningRate", .above(0, through: 1)) : nil
        epochs = try section.integer("epochs", 1...1_000)
        batchSize = try section.integer("batchSize", 1...4_096)
        learningRate = try section.number("learningRate", .above(0, through: 1))
        weightDecay = try section.number("weightDecay", .from(0, through: 1))
        dropout = try section.number("dropout", .from(0, below: 1))
        earlyStoppingPatience = try section.integerOrNone("earlyStoppingPatience", 1...1_000)
        learningRateDecay = try section.choice("learningRateDecay")
        try section.finish()
    }
}

extension Policy.E2URec {
    init(_ section: inout PolicySection) throws(PolicyError) {
        alpha = try section.number("alpha", .from(0, through: 100))
        beta = try section.number("beta", .from(0, through: 1))
        forgetOnlyEpochs = try section.integer("forgetOnlyEpochs", 0...100)
        jointSteps = try section.integer("jointSteps", 0...1_000_000)
        learningRate = try section.number("learningRate", .above(0, through: 1))
        batchSize = try section.integer("batchSize", 1...4_096)
        rank = try section.integer("rank", 1...1_024)
        loraAlpha = try section.number("loraAlpha", .above(0, through: 4_096))
        loraDropout = try section.number("loraDropout", .from(0, below: 1))
        augmented = try Augmented(section.section("augmented"))
        guard forgetOnlyEpochs > 0 || jointSteps > 0 else {
            throw section.conflict(
                "jointSteps", expected: "at least 1 where forgetOnlyEpochs is 0: something must be trained", found: "0")
        }
    }
}

extension Policy.E2URec.Augmented {
    init(_ section: PolicySection) throws(PolicyError) {
        var section = section
        learningRate = try section.number("learningRate", .above(0, through: 1))
        epochs = try section.integer("epochs", 1...100)
        try section.finish()
    }
}

extension Policy.Verification {
    fileprivate init(_ section: PolicySection) throws(PolicyError) {
        var section = section
        references = try section.integer("references", 2...100)
        require = try section.choices("require")
        // Without G3 the field stays, and is then refused, as its margin is.
        membershipOriginals =
            require.contains(.g3) && section.has("membershipOriginals")
            ? try section.integer("membershipOriginals", 2...100) : nil
        thresholds = try Thresholds(
            section.section("thresholds"), gates: require, callsMembers: membershipOriginals != nil)
        guard membershipOriginals == nil || references > 2 else {
            throw section.conflict(
                "membershipOriginals", expected: "three references or more beside: each is scored against the others",
                found: "\(references)")
        }
        guard require.contains(.g0) else {
            throw section.conflict(
                "require", expected: "G0 among the gates: nothing is shown where nothing can be measured",
                found: require.map(\.rawValue).joined(separator: ", "))
        }
        try section.finish()
    }
}

extension Policy.Verification.Thresholds {
    fileprivate init(_ section: PolicySection, gates: [Gate], callsMembers: Bool) throws(PolicyError) {
        var section = section
        rrmMargin = try section.number("rrmMargin", .above(0, through: 1))
        jgMargin = try section.number("jgMargin", .above(0, through: 1))
        // Without G3 the field stays, and is then refused: a margin that nothing applies would mislead.
        membershipMargin =
            gates.contains(.g3) ? try section.number("membershipMargin", .above(0, through: 0.5), missing: 0.05) : nil
        userMembershipMargin =
            callsMembers && section.has("userMembershipMargin")
            ? try section.number("userMembershipMargin", .above(0, through: 0.5)) : nil
        aucMargin = try section.number("aucMargin", .above(0, through: 0.5))
        logLossMargin = try section.number("logLossMargin", .above(0, through: 1))
        alpha = try section.number("alpha", .above(0, below: 0.5))
        bootstrapReplicates = try section.integer("bootstrapReplicates", 100...1_000_000)
        try section.finish()
    }
}

extension Policy.Retention {
    fileprivate init(_ section: PolicySection) throws(PolicyError) {
        var section = section
        shredAfterFulfilment = try section.flag("shredAfterFulfilment")
        tombstoneDays = section.has("tombstoneDays") ? try section.integer("tombstoneDays", 1...365) : nil
        try section.finish()
    }
}
