import LetheBytes

extension Policy {
    /// Section `ladder`: the methods that are tried for a batch, one after the other, until one is shown to have made the model forget.
    /// May be left out; then every run takes the policy's own method.
    public struct Ladder: Sendable, Hashable {
        /// What follows a verdict that decides nothing.
        public enum AfterInconclusive: String, Sendable, Hashable, CaseIterable {
            /// The next method.
            case next
            /// The same method over twice as many requests, once they have come; the next one when the deadline no longer allows to wait.
            case wait
        }

        /// The methods in order, 2 to 11: the policy's own first, an exact one last, so that a batch always ends.
        public let methods: [MethodName]
        /// What follows an INCONCLUSIVE verdict; `next` by default.
        public let inconclusive: AfterInconclusive
        /// Hours that a method with its verification is taken to need before one was measured, 1 to 720; 24 by default.
        public let assumedHours: Int

        init(methods: [MethodName], inconclusive: AfterInconclusive, assumedHours: Int) {
            self.methods = methods
            self.inconclusive = inconclusive
            self.assumedHours = assumedHours
        }
    }
}

extension Policy.MethodName {
    /// Whether the forgotten records train nothing that the method makes: then repeating it is proof, and no statistic is needed.
    public var isExact: Bool {
        switch self {
        case .retrain, .sisa, .adapters: true
        case .receraser, .negKL, .negGrad, .badTeacher, .badTeacherReference, .randomLabel, .e2urec, .calibratedE2URec,
            .rewind:
            false
        }
    }
}

extension Policy.Ladder {
    /// Reads the section.
    /// - Parameters:
    ///   - method: the policy's own method.
    ///   - others: those of section `methods`.
    init(_ section: PolicySection, method: Policy.Method, others: [Policy.Method]) throws(PolicyError) {
        var section = section
        methods = try section.choices("methods", Policy.MethodName.self)
        inconclusive = section.has("inconclusive") ? try section.choice("inconclusive") : .next
        assumedHours = try section.integer("assumedHours", 1...720, missing: 24)
        let known = [method.name] + others.map(\.name) + [.retrain]
        if let unknown = methods.first(where: { !known.contains($0) }) {
            throw section.conflict(
                "methods", expected: "methods that sections method and methods have settings for, or retrain",
                found: unknown.rawValue)
        }
        guard methods.count > 1, methods[0] == method.name else {
            throw section.conflict(
                "methods", expected: "at least two methods, \(method.name.rawValue) of section method first",
                found: methods.map(\.rawValue).joined(separator: ", "))
        }
        guard methods[methods.count - 1].isExact else {
            let exact = Policy.MethodName.allCases.filter(\.isExact).map(\.rawValue).joined(separator: ", ")
            throw section.conflict(
                "methods", expected: "an exact method last (\(exact)), or a batch could fail for ever",
                found: methods[methods.count - 1].rawValue)
        }
        try section.finish()
    }

    /// Every field, defaults spelled out, numbers as strings.
    var json: JSONValue {
        [
            "methods": .array(methods.map { .string($0.rawValue) }),
            "inconclusive": .string(inconclusive.rawValue),
            "assumedHours": .string(String(assumedHours)),
        ]
    }

    /// In plain words.
    var explanation: [String] {
        let steps = methods.map(\.rawValue).joined(separator: ", then ")
        let doubt =
            switch inconclusive {
            case .next: "A verdict that decides nothing moves on as well."
            case .wait:
                "After a verdict that decides nothing the batch waits until it is twice as large, as long as its deadline allows."
            }
        return [
            "A batch whose verdict is not a pass is tried again with the next method: \(steps). \(doubt)",
            "The last one is taken at once where the deadline leaves no time for two; a method whose time was not yet measured is "
                + "taken to need \(assumedHours) hours.",
        ]
    }
}
