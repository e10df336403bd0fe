import GRDB
import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheRecommendation
import LetheRequests
import LetheStatements
import LetheStore
import LetheUnlearning
import Synchronization
import Testing

@testable import LetheService

extension ServiceTests {
    /// Random orders of everything that a desk does, with failing writes and processes that end in the middle. Whatever the order: no request
    /// without a state, no state without its entry, nothing fulfilled without a certificate, no deadline missed without an alert.
    ///
    /// Everything random comes from the seed; only keys, ids and the models' seeds do not.
    struct Interleavings {
        /// What goes on at one desk.
        private struct Story {
            let moment: Desk.Moment
            let seed: UInt64
            var dice: SplitMix64
            var now: Timestamp
            var workspace: Workspace
            /// The requests that were acknowledged, in their order.
            var received: [RequestID] = []
            var fault: StoreFault?
            var stopsAfter: Int?
            /// Runs that may still be begun: they take seconds.
            var runs: Int
            var certified = 0
            /// How often each thing happened.
            var counts: [String: Int] = [:]

            init(_ moment: Desk.Moment, seed: UInt64, runs: Int) throws {
                self.moment = moment
                self.seed = seed
                self.runs = runs
                dice = SplitMix64(state: seed)
                now = try Timestamp(Desk.noon)
                workspace = try moment.open()
            }

            mutating func chance(_ one: Int, in all: Int) -> Bool { Int.random(in: 0..<all, using: &dice) < one }

            mutating func pick<Value>(_ values: [Value]) throws -> Value {
                try #require(values.randomElement(using: &dice), "seed \(seed)")
            }

            /// Another process, at this time; one that was to stop in the middle of a training does so.
            mutating func reopen() throws {
                var environment = Desk.environment(now: "\(now)", keeping: moment.folder)
                environment.checkpointInterval = 0
                if let stopsAfter {
                    let counter = CallCounter()
                    environment.shouldStop = { counter.next() > stopsAfter }
                }
                workspace = try Workspace.open(moment.root, environment: environment)
            }
        }

        private let proof = IdentityProof(level: .documentVerified, method: .documentCheck)

        @Test(arguments: 1...6 as ClosedRange<UInt64>)
        func withoutRuns(seed: UInt64) throws {
            var story = try Story(Desk.current.fresh.copy(), seed: seed, runs: 0)
            try play(&story, steps: 90)
            #expect(story.counts["fault", default: 0] > 0, "seed \(seed): a write has failed")
        }

        @Test(arguments: [11] as [UInt64])
        func withRuns(seed: UInt64) throws {
            var story = try Story(Desk.current.trained.copy(), seed: seed, runs: 1)
            try play(&story, steps: 45)
            // What was cut off can be finished, and what waits can be answered.
            story.stopsAfter = nil
            try disarm(&story)
            try run(&story)
            try check(&story, "the end")
            #expect(story.certified > 0, "seed \(seed): somebody was answered")
        }

        private func play(_ story: inout Story, steps: Int) throws {
            for step in 0..<steps {
                if step % 7 == 6 {
                    // Days go by.
                    story.now = story.now.adding(seconds: .random(in: 0...10, using: &story.dice) * 86_400 + 1)
                    story.stopsAfter =
                        story.runs > 0 && story.chance(1, in: 3) ? .random(in: 0..<9, using: &story.dice) : nil
                    try disarm(&story)
                } else if story.fault == nil, story.chance(1, in: 9) {
                    let fault = StoreFault(
                        table: try story.pick(StoreFault.tables), rows: .random(in: 0...6, using: &story.dice))
                    try fault.arm(story.moment.root)
                    story.fault = fault
                }
                let before = try LogState(story.workspace)
                let what = try act(&story, before: before)
                try check(&story, "step \(step), \(what)")
            }
            try disarm(&story)
            #expect(try story.workspace.audit().isEmpty, "seed \(story.seed)")
        }

        private func disarm(_ story: inout Story) throws {
            try story.fault?.disarm(story.moment.root)
            story.fault = nil
            try story.reopen()
        }

        /// Does one thing, and says what it was.
        private func act(_ story: inout Story, before: LogState) throws -> String {
            var what = "submit"
            var mayGrow = false
            do {
                if story.received.isEmpty || story.chance(1, in: 3) {
                    try submit(&story)
                } else if story.runs > 0, story.chance(1, in: 8) {
                    (what, mayGrow) = ("run", true)
                    try run(&story)
                } else {
                    let id = try story.pick(story.received)
                    let change = try change(&story)
                    what = story.chance(1, in: 8) ? "shred" : change.name
                    if what == "shred" {
                        _ = try story.workspace.shred(id.text)
                    } else {
                        _ = try story.workspace.decide(change, about: id.text, evidence: proof)
                    }
                    #expect(
                        try story.workspace.store.size() == before.size + 1,
                        "seed \(story.seed): a decision is one entry")
                }
                story.counts[what, default: 0] += 1
            } catch let error as StoreError {
                #expect(story.fault != nil, "seed \(story.seed), \(what): \(error)")
                story.counts["fault", default: 0] += 1
                // The process ends; what it had in memory is gone.
                try disarm(&story)
            } catch let error as TrainingStopped {
                #expect(story.stopsAfter != nil, "seed \(story.seed), \(what): \(error)")
                story.counts["stop", default: 0] += 1
                story.stopsAfter = nil
                try disarm(&story)
            } catch {
                #expect(
                    error is DecisionError || error is ServiceError || error is RequestRefusal,
                    "seed \(story.seed), \(what): \(error)")
                if !mayGrow {
                    #expect(try LogState(story.workspace) == before, "seed \(story.seed), \(what): \(error)")
                }
                return "\(what): \(error)"
            }
            return what
        }

        private func change(_ story: inout Story) throws -> LifecycleEvent {
            let grounds: [RefusalGround] = [.legalClaims, .cannotIdentify, .statutoryException]
            return try story.pick([
                .identityDoubted, .identityConfirmed, .extended(.complexity), .withdrawn, .expired, .blocked, .resumed,
                .refused(story.pick(grounds)), .foundDuplicate(of: story.pick(story.received)), .verificationFailed,
            ])
        }

        private func submit(_ story: inout Story) throws {
            let users = Array(try story.workspace.data().split.trainingUsers.prefix(24))
            let user = try story.pick(users)
            let filed = try Desk.sign(for: user, workspace: story.workspace, issuedAt: "\(story.now)")
            let record = try story.workspace.submit(filed.bytes)
            story.received.append(record.requestID)
        }

        /// What `lethe run` does.
        private func run(_ story: inout Story) throws {
            let workspace = story.workspace
            let run: String
            switch try workspace.runPlan().step {
            case .nothing: return
            case .certify(let judged): run = judged
            case .verify(let candidate):
                run = candidate
                _ = try workspace.verify(run) { _ in }
            case .unlearn:
                run = try workspace.unlearn(method: "retrain") { _ in }.runID
                _ = try workspace.verify(run) { _ in }
            }
            story.certified += try workspace.certify(run).count
            story.runs -= 1
        }

        // MARK: What must hold

        private func check(_ story: inout Story, _ place: String) throws {
            let context: Comment = "seed \(story.seed), \(place)"
            let workspace = story.workspace
            let records = try workspace.requests()
            // What was acknowledged is there; what is there was received by an entry, whatever the process could still say of it.
            #expect(Set(records.map(\.requestID)).isSuperset(of: story.received), context)
            story.received = records.map(\.requestID)

            let entries = try Entry.all(of: workspace)
            var replayed = LedgerState()
            for entry in entries {
                if let event = entry.event { try replayed.apply(event, at: entry.index) }
            }
            #expect(replayed.requests.count == records.count, context)
            let list = try workspace.requestList()
            let pressing = Set(try workspace.requestList(dueWithin: 0).records.map(\.requestID))
            var handled: Set<Int> = []
            for record in records {
                #expect(replayed.requests[record.requestID] == record, context)
                #expect(
                    entries[Int(record.lastIndex)].statement.subjects[0].name == "request:\(record.requestID)", context)
                if record.state == .fulfilled {
                    let index = try #require(record.certificateIndex, context)
                    let certificate = try UnlearningCertificate(entries[Int(index)].statement)
                    #expect(certificate.request.requestID == record.requestID.text, context)
                    #expect(certificate.verification.verdict.result == .passed, context)
                } else {
                    #expect(record.certificateIndex == nil, context)
                }
                if let due = record.nextDeadline, due < list.today {
                    #expect(pressing.contains(record.requestID), context)
                    let pausedInTime = record.isPaused && record.updatedAt.date() <= record.due
                    #expect(list.alert(of: record) == (pausedInTime ? .paused : .overdue), context)
                }
                if record.state == .inProgress {
                    let item = try workspace.store.openVault(record.requestID, masterKey: workspace.masterKey)
                    #expect(try handled.insert(workspace.trainingUser(item.identity)).inserted, context)
                }
            }
            // A deadline within the margin makes the schedule's run due.
            let plan = try workspace.runPlan()
            let margin = workspace.policy.batching.marginDays
            let isPressed = records.contains {
                $0.state == .inProgress && $0.due.days(since: list.today) <= margin
            }
            if isPressed { #expect(plan.isDue, context) }
        }
    }
}

/// How often something was asked.
private final class CallCounter: Sendable {
    private let value = Atomic(0)
    func next() -> Int { value.add(1, ordering: .relaxed).newValue }
}

/// SplitMix64: the same numbers every time.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}

/// A write to a ledger that fails, again and again until it is disarmed: the transaction is rolled back as by a full disk.
struct StoreFault {
    static let tables = ["entries", "nodes", "requests", "vault", "subject_tags", "checkpoints", "runs"]

    let table: String
    /// Rows of a transaction that are written before.
    let rows: Int

    func arm(_ root: String) throws {
        try database(root) { db in
            try db.execute(sql: "CREATE TABLE fault (rows INTEGER); INSERT INTO fault VALUES (\(rows))")
            try db.execute(
                sql: """
                    CREATE TRIGGER fault_strikes BEFORE INSERT ON \(table) BEGIN
                    UPDATE fault SET rows = rows - 1;
                    SELECT RAISE(ABORT, 'injected') WHERE (SELECT rows FROM fault) < 0;
                    END
                    """)
        }
    }

    func disarm(_ root: String) throws {
        try database(root) { try $0.execute(sql: "DROP TRIGGER fault_strikes; DROP TABLE fault") }
    }

    private func database(_ root: String, _ body: (Database) throws -> Void) throws {
        let queue = try DatabaseQueue(path: Files.join(root, "ledger.sqlite"))
        try queue.write(body)
        try queue.close()
    }
}
