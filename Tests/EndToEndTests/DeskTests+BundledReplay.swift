import Foundation
import LetheBytes
import Testing

extension DeskTests {
    /// `lethe replay --bundle`: a stranger with a certificate's bundle, the data, the base model, trusted keys and a list of people.
    @Suite(.enabled(if: BundleTools.exist, "needs dash or sh, openssl and sha256sum"))
    struct BundledReplays {
        /// A folder with what the stranger was given, and no workspace.
        private func given() throws -> TemporaryFolder {
            let desk = try Tour.current.copy()
            let result = try LetheCommand.run(
                "certificate", "bundle", "1", "--replay", "--subjects", "people.txt", "--output", "bundle",
                "--workspace", "desk",
                in: desk)
            #expect(result.status == 0, "\(result.errors)")
            #expect(try Files.permissions(desk.path("people.txt")) & 0o077 == 0)
            let people = try Tour.trainingUsers(in: desk.path("data")).prefix(Tour.people)
            #expect(try desk.bytes("people.txt") == Array(people.map { "\($0)\n" }.sorted().joined().utf8))
            #expect(!desk.has("bundle/people.txt"))
            let folder = try TemporaryFolder()
            let run = try #require(try Tour.current.run.json()["run"]?.stringValue)
            for (from, to) in [
                ("bundle", "bundle"), ("data", "data"), ("desk/models/base", "base"), ("desk/trust.txt", "trust.txt"),
                ("people.txt", "people.txt"), ("desk/runs/\(run)/candidate", "model"),
            ] {
                try FileManager.default.moveItem(atPath: desk.path(from), toPath: folder.path(to))
            }
            return folder
        }

        private static let replay = [
            "replay", "--bundle", "bundle", "--trust", "trust.txt", "--data", "data", "--base", "base",
            "--subjects", "people.txt",
        ]

        @Test func aStrangerChecksTheBundleAndRepeatsTheRun() throws {
            let folder = try given()
            let tools = try BundleTools(in: folder)
            let (status, output, errors) = try tools.verify("bundle")
            #expect(status == 0, "\(errors)")
            #expect(
                output.contains("\n  run          nobody repeated it here (lethe replay --bundle), or looked into "))
            for name in ["replay.json", "policy.yaml", "trajectory.json", "trajectory-references.json"] {
                #expect(folder.has("bundle/\(name)") && output.contains(name), "\(name)")
            }
            let before = try folder.names()
            let result = try LetheCommand.run(
                Self.replay + ["--candidate", "model", "--threads", "1", "--json"], in: folder)
            #expect(result.status == 0, "\(result.errors)\(result.output)")
            let json = try result.json()
            #expect(json["equal"]?.boolValue == true)
            #expect(try json["run"]?.stringValue == Tour.current.run.json()["run"]?.stringValue)
            let artifacts = json["comparisons"]?.arrayValue?.compactMap { $0["artifact"]?.stringValue } ?? []
            for name in [
                "original model", "augmented-model", "candidate", "candidate in the folder given", "reference 2",
                "forgetting test",
            ] {
                #expect(artifacts.contains(name), "\(name)")
            }
            #expect(try folder.names() == before)
        }

        @Test func whatDoesNotHoldAndWhatIsMissingIsSaidBeforeAnythingIsTrained() throws {
            let folder = try given()
            let tools = try BundleTools(in: folder)
            // Another log's keys: exit code 1, nothing else is looked at.
            _ = try LetheCommand.run("key", "generate", "--output", "other.pem", in: folder)
            let other = Self.replay.map { $0 == "trust.txt" ? "other.pem.pub" : $0 }
            try expectRefusal(other, in: folder, status: 1, naming: "certificate.dsse.json: does not hold")
            var steps = try folder.bytes("bundle/replay.json")
            let whole = steps
            let place = try #require(steps.firstRange(of: Array(#""sig":""#.utf8))).upperBound
            steps[place] = steps[place] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            try folder.write(steps, to: "bundle/replay.json")
            try expectRefusal(Self.replay, in: folder, status: 1, naming: "replay.json: does not hold: entry ")
            try folder.write(Array("{}".utf8), to: "bundle/replay.json")
            try expectRefusal(Self.replay, in: folder, naming: "replay.json")
            try folder.write(whole, to: "bundle/replay.json")

            let people = try folder.bytes("people.txt")
            try folder.write(Array(people.dropLast(people.count / 2)), to: "people.txt")
            try expectRefusal(Self.replay, in: folder, naming: "people.txt")
            try folder.write(people, to: "people.txt")
            var model = try folder.bytes("base/model.safetensors")
            model[model.count / 2] ^= 1
            try folder.write(model, to: "base/model.safetensors")
            try expectRefusal(Self.replay, in: folder, naming: "base", "not the one in the log")

            // The script knows which files belong together.
            try Files.remove(folder.path("bundle/policy.yaml"))
            try tools.renewManifest()
            #expect(try tools.verify("bundle").errors.contains("not with both replay.json and policy.yaml"))
            try expectRefusal(Self.replay, in: folder, naming: "policy.yaml")
        }

        @Test func aListOfPeopleIsNeverInTheBundleAndNothingIsHalfWritten() throws {
            let folder = try Tour.current.copy()
            func bundle(_ people: String, _ output: String = "bundle") -> [String] {
                [
                    "certificate", "bundle", "1", "--replay", "--output", output, "--workspace", "desk", "--subjects",
                    people,
                ]
            }
            try expectRefusal(bundle("bundle/people.txt"), in: folder, naming: "bundle")
            try expectRefusal(bundle("policy.yaml"), in: folder, naming: "policy.yaml", "already exists")
            try expectRefusal(bundle("people.txt", "no/such/folder"), in: folder, naming: "no/such")
            let record = try Files.names(in: folder.path("desk/runs"))
            let trajectory = "desk/runs/\(record[0])/trajectory.json"
            try folder.write(folder.bytes(trajectory) + [0x0A], to: trajectory)
            try expectRefusal(bundle("people.txt"), in: folder, naming: "trajectory.json", "not the trajectory")
            try FileManager.default.removeItem(atPath: folder.path(trajectory))
            try expectRefusal(bundle("people.txt"), in: folder, naming: "trajectory.json")
        }

        @Test func optionsThatNeedOneAnotherSaySo() throws {
            let folder = try TemporaryFolder()
            func refused(_ arguments: [String], _ words: String) throws {
                let result = try LetheCommand.run(arguments, in: folder)
                #expect(result.status == 2 && result.output.isEmpty, "\(arguments)")
                #expect(result.errors.contains(words), "\(result.errors)")
            }
            for option in ["--trust", "--data", "--base", "--subjects"] {
                let place = try #require(Self.replay.firstIndex(of: option))
                var arguments = Self.replay
                arguments.removeSubrange(place...place + 1)
                try refused(arguments, "--bundle needs \(option)")
            }
            try refused(Self.replay + ["run"], "--bundle says which run it is")
            try refused(Self.replay + ["--sample", "1"], "--sample")
            try refused(["replay", "run", "--base", "base"], "--base needs --bundle")
            try refused(["replay", "run", "--sample-seed", "00"], "--sample-seed")
            try refused(["replay"], "--bundle")
            try refused(
                ["certificate", "bundle", "1", "--output", "b", "--subjects", "s"], "--subjects needs --replay")
        }
    }
}
