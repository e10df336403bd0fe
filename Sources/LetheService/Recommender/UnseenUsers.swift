import LetheRecommendation

/// Validation records of users without training records, divided by user: half calibrate methods, half choose hyper-parameters.
struct UnseenUsers {
    /// The most records that a method calibrates by.
    static let mostRecords = 2_048

    let calibration: [InteractionRecord]
    let selection: [InteractionRecord]

    init(_ split: RecommendationSplit) {
        let trained = Set(split.trainingUsers)
        let records = split.validation.filter { !trained.contains($0.userID) }
        var numbers: [Int: Int] = [:]
        for record in records where numbers[record.userID] == nil { numbers[record.userID] = numbers.count }
        calibration = records.filter { (numbers[$0.userID] ?? 0) % 2 == 0 }
        selection = records.filter { (numbers[$0.userID] ?? 0) % 2 == 1 }
    }
}

extension Array {
    /// At most `count` elements, evenly spaced.
    func spreadOver(_ count: Int) -> [Element] {
        self.count <= count ? self : (0..<count).map { self[$0 * self.count / count] }
    }
}
