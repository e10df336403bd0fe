import Foundation
import LetheBytes
import Testing

extension DeskTests {
    struct BadInput {
        private static let nobody = "00000000-0000-4000-8000-000000000000"

        @Test(arguments: [
            ["model", "pretrain"], ["model", "train"], ["request", "submit", "policy.yaml"], ["request", "list"],
            ["request", "show", nobody], ["request", "deny", nobody, "--ground", "gdpr-12.5"],
            ["request", "withdraw", nobody], ["request", "receipt", nobody, "--output", "receipt.json"],
            ["request", "submit", "policy.yaml", "--format", "opendsr"], ["key", "list"], ["unlearn"],
            ["verify", nobody], ["certify", nobody], ["run"], ["replay", nobody],
            ["certificate", "list"], ["certificate", "show", "1"], ["log", "checkpoint"], ["log", "prove", "0"],
            ["log", "audit"], ["report"],
            ["request", "sign", "--subject", "1", "--key", "desk/keys/portal.pem", "--output", "new.json"],
        ])
        func aWorkspaceThatIsNotThereIsNamed(command: [String]) throws {
            try expectRefusal(
                command + ["--workspace", "nowhere"], in: try Tour.current.copy(), naming: "nowhere", "no workspace")
        }

        @Test func whatIsNotThereIsNamed() throws {
            let folder = try Tour.current.copy()
            let desk = ["--workspace", "desk"]
            try expectRefusal(["request", "submit", "none.json"] + desk, in: folder, naming: "none.json")
            try expectRefusal(["request", "submit", "data"] + desk, in: folder, naming: "data")
            try expectRefusal(["request", "show", Self.nobody] + desk, in: folder, naming: Self.nobody)
            for decision in [
                ["withdraw"], ["shred"], ["extend", "--reason", "complexity"], ["duplicate", "--of", "first"],
            ] {
                let (name, options) = (decision[0], Array(decision.dropFirst()))
                try expectRefusal(["request", name, Self.nobody] + options + desk, in: folder, naming: "no request")
            }
            try expectRefusal(
                ["request", "receipt", Self.nobody, "--output", "new.json"] + desk, in: folder, naming: Self.nobody)
            try expectRefusal(["certify", Self.nobody] + desk, in: folder, naming: Self.nobody)
            try expectRefusal(["verify", "first"] + desk, in: folder, naming: "first")
            try expectRefusal(["replay", Self.nobody] + desk, in: folder, naming: Self.nobody)
            try expectRefusal(["report", "--run", Self.nobody] + desk, in: folder, naming: Self.nobody)
            try expectRefusal(["report", "--format", "pdf"] + desk, in: folder, naming: "pdf")
            try expectRefusal(["certificate", "show", "99"] + desk, in: folder, naming: "99")
            try expectRefusal(["model", "describe", "none"], in: folder, naming: "none")
            try expectRefusal(
                ["init", "--data", "data", "--origin", "a.example/log"] + desk, in: folder, naming: "desk",
                "a workspace is there already")
            try expectRefusal(
                ["init", "--data", "data", "--origin", "two words", "--workspace", "new"], in: folder)
        }

        @Test func aRequestThatCannotBeSignedIsNotWritten() throws {
            let folder = try Tour.current.copy()
            func sign(_ changes: [String: String]) -> [String] {
                var options = [
                    "--subject": "1", "--key": "desk/keys/portal.pem", "--output": "new.json", "--workspace": "desk",
                ]
                options.merge(changes) { _, new in new }
                return ["request", "sign"] + options.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
            }
            try expectRefusal(sign(["--key": "none.pem"]), in: folder, naming: "none.pem")
            try expectRefusal(sign(["--key": "policy.yaml"]), in: folder, naming: "policy.yaml")
            try expectRefusal(sign(["--key": "desk/keys/root.pub"]), in: folder, naming: "root.pub")
            try expectRefusal(sign(["--output": "policy.yaml"]), in: folder, naming: "policy.yaml", "exists already")
            try expectRefusal(sign(["--output": "no/such/new.json"]), in: folder, naming: "no/such")
            try expectRefusal(sign(["--subject": ""]), in: folder, naming: "--subject")
            try expectRefusal(sign(["--valid-seconds": "0"]), in: folder, naming: "--valid-seconds")
            try expectRefusal(sign(["--audience": "two words"]), in: folder, naming: "audience")
        }

        @Test func aWrongRequestChangesNothing() throws {
            let tour = try Tour.current
            let folder = try tour.copy()
            let audit = ["log", "audit", "--workspace", "desk"]
            let before = try LetheCommand.run(audit, in: folder).output
            func submit(_ name: String, _ arguments: String..., key: String = "desk/keys/portal.pem") throws -> [String]
            {
                let signed = try LetheCommand.run(
                    ["request", "sign", "--key", key, "--output", name, "--workspace", "desk"] + arguments, in: folder)
                #expect(signed.status == 0, "\(signed.errors)")
                return ["request", "submit", name, "--workspace", "desk"]
            }
            let user = try #require(try Tour.trainingUsers(in: folder.path("data")).last)
            try expectRefusal(
                submit("unknown.json", "--subject", "99999999"), in: folder, naming: "no training record")
            _ = try LetheCommand.run("key", "generate", "--output", "forger.pem", in: folder)
            try expectRefusal(
                submit("forged.json", "--subject", "\(user)", key: "forger.pem"), in: folder, naming: "registered")
            try expectRefusal(
                submit("elsewhere.json", "--subject", "\(user)", "--audience", "b.example/log"), in: folder,
                naming: "another log")
            try expectRefusal(
                submit("long.json", "--subject", "\(user)", "--valid-seconds", "100000"), in: folder, naming: "86400")
            try folder.write(try tour.folder.bytes("request-0.json"), to: "replay.json")
            try expectRefusal(
                ["request", "submit", "replay.json", "--workspace", "desk"], in: folder, naming: "replay")
            var altered = try tour.folder.bytes("request-1.json")
            altered[altered.count / 2] ^= 0x01
            try folder.write(altered, to: "altered.json")
            try expectRefusal(["request", "submit", "altered.json", "--workspace", "desk"], in: folder)
            try folder.write([UInt8](repeating: 0x20, count: 1 << 20), to: "large.json")
            try expectRefusal(["request", "submit", "large.json", "--workspace", "desk"], in: folder)
            #expect(try LetheCommand.run(audit, in: folder).output == before)
            #expect(before.contains("everything agrees"))
        }

        /// Something that happened to a model's folder.
        enum ModelDamage: String, CaseIterable, CustomTestStringConvertible {
            case weightsHalf, weightsEmpty, weightsHeaderOnly, weightsGarbage, weightsMissing, weightsLonger
            case configurationHalf, configurationEmpty, configurationMissing, configurationOfAnotherShape

            var testDescription: String { rawValue }
        }

        @Test(arguments: ModelDamage.allCases)
        func aDamagedModelIsNamed(damage: ModelDamage) throws {
            let folder = try Tour.current.copy()
            let model = "desk/models/original"
            let (weights, configuration) = (model + "/model.safetensors", model + "/config.json")
            let bytes = try folder.bytes(weights)
            let text = try folder.bytes(configuration)
            switch damage {
            case .weightsHalf: try folder.write(Array(bytes.prefix(bytes.count / 2)), to: weights)
            case .weightsEmpty: try folder.write([], to: weights)
            case .weightsHeaderOnly: try folder.write(Array(bytes.prefix(7)), to: weights)
            case .weightsGarbage: try folder.write([UInt8](repeating: 0xFF, count: 64) + bytes, to: weights)
            case .weightsMissing: try Files.remove(folder.path(weights))
            case .weightsLonger: try folder.write(bytes + [0], to: weights)
            case .configurationHalf: try folder.write(Array(text.prefix(text.count / 2)), to: configuration)
            case .configurationEmpty: try folder.write([], to: configuration)
            case .configurationMissing: try Files.remove(folder.path(configuration))
            case .configurationOfAnotherShape:
                let changed = String(decoding: text, as: UTF8.self).replacing(/"d_ff": ?256/, with: "\"d_ff\": 255")
                #expect(Array(changed.utf8) != text)
                try folder.write(Array(changed.utf8), to: configuration)
            }
            let name = damage.rawValue.hasPrefix("weights") ? "model.safetensors" : "original"
            try expectRefusal(["model", "describe", model], in: folder, naming: name)
            try expectRefusal(["run", "--workspace", "desk"], in: folder, naming: "original")
            #expect(try LetheCommand.run("log", "audit", "--workspace", "desk", in: folder).status == 0)
        }

        @Test func aModelWithOneBitChangedIsNotServed() throws {
            let folder = try Tour.current.copy()
            for (role, other) in [("base", "original"), ("original", "base")] {
                let path = "desk/models/\(role)/model.safetensors"
                let bytes = try folder.bytes(path)
                var changed = bytes
                changed[changed.count / 2] ^= 0x01
                try folder.write(changed, to: path)
                try expectRefusal(
                    ["unlearn", "--workspace", "desk"], in: folder, naming: role, "not the one in the log")
                try folder.write(bytes, to: path)
                #expect(try folder.bytes("desk/models/\(other)/config.json").isEmpty == false)
            }
        }

        @Test(arguments: [
            ("keys/log.pem", ["log", "checkpoint"]), ("keys/root.pem", ["key", "rotate", "log"]),
            ("keys/controller.pem", ["key", "rotate", "controller"]),
            ("keys/root.pub", ["log", "audit"]), ("keys/root.pub", ["key", "list"]), ("trust.txt", ["log", "audit"]),
            ("keys/vault.key", ["log", "audit"]), ("keys/vault.key", ["unlearn"]),
            ("workspace.json", ["request", "list"]),
            ("policy.yaml", ["run"]),
        ])
        func aDamagedOrMissingFileOfTheDeskIsNamed(name: String, command: [String]) throws {
            let folder = try Tour.current.copy()
            let path = "desk/\(name)"
            let bytes = try folder.bytes(path)
            try folder.write(Array(bytes.prefix(bytes.count / 2)), to: path)
            try expectRefusal(command + ["--workspace", "desk"], in: folder, naming: name)
            try Files.remove(folder.path(path))
            // An auditor has no key to the vault; the audit then looks at what it can see.
            if name != "keys/vault.key" || command == ["unlearn"] {
                try expectRefusal(command + ["--workspace", "desk"], in: folder, naming: name)
            }
        }

        @Test func aFullDiskLeavesNothingHalfWritten() throws {
            let folder = try Tour.current.copy()
            try expectRefusal(
                [
                    "init", "--data", "data", "--policy", "policy.yaml", "--origin", "a.example/log", "--workspace",
                    "new",
                ],
                in: folder, status: 3, fileSizeLimit: 8)
            try expectRefusal(
                ["report", "--workspace", "desk", "--output", "desk"], in: folder, status: 3, naming: "no space left",
                fileSizeLimit: 32)
            try expectRefusal(
                [
                    "request", "sign", "--subject", "1", "--key", "desk/keys/portal.pem", "--output", "new.json",
                    "--workspace", "desk",
                ], in: folder, status: 3, naming: "new.json", "no space left", fileSizeLimit: 0)
            #expect(try LetheCommand.run("log", "audit", "--workspace", "desk", in: folder).status == 0)
        }

        @Test func aVerificationThatBrokeOffGoesOnWithTheSeedsInTheLog() throws {
            let folder = try Tour.current.copy()
            let desk = ["--workspace", "desk"]
            let unlearned = try LetheCommand.run(["unlearn", "--json"] + desk, in: folder)
            #expect(unlearned.status == 0, "\(unlearned.errors)")
            let run = try #require(try unlearned.json()["run"]?.stringValue)
            // Enough room for the log, not for a model.
            let broken = try LetheCommand.run(["verify", run] + desk, in: folder, fileSizeLimit: 600)
            #expect(broken.status == 3, "\(broken.errors)")
            #expect(broken.complaint.contains("no space left"))
            #expect(broken.complaint.contains("references"), "\(broken.errors)")
            try expectRefusal(["certify", run] + desk, in: folder, naming: run, "reference-seeds-drawn")
            let verified = try LetheCommand.run(["verify", run, "--json"] + desk, in: folder)
            #expect(verified.status == 1, "\(verified.errors)")
            #expect(try verified.json()["verdict"]?.stringValue == "INCONCLUSIVE")
            #expect(try LetheCommand.run(["certify", run] + desk, in: folder).status == 0)
            let audit = try LetheCommand.run(["log", "audit"] + desk, in: folder)
            #expect(audit.status == 0, "\(audit.output)")
        }

        @Test func anAuditorNeedsNoPrivateKey() throws {
            let folder = try Tour.current.copy()
            for name in try Files.names(in: folder.path("desk/keys")) where name != "root.pub" {
                try Files.remove(folder.path("desk/keys/\(name)"))
            }
            let audit = try LetheCommand.run("log", "audit", "--workspace", "desk", in: folder)
            #expect(audit.status == 0, "\(audit.output)\(audit.errors)")
        }
    }
}
