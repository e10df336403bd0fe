public import LetheStatements

/// A request and the moment of its answer, as the log has them: what statistics are counted from.
public struct RequestOutcome: Sendable {
    /// The request as it stands.
    public let record: RequestRecord
    /// When its last change of state happened; nil while it is open. Destroying its personal data later is no answer.
    public let endedAt: Timestamp?

    /// A request that ended at `endedAt`, if it did.
    public init(record: RequestRecord, endedAt: Timestamp?) {
        self.record = record
        self.endedAt = endedAt
    }
}

/// How many deletion requests came in a period and how they were answered: the metrics of 11 CCR 7102(a), and what the GDPR's deadlines
/// add to them. No personal data.
///
/// A request belongs to the local day of its receipt, and what became of it is told as the log stands, so that
/// `received == complied + denied + withdrawn + duplicates + open` always. The answer to a request is its fulfilment, its refusal or its
/// expiry; its days are counted from the local day of receipt, which is day 0, and waiting for a proof of identity is not taken off.
public struct RequestStatistics: Sendable, Equatable {
    /// The days of receipt.
    public let period: StatisticsPeriod
    /// The law that the requests were made under; nil for every law.
    public let regulation: Regulation?
    /// The local day on which it was counted.
    public let asOf: CivilDate

    /// Requests received.
    public private(set) var received = 0
    /// Fulfilled: complied with.
    public private(set) var complied = 0
    /// Refused, by ground; grounds without a request are left out.
    public private(set) var refusals: [RefusalGround: Int] = [:]
    /// Ended because no proof of identity came in time.
    public private(set) var expired = 0
    /// Withdrawn by the requester.
    public private(set) var withdrawn = 0
    /// Ended because an earlier request of the same person was being handled.
    public private(set) var duplicates = 0
    /// Not ended.
    public private(set) var open = 0
    /// Open, and the day by which something was due has passed.
    public private(set) var overdue = 0
    /// Those whose period was extended, whatever became of them.
    public private(set) var extended = 0
    /// Answered after the day by which the answer was due.
    public private(set) var answeredLate = 0
    /// Requests turned away at a door before they were received, by door and cause; these are of every law.
    public var turnedAway: [TurnedAway] = []

    /// Days to the answer, ascending.
    private var days: [Int] = []

    /// Requests that a door turned away for one cause.
    public struct TurnedAway: Sendable, Equatable {
        /// The format of the door.
        public let door: RequestFormat
        /// The cause, a word of the software's own.
        public let cause: String
        /// How many.
        public let count: Int

        /// `count` requests turned away at `door`.
        public init(door: RequestFormat, cause: String, count: Int) {
            self.door = door
            self.cause = cause
            self.count = count
        }
    }

    /// Counts `requests`.
    ///
    /// - Parameters:
    ///   - regulation: where given, only requests made under that law.
    ///   - asOf: the local day of counting.
    ///   - utcOffsetMinutes: minutes that local time is ahead of UTC.
    public init(
        of requests: some Sequence<RequestOutcome>, in period: StatisticsPeriod, regulation: Regulation? = nil,
        asOf: CivilDate, utcOffsetMinutes: Int = 0
    ) {
        self.period = period
        self.regulation = regulation
        self.asOf = asOf
        for request in requests {
            let record = request.record
            let receivedOn = record.receivedAt.date(utcOffsetMinutes: utcOffsetMinutes)
            guard period.contains(receivedOn), regulation == nil || record.lifecycle.regulation == regulation else {
                continue
            }
            received += 1
            if record.lifecycle.isExtended { extended += 1 }
            switch record.state {
            case .fulfilled: complied += 1
            case .refused(let ground): refusals[ground, default: 0] += 1
            case .expired: expired += 1
            case .withdrawn: withdrawn += 1
            case .duplicate: duplicates += 1
            case .received, .identityPending, .inProgress, .blockedPartial, .verifying:
                open += 1
                if record.alert(on: asOf, marginDays: 0, utcOffsetMinutes: utcOffsetMinutes) == .overdue {
                    overdue += 1
                }
            }
            guard record.state.isAnswer, let endedAt = request.endedAt else { continue }
            let answeredOn = endedAt.date(utcOffsetMinutes: utcOffsetMinutes)
            // A clock that was set back a little must not make an answer come before its question.
            days.append(max(0, answeredOn.days(since: receivedOn)))
            if answeredOn > record.due { answeredLate += 1 }
        }
        days.sort()
    }

    /// Refused or expired: "denied" in the words of 11 CCR 7102.
    public var denied: Int { refused + expired }
    /// Refused on any ground.
    public var refused: Int { refusals.values.reduce(0, +) }
    /// Denied because the request could not be verified: no proof of identity came (11 CCR 7021(b)), or the person cannot be identified.
    public var deniedNotVerifiable: Int { expired + refusals(.notVerifiable) }
    /// Denied because the law excepts what was asked.
    public var deniedExempt: Int { refusals(.exempt) }
    /// Denied on other grounds.
    public var deniedOnOtherGrounds: Int { refusals(.other) }
    /// Answered: complied with or denied.
    public var answered: Int { days.count }
    /// The median of the days to the answer, with one decimal; nil where nothing was answered.
    public var medianDays: String? {
        guard !days.isEmpty else { return nil }
        return Self.quotient(days[(days.count - 1) / 2] + days[days.count / 2], 2)
    }
    /// The mean of the days to the answer, rounded to one decimal, halves up; nil where nothing was answered.
    public var meanDays: String? { days.isEmpty ? nil : Self.quotient(days.reduce(0, +), days.count) }

    private func refusals(_ kind: RefusalGround.Denial) -> Int {
        refusals.reduce(0) { $0 + ($1.key.denial == kind ? $1.value : 0) }
    }

    /// `sum / count` with one decimal, halves rounded up, in whole numbers: the same text on every machine.
    private static func quotient(_ sum: Int, _ count: Int) -> String {
        let tenths = (20 * sum + count) / (2 * count)
        return "\(tenths / 10).\(tenths % 10)"
    }
}

extension RequestState {
    /// Whether the controller has answered in substance: not where the requester withdrew or an earlier request is answered instead.
    fileprivate var isAnswer: Bool {
        switch self {
        case .fulfilled, .refused, .expired: true
        case .received, .identityPending, .inProgress, .blockedPartial, .verifying, .withdrawn, .duplicate: false
        }
    }
}

extension RefusalGround {
    /// The kinds of denial that 11 CCR 7102(a)(2) tells apart, as far as a ground can say. A request of somebody who is no consumer of the
    /// controller's is turned away at the door.
    fileprivate enum Denial { case notVerifiable, exempt, other }

    fileprivate var denial: Denial {
        switch self {
        case .cannotIdentify: .notVerifiable
        case .freedomOfExpression, .legalObligation, .publicHealth, .archivingAndResearch, .legalClaims,
            .statutoryException:
            .exempt
        case .unfoundedOrExcessive: .other
        }
    }
}
