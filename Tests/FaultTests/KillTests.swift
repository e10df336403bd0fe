import Foundation
import Testing

extension FaultTests {
    /// The process dies at a call that changes storage: before it, after it, or with half of a write done.
    @Suite(.serialized) struct Kill {
        /// Rounds: 200, or as many as the environment says for a longer campaign.
        private static let rounds = ProcessInfo.processInfo.environment["LETHE_KILL_ROUNDS"].flatMap(Int.init) ?? 200

        @Test func twoHundredDeathsLoseNothingThatWasAcknowledged() throws {
            let desk = try FaultDesk.current
            let folder = try desk.copy()
            var acknowledged: Set<String> = []
            var deaths = 0
            // The same calls are struck every time: this is a linear congruence, not chance.
            var state: UInt64 = 0x5EED
            func next(_ bound: Int) -> Int {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return Int(state >> 33) % bound
            }
            let modes: [Fault.Mode] = [.before, .after, .torn]
            for round in 0..<Self.rounds {
                let files = try desk.sign(1 + next(3), from: 4 * round, in: folder)
                let submit = ["request", "submit", "--workspace", "disk/desk", "--lines", "batch"]
                let lines = try files.map { try String(contentsOfFile: folder.path + "/" + $0, encoding: .utf8) }
                try lines.joined(separator: "\n").write(
                    toFile: folder.path + "/batch", atomically: true, encoding: .utf8)
                let fault = Fault(at: 1 + next(40), mode: modes[next(modes.count)])
                let struck = try desk.run(submit, in: folder, fault: fault)
                if struck.wasKilled { deaths += 1 }
                #expect(
                    struck.wasKilled || struck.status == 0, "round \(round), \(fault): \(struck.errors)\(struck.output)"
                )
                acknowledged.formUnion(struck.acknowledged)
                try desk.expectWhole(folder, acknowledged: acknowledged, "round \(round), \(fault)")
                let again = try desk.run(submit, in: folder)
                #expect(
                    again.output.split(separator: "\n").allSatisfy { $0.contains("received") || $0.contains("replay") },
                    "round \(round), \(fault): \(again.output)\(again.errors)")
                acknowledged.formUnion(again.acknowledged)
            }
            #expect(deaths > Self.rounds / 3, "\(deaths) deaths in \(Self.rounds) rounds")
            try desk.expectWhole(folder, acknowledged: acknowledged, "in the end")
        }
    }
}
