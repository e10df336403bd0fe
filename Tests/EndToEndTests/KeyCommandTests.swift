import Foundation
import LetheBytes
import Testing

struct KeyCommandTests {
    @Test func aNewKeyIsItsOwnersAlone() throws {
        let folder = try TemporaryFolder()
        let result = try LetheCommand.run(
            "key", "generate", "--output", "a.pem", "--name", "log.example/one", "--json", in: folder)
        #expect(result.status == 0)
        #expect(try folder.names() == ["a.pem", "a.pem.pub"])
        let json = try result.json()
        #expect(json["privateKey"]?.stringValue == "a.pem")
        #expect(json["vkey"]?.stringValue?.hasPrefix("log.example/one+") == true)
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.path("a.pem"))
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        #expect(!String(decoding: try folder.bytes("a.pem.pub"), as: UTF8.self).contains("PRIVATE"))
        #expect(!result.output.contains("PRIVATE"))
    }

    @Test func noKeyIsEverOverwritten() throws {
        let folder = try TemporaryFolder()
        #expect(try LetheCommand.run("key", "generate", "--output", "a.pem", in: folder).status == 0)
        let (secret, open) = (try folder.bytes("a.pem"), try folder.bytes("a.pem.pub"))
        try expectRefusal(["key", "generate", "--output", "a.pem"], in: folder, naming: "a.pem", "exists already")
        try Files.remove(folder.path("a.pem"))
        try expectRefusal(["key", "generate", "--output", "a.pem"], in: folder, naming: "a.pem.pub")
        #expect(try folder.bytes("a.pem.pub") == open)
        try Files.write(secret, to: folder.path("a.pem"))
        try Files.remove(folder.path("a.pem.pub"))
        try expectRefusal(["key", "generate", "--output", "a.pem"], in: folder, naming: "a.pem")
        #expect(try folder.bytes("a.pem") == secret)
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl")))
    func opensslReadsTheKeys() throws {
        let folder = try TemporaryFolder()
        _ = try LetheCommand.run("key", "generate", "--output", "a.pem", in: folder)
        for arguments in [
            ["pkey", "-in", "a.pem", "-pubout", "-out", "b.pub"], ["pkey", "-pubin", "-in", "a.pem.pub"],
        ] {
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/openssl")
            process.arguments = arguments
            process.currentDirectoryURL = folder.url
            process.standardOutput = FileHandle.nullDevice
            try process.run()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
        }
        #expect(try folder.bytes("b.pub") == (try folder.bytes("a.pem.pub")))
    }

    @Test func whatCannotBeWrittenIsSaid() throws {
        let folder = try TemporaryFolder()
        try expectRefusal(["key", "generate", "--output", "no/such/a.pem"], in: folder, naming: "no/such")
        try expectRefusal(
            ["key", "generate", "--output", "a.pem", "--name", "two words"], in: folder, naming: "two words")
        try expectRefusal(
            ["key", "generate", "--output", "a.pem"], in: folder, status: 3, naming: "a.pem", "no space left",
            fileSizeLimit: 0)
    }

    @Test(.enabled(if: getuid() != 0, "root may write everywhere"))
    func aFolderThatMayNotBeWrittenIsTheMachinesFault() throws {
        let folder = try TemporaryFolder()
        try Files.createFolder(folder.path("locked"), permissions: 0o555)
        try Tour.writeData(to: folder.path("data"))
        for arguments in [
            ["key", "generate", "--output", "locked/a.pem"], ["data", "synthesize", "--output", "locked/data"],
            ["init", "--data", "data", "--origin", "a.example/log", "--workspace", "locked/desk"],
            ["demo", "--data", "data", "--output", "locked/out"],
        ] {
            try expectRefusal(arguments, in: folder, status: 3, naming: "locked", "permission denied")
        }
    }
}
