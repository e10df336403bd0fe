import Foundation
import LetheBytes
import Testing

extension DeskTests {
    /// Keys at the command line.
    struct Keys {
        private let desk = ["--workspace", "desk"]

        private func secret(_ text: String, in folder: TemporaryFolder, as name: String = "passphrase") throws
            -> [String]
        {
            try Files.write(Array((text + "\n").utf8), to: folder.path(name), permissions: 0o600)
            return ["--passphrase-file", name]
        }

        private func keys(_ folder: TemporaryFolder) throws -> [JSONValue] {
            let result = try LetheCommand.run(["key", "list", "--json"] + desk, in: folder)
            return try #require(try result.json().arrayValue)
        }

        @Test func rotatedKeysAreListedAndOldCertificatesHold() throws {
            let folder = try Tour.current.copy()
            let old = String(decoding: try folder.bytes("desk/trust.txt"), as: UTF8.self)
            for role in ["controller", "verifier", "log", "requester", "root"] {
                let result = try LetheCommand.run(["key", "rotate", role, "--json"] + desk, in: folder)
                #expect(result.status == 0, "\(result.errors)")
                #expect(try result.json()["role"]?.stringValue == role)
            }
            let listed = try keys(folder)
            #expect(listed.count == 10)
            #expect(listed.filter { $0["isValid"]?.boolValue == true }.count == 5)
            #expect(listed.filter { $0["validUntil"] != nil }.count == 5)
            #expect(listed.filter { $0["role"]?.stringValue == "log" }.allSatisfy { $0["vkey"] != nil })
            #expect(try LetheCommand.run(["log", "audit"] + desk, in: folder).status == 0)
            try folder.write(Array(old.utf8), to: "old-trust.txt")
            for certificate in try Tour.current.certificates() {
                for trust in ["desk/trust.txt", "old-trust.txt"] {
                    let result = try LetheCommand.run(
                        "certificate", "verify", certificate, "--trust", trust, in: folder)
                    #expect(result.status == 0, "\(result.errors)")
                    #expect(result.output.contains("revoked since the trust file was made"))
                }
            }
            #expect(
                try LetheCommand.run(["certificate", "bundle", "1", "--output", "b"] + desk, in: folder).status == 0)
        }

        @Test func aStolenKeysCertificatesDoNotHold() throws {
            let folder = try Tour.current.copy()
            let controller = try #require(try keys(folder).first { $0["role"]?.stringValue == "controller" })
            let id = try #require(controller["keyid"]?.stringValue)
            let result = try LetheCommand.run(["key", "revoke", id, "--from", "9"] + desk, in: folder)
            #expect(result.status == 0, "\(result.errors)")
            #expect(try keys(folder).contains { $0["compromisedFrom"]?.stringValue == "9" })
            for certificate in try Tour.current.certificates() {
                let verified = try LetheCommand.run(
                    "certificate", "verify", certificate, "--trust", "desk/trust.txt", in: folder)
                #expect(verified.status == 1 && verified.errors.contains(id))
            }
            let audit = try LetheCommand.run(["log", "audit"] + desk, in: folder)
            #expect(audit.status == 1 && audit.output.contains(id))
            try expectRefusal(["key", "revoke", id, "--from", "9"] + desk, in: folder, naming: "key event")
            try expectRefusal(["key", "revoke", "abc"] + desk, in: folder, naming: "abc")
            try expectRefusal(["key", "rotate", "witness"] + desk, in: folder, naming: "witness")
        }

        @Test func aKeyIsRegisteredForOneRole() throws {
            let folder = try Tour.current.copy()
            _ = try LetheCommand.run("key", "generate", "--output", "agent.pem", in: folder)
            let register = ["key", "register", "--public", "agent.pem.pub", "--role"]
            #expect(try LetheCommand.run(register + ["requester"] + desk, in: folder).status == 0)
            try expectRefusal(register + ["controller"] + desk, in: folder, naming: "registered as requester")
            try expectRefusal(register + ["root"] + desk, in: folder, naming: "root")
            try expectRefusal(
                ["key", "register", "--public", "agent.pem", "--role", "requester"] + desk, in: folder,
                naming: "agent.pem")
            let user = try #require(try Tour.trainingUsers(in: folder.path("data")).last)
            let signed = try LetheCommand.run(
                ["request", "sign", "--subject", "\(user)", "--key", "agent.pem", "--output", "agent.json"] + desk,
                in: folder)
            #expect(signed.status == 0, "\(signed.errors)")
            #expect(try LetheCommand.run(["request", "submit", "agent.json"] + desk, in: folder).status == 0)
        }

        @Test func encryptedKeysWorkWithTheirPassphraseOnly() throws {
            let folder = try Tour.current.copy()
            let right = try secret("a long passphrase", in: folder)
            let wrong = try secret("another passphrase", in: folder, as: "wrong")
            let key = "desk/keys/controller.pem"
            let plain = try folder.bytes(key)
            try expectRefusal(["key", "decrypt", key] + right, in: folder, naming: "not encrypted")
            #expect(try LetheCommand.run(["key", "encrypt", key] + right, in: folder).status == 0)
            let encrypted = try folder.bytes(key)
            #expect(String(decoding: encrypted, as: UTF8.self).contains("BEGIN ENCRYPTED PRIVATE KEY"))
            try expectRefusal(["key", "encrypt", key] + right, in: folder, naming: "encrypted already")
            let rotate = ["key", "rotate", "controller"] + desk
            try expectRefusal(rotate + wrong, in: folder, naming: "wrong passphrase", key)
            #expect(try folder.bytes(key) == encrypted)
            #expect(try LetheCommand.run(rotate + right, in: folder).status == 0)
            #expect(String(decoding: try folder.bytes(key), as: UTF8.self).contains("BEGIN ENCRYPTED PRIVATE KEY"))
            #expect(try LetheCommand.run(["key", "decrypt", key] + right, in: folder).status == 0)
            #expect(try folder.bytes(key).count == plain.count && folder.bytes(key) != plain)
            try expectRefusal(
                ["key", "encrypt", key] + secret("short", in: folder, as: "short"), in: folder, naming: "at least 12")
        }

        @Test func aSecretThatOthersMayReadIsRefusedWithTheCommandThatMendsIt() throws {
            let folder = try Tour.current.copy()
            let right = try secret("a long passphrase", in: folder)
            let key = "desk/keys/controller.pem"
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: folder.path(key))
            try expectRefusal(
                ["key", "rotate", "controller"] + desk, in: folder, naming: "chmod 600 \(key)")
            try expectRefusal(
                [
                    "request", "sign", "--subject", "1", "--key", key, "--output", "new.json",
                ] + desk, in: folder, naming: "chmod 600 \(key)")
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: folder.path(key))
            try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: folder.path("passphrase"))
            try expectRefusal(["key", "encrypt", key] + right, in: folder, naming: "chmod 600 passphrase")
        }

        /// A terminal of its own, which python3 makes: the passphrase is asked for and never shown.
        @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/python3"), "needs python3"))
        func thePassphraseIsAskedOnATerminalAndNotShown() throws {
            let folder = try Tour.current.copy()
            let script = """
                import os, pty, sys
                def run(arguments, answers):
                    child, terminal = pty.fork()
                    if child == 0:
                        os.execv(arguments[0], arguments)
                    seen, answered = b"", 0
                    while True:
                        try:
                            data = os.read(terminal, 1024)
                        except OSError:
                            break
                        if not data:
                            break
                        seen += data
                        if answered < len(answers) and seen.endswith(b": "):
                            os.write(terminal, answers[answered])
                            answered += 1
                    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
                    print(status, answered, b"secret" in seen, seen.decode().replace("\\r\\n", "|"))
                lethe, key = sys.argv[1], "desk/keys/controller.pem"
                good, bad = b"a secret passphrase\\n", b"another secret one\\n"
                run([lethe, "key", "encrypt", key], [good, bad])
                run([lethe, "key", "encrypt", key], [good, good])
                run([lethe, "key", "rotate", "controller", "--workspace", "desk"], [bad])
                run([lethe, "key", "rotate", "controller", "--workspace", "desk"], [good])
                run([lethe, "key", "decrypt", key], [b"\\x03"])
                run([lethe, "key", "decrypt", key], [good])
                """
            try folder.write(Array(script.utf8), to: "terminal.py")
            let process = Process()
            let output = Pipe()
            process.executableURL = URL(filePath: "/usr/bin/python3")
            process.arguments = ["terminal.py", LetheCommand.executable.path]
            process.currentDirectoryURL = folder.url
            process.standardOutput = output
            try process.run()
            let lines = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
                .split(separator: "\n")
            process.waitUntilExit()
            #expect(lines.count == 6, "\(lines)")
            for (line, expected) in zip(
                lines,
                [
                    ("2 2 False ", "differ"), ("0 2 False ", "under its passphrase"),
                    ("2 1 False ", "wrong passphrase"),
                    ("0 1 False ", "added"), ("2 1 False ", "interrupted"), ("0 1 False ", "not encrypted"),
                ])
            { #expect(line.hasPrefix(expected.0) && line.contains(expected.1), "\(line)") }
        }

        @Test func aWorkspaceCanBeMadeWithEncryptedKeys() throws {
            let folder = try Tour.current.copy()
            let right = try secret("a long passphrase", in: folder)
            let result = try LetheCommand.run(
                [
                    "init", "--data", "data", "--policy", "policy.yaml", "--origin", "b.example/log", "--workspace",
                    "locked", "--encrypt-keys",
                ] + right, in: folder)
            #expect(result.status == 0, "\(result.errors)")
            for name in ["root", "log", "controller", "verifier", "portal"] {
                #expect(
                    String(decoding: try folder.bytes("locked/keys/\(name).pem"), as: UTF8.self)
                        .contains("BEGIN ENCRYPTED"))
            }
            #expect(try LetheCommand.run("log", "audit", "--workspace", "locked", in: folder).status == 0)
            #expect(
                try LetheCommand.run(["log", "checkpoint", "--workspace", "locked"] + right, in: folder).status == 0)
            #expect(
                try LetheCommand.run(["key", "rotate", "log", "--workspace", "locked"] + right, in: folder).status == 0)
        }

        @Test func aModelIsCheckedAgainstTheLog() throws {
            let folder = try Tour.current.copy()
            func check(_ model: String) throws -> (Int32, String?) {
                let result = try LetheCommand.run(["model", "check", model, "--json"] + desk, in: folder)
                return (result.status, try result.json()["standing"]?.stringValue)
            }
            // The tour's run ends in no pass, so the original stays in service.
            #expect(try check("desk/models/original") == (0, "current"))
            #expect(try check("desk/models/base") == (1, "not-for-service"))
            let run = try #require(try Files.names(in: folder.path("desk/runs")).first)
            #expect(try check("desk/runs/\(run)/candidate") == (1, "not-for-service"))
            var weights = try folder.bytes("desk/models/original/model.safetensors")
            weights[weights.count - 1] ^= 1
            try folder.write(weights, to: "desk/models/original/model.safetensors")
            #expect(try check("desk/models/original") == (1, "unknown"))
            try expectRefusal(["model", "check", "nowhere"] + desk, in: folder, naming: "nowhere")
        }
    }
}
