internal import LetheTensor

/// How often each of `count` things is drawn in as many draws with replacement.
func drawnMultiplicities(_ count: Int, using generator: inout SeededGenerator) -> [Double] {
    var times = [Double](repeating: 0, count: count)
    for _ in 0..<count { times[drawnIndex(below: count, using: &generator)] += 1 }
    return times
}

/// A uniform index below `count`.
func drawnIndex(below count: Int, using generator: inout SeededGenerator) -> Int {
    min(Int(generator.nextUniform() * Double(count)), count - 1)
}

/// Numbers 0, 1, 2 … for users in the order of their first record.
struct UserIndex {
    /// For each record, the number of its user.
    let ofRecord: [Int]
    /// For each number, the user.
    let users: [Int]

    init(_ recordUsers: [Int]) {
        var numbers: [Int: Int] = [:]
        var users: [Int] = []
        ofRecord = recordUsers.map { user in
            if let number = numbers[user] { return number }
            numbers[user] = users.count
            users.append(user)
            return users.count - 1
        }
        self.users = users
    }
}
