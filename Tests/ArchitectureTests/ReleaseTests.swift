import Foundation
import Testing

/// `Scripts/package`, given programs that are there already: what is in the tarball, and what is refused.
///
/// Needs a git checkout, the packages' sources in `.build`, a C compiler for two programs that say a version, and Debian's copyright
/// files; without them these tests are skipped. Building the real programs is not tried here.
@Suite(.enabled(if: Machine.isPossible, "no git checkout, package sources, clang or copyright files"))
struct ReleaseTests {
    /// A folder for a while.
    private struct Folder {
        let path = FileManager.default.temporaryDirectory.appending(path: "lethe-release-\(UUID().uuidString)").path

        init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }

        func remove() { try? FileManager.default.removeItem(atPath: path) }

        var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? [] }
    }

    private static let script = SourceTree.root.appending(path: "Scripts/package").path

    /// The version that the programs say, as their source has it.
    private static func version() throws -> String {
        let clock = try #require(SourceTree.files.first { $0.path == "Sources/LetheMachine/Clock.swift" })
        let line = try #require(clock.lines.first { $0.contains("static let version") })
        return String(try #require(line.split(separator: "\"").dropFirst().first))
    }

    /// Two programs that say `version` and do nothing else.
    private static func programs(_ version: String) throws -> Folder {
        let folder = try Folder()
        let source = folder.path + "/version.c"
        try Data("#include <stdio.h>\nint main(void) { puts(\"\(version)\"); return 0; }\n".utf8)
            .write(to: URL(filePath: source))
        for name in ["lethe", "lethe-server"] {
            try #require(try Machine.run(["clang", source, "-o", "\(folder.path)/\(name)"]).status == 0)
        }
        return folder
    }

    @Test func theTarballHoldsItsSumsAndIsTheSameEveryTime() throws {
        let programs = try Self.programs(Self.version())
        let (first, second, unpacked) = (try Folder(), try Folder(), try Folder())
        defer { [programs, first, second, unpacked].forEach { $0.remove() } }
        for (folder, mask) in [(first, "022"), (second, "077")] {
            let result = try Machine.run([
                "sh", "-c", "umask \(mask); exec \"$0\" --dirty --products \"$1\" --output \"$2\"", Self.script,
                programs.path, folder.path,
            ])
            try #require(result.status == 0, "\(result.errors)")
            #expect(folder.names.count == 2)
        }
        let name = try #require(first.names.first { $0.hasSuffix(".tar.gz") })
        #expect(second.names == first.names)
        #expect(
            try Data(contentsOf: URL(filePath: "\(first.path)/\(name)"))
                == Data(contentsOf: URL(filePath: "\(second.path)/\(name)")))
        #expect(
            try Machine.run(["sh", "-c", "cd \"$0\" && sha256sum --check --strict *.sha256", first.path]).status == 0)

        let listing = try Machine.run([
            "tar", "--list", "--verbose", "--numeric-owner", "--file", "\(first.path)/\(name)",
        ])
        let lines = listing.output.split(separator: "\n")
        #expect(lines.count > 40 && lines.allSatisfy { $0.contains(" 0/0 ") })
        #expect(lines.allSatisfy { ["drwxr-xr-x", "-rw-r--r--", "-rwxr-xr-x"].contains($0.prefix(10)) })

        try Machine.run([
            "tar", "--extract", "--strip-components=1", "--directory", unpacked.path, "--file", "\(first.path)/\(name)",
        ])
        #expect(
            unpacked.names == [
                "CHANGELOG.md", "COMMIT", "LICENSE", "Policies", "README.md", "SECURITY.md", "SHA256SUMS",
                "SHARED-LIBRARIES.txt", "bin", "licences", "systemd",
            ])
        for file in [
            "bin/lethe", "bin/lethe-server", "Policies/gdpr.yaml", "Policies/policy.schema.json",
            "systemd/lethe-server.service", "licences/GRDB.swift/LICENSE", "licences/swift-nio/NOTICE.txt",
            "licences/swift/LICENSE.txt", "licences/libssl-dev/copyright",
        ] {
            #expect(Machine.exists("\(unpacked.path)/\(file)"), "\(file)")
        }
        let check = "cd \"$0\" && sha256sum --check --strict --quiet SHA256SUMS"
        #expect(try Machine.run(["sh", "-c", check, unpacked.path]).status == 0)
        // Every file has a sum, the sums' own file apart.
        let sums = try String(contentsOfFile: "\(unpacked.path)/SHA256SUMS", encoding: .utf8)
        let files = lines.filter { $0.hasPrefix("-") }.count
        #expect(sums.split(separator: "\n").count == files - 1)
        try Data("x".utf8).write(to: URL(filePath: "\(unpacked.path)/LICENSE"))
        #expect(try Machine.run(["sh", "-c", check, unpacked.path]).status != 0)
    }

    @Test func whatIsNoReleaseIsRefusedAndNothingWritten() throws {
        let (output, empty, old) = (try Folder(), try Folder(), try Self.programs("0.0.1"))
        defer { [output, empty, old].forEach { $0.remove() } }
        func refusal(_ arguments: [String]) throws -> String {
            let result = try Machine.run([Self.script] + arguments)
            #expect(result.status == 2, "\(arguments): \(result.errors)")
            return result.errors
        }
        #expect(
            try refusal(["--dirty", "--products", empty.path, "--output", output.path])
                .contains("\(empty.path)/lethe: expected a program, found none"))
        #expect(
            try refusal(["--dirty", "--products", old.path, "--output", output.path]).contains("found 0.0.1"))
        try Data("#!/bin/sh\necho \(try Self.version())\n".utf8).write(to: URL(filePath: "\(old.path)/lethe"))
        #expect(
            try refusal(["--dirty", "--products", old.path, "--output", output.path])
                .contains("\(old.path)/lethe: expected an ELF program"))
        #expect(try refusal(["--products"]).contains("expected a folder"))
        #expect(try refusal(["--sign"]).contains("--sign: expected"))
        #expect(output.names.isEmpty)
    }

    @Test func aTreeWithChangesIsRefusedUnlessAskedFor() throws {
        let (clone, output) = (try Folder(), try Folder())
        defer { [clone, output].forEach { $0.remove() } }
        try #require(
            try Machine.run(["git", "clone", "--quiet", "--shared", SourceTree.root.path, clone.path + "/lethe"]).status
                == 0)
        let stray = clone.path + "/lethe/stray.txt"
        try Data("x".utf8).write(to: URL(filePath: stray))
        let result = try Machine.run([
            clone.path + "/lethe/Scripts/package", "--products", clone.path, "--output", output.path,
        ])
        #expect(result.status == 2 && result.errors.contains("?? stray.txt") && result.errors.contains("--dirty"))
        #expect(output.names.isEmpty)
    }
}

/// What the tests ask of the machine.
private enum Machine {
    static let isPossible =
        [".git", ".build/checkouts"].allSatisfy { exists(SourceTree.root.appending(path: $0).path) }
        && ["git", "clang", "pkg-config", "readelf"].allSatisfy { program in
            (try? run(["sh", "-c", "command -v \(program)"]))?.status == 0
        }
        && ["libyaml-*", "libicu*", "libssl-dev", "libsentencepiece-dev"].allSatisfy { package in
            (try? run(["sh", "-c", "ls /usr/share/doc/\(package)/copyright"]))?.status == 0
        }

    static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    /// Runs a command and waits for it.
    @discardableResult
    static func run(_ command: [String]) throws -> (status: Int32, output: String, errors: String) {
        let folder = FileManager.default.temporaryDirectory.appending(path: "lethe-release-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        // Files, not pipes: neither can fill while the other is read.
        let files = ["out", "err"].map { folder.appending(path: $0) }
        for file in files { try Data().write(to: file) }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: files[0])
        process.standardError = try FileHandle(forWritingTo: files[1])
        try process.run()
        process.waitUntilExit()
        let texts = try files.map { String(decoding: try Data(contentsOf: $0), as: UTF8.self) }
        return (process.terminationStatus, texts[0], texts[1])
    }
}
