import Foundation
import LetheBytes
import Testing

extension FaultTests {
    /// A process dies while two persons decide, or while a policy changes: the one state or the other, never a third.
    @Suite(.serialized) struct Roles {
        private static let desk = ["--workspace", "disk/desk"]

        /// A desk under a policy with roles, and a proposal to refuse a request.
        private func prepare(_ desk: FaultDesk) throws -> (folder: ScratchFolder, request: String) {
            let folder = try desk.copy()
            func run(_ arguments: [String]) throws -> Outcome {
                let outcome = try desk.run(arguments, in: folder)
                #expect(outcome.status == 0, "\(arguments): \(outcome.errors)")
                return outcome
            }
            for name in ["one", "two", "admin"] {
                _ = try run(["key", "generate", "--output", "\(name).pem"])
                let role = name == "admin" ? "administrator" : "officer"
                _ = try run(["key", "register", "--role", role, "--public", "\(name).pem.pub"] + Self.desk)
            }
            let plain = try String(contentsOfFile: folder.path + "/disk/desk/policy.yaml", encoding: .utf8)
            try (plain + "\nroles: {twoPersons: [refuse]}\n").write(
                toFile: folder.path + "/roles.yaml", atomically: true, encoding: .utf8)
            try plain.write(toFile: folder.path + "/plain.yaml", atomically: true, encoding: .utf8)
            _ = try run(["policy", "adopt", "roles.yaml"] + Self.desk)
            let submitted = try run(["request", "submit", desk.sign(1, in: folder)[0]] + Self.desk)
            let id = try #require(submitted.acknowledged.first)
            _ = try run(["request", "deny", id, "--ground", "gdpr-17.3.e", "--as", "one.pem"] + Self.desk)
            return (folder, id)
        }

        private func copy(_ folder: ScratchFolder) throws -> ScratchFolder {
            let copy = try ScratchFolder()
            for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
                try FileManager.default.copyItem(
                    atPath: folder.path + "/" + name, toPath: copy.path + "/" + name)
            }
            return copy
        }

        /// The calls of a command that change storage, a third of them, each struck in another way.
        private func strike(
            _ arguments: [String], of desk: FaultDesk, in template: ScratchFolder,
            _ check: (ScratchFolder, String) throws -> Void
        ) throws {
            let calls = try #require(try desk.run(arguments, in: copy(template)).calls)
            #expect(calls > 10)
            let modes: [Fault.Mode] = [.before, .after, .torn]
            var deaths = 0
            for (number, call) in stride(from: 1, through: calls, by: 2).enumerated() {
                let folder = try copy(template)
                let fault = Fault(at: call, mode: modes[number % modes.count])
                if try desk.run(arguments, in: folder, fault: fault).wasKilled { deaths += 1 }
                let audit = try desk.run(["log", "audit"] + Self.desk, in: folder)
                #expect(audit.status == 0, "\(fault): \(audit.output)\(audit.errors)")
                try check(folder, "\(fault)")
            }
            #expect(deaths > 5, "\(deaths) deaths")
        }

        @Test func anApprovalHappensOnceOrNotYet() throws {
            let desk = try FaultDesk.current
            let (template, id) = try prepare(desk)
            let approve = ["request", "approve", id, "--as", "two.pem"] + Self.desk
            try strike(approve, of: desk, in: template) { folder, story in
                let shown = try desk.run(["request", "show", id, "--json"] + Self.desk, in: folder)
                let state = try StrictJSON.parse(Array(shown.output.utf8))["state"]?.stringValue
                let again = try desk.run(approve, in: folder)
                if state == "refused" {
                    #expect(again.status == 2, "\(story): \(again.output)")
                } else {
                    #expect(state == "in_progress" && again.status == 0, "\(story): \(again.errors)")
                }
                #expect(try desk.run(["log", "audit"] + Self.desk, in: folder).status == 0, "\(story)")
            }
        }

        @Test func aProposalIsThereWholeOrNotAtAll() throws {
            let desk = try FaultDesk.current
            let (template, id) = try prepare(desk)
            _ = try desk.run(["request", "reject", id, "--as", "one.pem"] + Self.desk, in: template)
            let deny = ["request", "deny", id, "--ground", "gdpr-17.3.e", "--as", "one.pem"] + Self.desk
            try strike(deny, of: desk, in: template) { folder, story in
                let listed = try desk.run(["request", "proposals", "--json"] + Self.desk, in: folder)
                #expect(listed.status == 0, "\(story): \(listed.errors)")
                // The one that was rejected before stays on the list, as rejected.
                let count = try StrictJSON.parse(Array(listed.output.utf8)).arrayValue?.count { $0["rejected"] == nil }
                let again = try desk.run(deny, in: folder)
                #expect(again.status == (count == 0 ? 0 : 2), "\(story): \(again.output)\(again.errors)")
                let approved = try desk.run(["request", "approve", id, "--as", "two.pem"] + Self.desk, in: folder)
                #expect(approved.status == 0, "\(story): \(approved.errors)")
            }
        }

        @Test func anAdoptionHappensOnceOrNotYet() throws {
            let desk = try FaultDesk.current
            let (template, _) = try prepare(desk)
            let adopt = ["policy", "adopt", "plain.yaml", "--as", "admin.pem"] + Self.desk
            try strike(adopt, of: desk, in: template) { folder, story in
                let list = try desk.run(["request", "proposals"] + Self.desk, in: folder)
                #expect(list.status == 0, "\(story): \(list.errors)")
                let again = try desk.run(adopt, in: folder)
                #expect(
                    again.status == 0 || again.errors.contains("no section roles"), "\(story): \(again.errors)")
                let audit = try desk.run(["log", "audit"] + Self.desk, in: folder)
                #expect(audit.status == 0, "\(story): \(audit.output)\(audit.errors)")
            }
        }
    }
}
