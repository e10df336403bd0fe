import Foundation
import LetheBytes
import Testing

extension DeskTests {
    /// Persons with keys of their own: what each may decide, and what two decide together.
    struct Roles {
        private let desk = ["--workspace", "desk"]

        private func run(_ arguments: [String], in folder: TemporaryFolder) throws -> LetheCommand.Result {
            let result = try LetheCommand.run(arguments + desk, in: folder)
            #expect(result.status == 0, "\(arguments): \(result.errors)")
            return result
        }

        /// A copy of the desk under a policy with roles; the second officer's key has a passphrase of its own.
        private func desk(_ roles: String) throws -> TemporaryFolder {
            let folder = try Tour.current.copy()
            try Files.write(Array("the second officer's\n".utf8), to: folder.path("secret"), permissions: 0o600)
            for (name, role) in [
                ("one", "officer"), ("two", "officer"), ("reader", "auditor"), ("admin", "administrator"),
                ("engineer", "engineer"),
            ] {
                let secret = name == "two" ? ["--encrypt", "--passphrase-file", "secret"] : []
                _ = try LetheCommand.run(["key", "generate", "--output", "\(name).pem"] + secret, in: folder)
                _ = try run(["key", "register", "--role", role, "--public", "\(name).pem.pub"], in: folder)
            }
            try folder.write(Array((Tour.policy + roles).utf8), to: "roles.yaml")
            let adopted = try run(["policy", "adopt", "roles.yaml", "--json"], in: folder)
            #expect(adopted.errors.isEmpty)
            let checked = try LetheCommand.run("policy", "check", "roles.yaml", "--json", in: folder).json()
            #expect(try adopted.json()["digest"] == checked["digest"])
            return folder
        }

        @Test func aRefusalAndADestructionTakeTwoOfficers() throws {
            let folder = try desk("roles: {twoPersons: [refuse, shred]}\n")
            let words = try LetheCommand.run("policy", "check", "roles.yaml", in: folder).output
            #expect(words.contains("officer: may") && words.contains("Two persons"))
            let id = try #require(try Tour.current.sign[0].json()["requestId"]?.stringValue)
            let deny = ["request", "deny", id, "--ground", "gdpr-17.3.b"] + desk
            let before = try LetheCommand.run(["log", "audit"] + desk, in: folder).output
            for (key, found) in [
                ([], "--as FILE"), (["--as", "reader.pem"], "auditor key"), (["--as", "engineer.pem"], "engineer key"),
                (["--as", "desk/keys/controller.pem"], "controller key"), (["--as", "nobody.pem"], "nobody.pem"),
            ] as [([String], String)] {
                try expectRefusal(deny + key, in: folder, naming: found)
            }
            #expect(try LetheCommand.run(["log", "audit"] + desk, in: folder).output == before, "no entry more")

            let proposed = try LetheCommand.run(deny + ["--as", "one.pem"], in: folder)
            #expect(proposed.status == 0 && proposed.output.contains("waits for a second person"))
            #expect(try LetheCommand.run(["log", "audit"] + desk, in: folder).output == before, "no entry more")
            let waiting = try run(["request", "proposals", "--json"], in: folder).json()
            #expect(waiting.arrayValue?.count == 1 && waiting.arrayValue?.first?["lapsed"]?.boolValue == false)
            #expect(try run(["request", "proposals"], in: folder).output.contains("waits"))
            let approve = ["request", "approve", id] + desk
            try expectRefusal(approve + ["--as", "one.pem"], in: folder, naming: "second person's key")
            try expectRefusal(approve + ["--as", "reader.pem"], in: folder, naming: "auditor key")
            try expectRefusal(approve, in: folder, naming: "--as")
            try expectRefusal(
                approve + ["--as", "two.pem", "--as-passphrase-file", "one.pem"], in: folder, naming: "passphrase")
            let second = ["--as", "two.pem", "--as-passphrase-file", "secret"]
            let approved = try LetheCommand.run(approve + second + ["--json"], in: folder)
            #expect(approved.status == 0, "\(approved.errors)")
            #expect(try approved.json()["state"]?.stringValue == "refused")
            try expectRefusal(approve + second, in: folder, naming: "there is none")

            let shred = ["request", "shred", id]
            _ = try run(shred + second, in: folder)
            _ = try run(["request", "reject", id, "--as", "one.pem"], in: folder)
            try expectRefusal(approve + ["--as", "one.pem"], in: folder, naming: "there is none")
            _ = try run(shred + second, in: folder)
            // Who rejected the first proposal stays, and the second is told as what it was.
            let rejected = try run(["request", "proposals", "--json"], in: folder).json().arrayValue?.last
            #expect(rejected?["rejected"]?.boolValue == true && rejected?["decision"]?.stringValue == "shred")
            #expect(rejected?["rejectedBy"]?.stringValue?.count == 64 && rejected?["rejectedAt"]?.stringValue != nil)
            #expect(try run(["request", "proposals"], in: folder).output.contains("rejected at"))
            let destroyed = try LetheCommand.run(approve + ["--as", "one.pem"], in: folder)
            #expect(
                destroyed.output.contains("two persons have decided to destroy personal data"), "\(destroyed.errors)")
            #expect(!destroyed.output.contains("refused"))
            let shown = try run(["request", "show", id, "--json"], in: folder).json()["decisions"]?.arrayValue ?? []
            #expect(shown.map { $0["decision"]?.stringValue } == ["confirm", "refuse", "shred"])
            #expect(
                shown.last?["signedBy"]?.arrayValue?.map { $0["role"]?.stringValue } == [
                    "controller", "officer", "officer",
                ])
            #expect(try run(["request", "show", id], in: folder).output.contains("decided      shred at"))
            try expectRefusal(shred + second + desk, in: folder, naming: "destroyed before")
            #expect(try run(["log", "audit"], in: folder).output.contains("everything agrees"))
        }

        @Test func aPolicyIsAdoptedByItsAdministratorOnly() throws {
            let folder = try desk("roles: {}\n")
            let adopt = ["policy", "adopt", "policy.yaml"] + desk
            try expectRefusal(adopt, in: folder, naming: "administrator")
            try expectRefusal(adopt + ["--as", "one.pem"], in: folder, naming: "officer key")
            try folder.write(
                Array(Tour.policy.replacing("threads: 2", with: "threads: two").utf8), to: "wrong.yaml")
            try expectRefusal(
                ["policy", "adopt", "wrong.yaml", "--as", "admin.pem"] + desk, in: folder, naming: "wrong.yaml",
                "threads")
            #expect(try LetheCommand.run(adopt + ["--as", "admin.pem"], in: folder).status == 0)
            try expectRefusal(adopt, in: folder, naming: "in force already")
            // Without roles the controller decides again, and a person's key is not asked for.
            let id = try #require(try Tour.current.sign[1].json()["requestId"]?.stringValue)
            try expectRefusal(
                ["request", "withdraw", id, "--as", "one.pem"] + desk, in: folder, naming: "no section roles")
            _ = try run(["request", "withdraw", id], in: folder)
            #expect(try run(["log", "audit"], in: folder).output.contains("everything agrees"))
        }
    }
}
