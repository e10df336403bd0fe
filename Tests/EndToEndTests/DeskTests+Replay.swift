import Foundation
import GRDB
import LetheBytes
import Testing

extension DeskTests {
    /// `lethe replay`, as an auditor types it.
    struct Replays {
        private func run() throws -> String { try #require(try Tour.current.run.json()["run"]?.stringValue) }

        private func replay(_ options: String..., in folder: TemporaryFolder) throws -> LetheCommand.Result {
            try LetheCommand.run(["replay", run(), "--workspace", "desk"] + options, in: folder)
        }

        /// Every file with its bytes, SQLite's own beside a database included.
        private func contents(_ folder: TemporaryFolder) throws -> [String: [UInt8]] {
            var contents: [String: [UInt8]] = [:]
            for name in try FileManager.default.subpathsOfDirectory(atPath: folder.path("desk"))
            where Files.kind(folder.path("desk/" + name)) == .file {
                contents[name] = try folder.bytes("desk/" + name)
            }
            return contents
        }

        /// Flips one bit in the middle of a file.
        private func flip(_ name: String, in folder: TemporaryFolder) throws {
            var bytes = try folder.bytes(name)
            bytes[bytes.count / 2] ^= 1
            try folder.write(bytes, to: name)
        }

        @Test(arguments: ["1", "3"])
        func anUntouchedRunIsEqualOnAnyNumberOfThreads(threads: String) throws {
            let folder = try Tour.current.copy()
            let before = try contents(folder)
            let result = try replay("--threads", threads, "--json", in: folder)
            #expect(result.status == 0, "\(result.errors)")
            let json = try result.json()
            #expect(json["equal"]?.boolValue == true)
            #expect(json["threads"]?.stringValue == threads)
            let artifacts = json["comparisons"]?.arrayValue?.compactMap { $0["artifact"]?.stringValue } ?? []
            for name in [
                "augmented-model", "candidate", "reference 1", "reference 2", "measurements", "forgetting test",
            ] {
                #expect(artifacts.contains(name), "\(name)")
            }
            #expect(try contents(folder) == before)
        }

        @Test func anAuditorWithoutKeysGivesThePeopleAndKeepsTheModels() throws {
            let folder = try Tour.current.copy()
            try FileManager.default.removeItem(atPath: folder.path("desk/keys"))
            try expectRefusal(["replay", run(), "--workspace", "desk"], in: folder, naming: "--subjects", "vault.key")
            let people = try Tour.trainingUsers(in: folder.path("data")).prefix(Tour.people)
            try folder.write(Array(people.map { "\($0)\r\n" }.joined().utf8), to: "people.txt")
            try FileManager.default.moveItem(atPath: folder.path("data"), toPath: folder.path("elsewhere"))
            let result = try replay(
                "--subjects", "people.txt", "--data", "elsewhere", "--output", "repeated", in: folder)
            #expect(result.status == 0, "\(result.errors)")
            #expect(result.output.contains("equal, bit for bit"))
            #expect(result.output.contains("not compared"))
            #expect(
                try folder.bytes("repeated/candidate/model.safetensors")
                    == folder.bytes("desk/runs/\(run())/candidate/model.safetensors"))
            #expect(folder.has("repeated/references/2/model.safetensors"))
            try expectRefusal(
                ["replay", run(), "--workspace", "desk", "--subjects", "people.txt", "--data", "elsewhere"]
                    + ["--output", "repeated"], in: folder, naming: "repeated", "exists already")
            try expectRefusal(
                ["replay", run(), "--workspace", "desk", "--subjects", "people.txt"], in: folder, naming: "data")
            try folder.write(Array("\(people[0])\n".utf8), to: "people.txt")
            try expectRefusal(
                ["replay", run(), "--workspace", "desk", "--subjects", "people.txt", "--data", "elsewhere"],
                in: folder, naming: "people.txt", "not the people")
        }

        @Test func aChangedCandidateAndAChangedReferenceAreLocatedWithExitCodeOne() throws {
            let folder = try Tour.current.copy()
            try flip("desk/runs/\(run())/candidate/model.safetensors", in: folder)
            try flip("desk/runs/\(run())/references/2/config.json", in: folder)
            let result = try replay(in: folder)
            #expect(result.status == 1)
            #expect(!result.errors.contains("lethe: "))
            let lines = result.output.split(separator: "\n").map(String.init)
            #expect(lines.count { $0.hasPrefix("DIFFERS") } == 2)
            #expect(lines.contains { $0.contains("model.safetensors: tensor ") && $0.contains("1 of ") })
            #expect(lines.contains { $0.contains("config.json: byte ") })
            #expect(lines.last == "result        2 of \(lines.count { $0.hasPrefix("equal") } + 2) differ")
        }

        @Test func anInputThatIsNotTheLogsIsOneLineWithExitCodeTwo() throws {
            let replay = ["replay", try run(), "--workspace", "desk"]
            var folder = try Tour.current.copy()
            try folder.write(
                Array(Tour.policy.replacing("alpha: 1.5", with: "alpha: 1.25").utf8), to: "desk/policy.yaml")
            try expectRefusal(replay, in: folder, naming: "policy.yaml", "not the policy in the log")
            for role in ["base", "original"] {
                folder = try Tour.current.copy()
                try flip("desk/models/\(role)/model.safetensors", in: folder)
                try expectRefusal(replay, in: folder, naming: "models/\(role)", "not the one in the log")
            }
            folder = try Tour.current.copy()
            let ratings = try folder.bytes("data/ratings.dat").split(separator: 0x0A)
            let kept = ratings.enumerated().filter { $0.offset % 10 != 0 }.map(\.element)
            try folder.write(Array(kept.joined(separator: [0x0A])) + [0x0A], to: "data/ratings.dat")
            try expectRefusal(replay, in: folder, naming: "data: the training records are not those committed")
            folder = try Tour.current.copy()
            for sample in ["0", "3"] {
                try expectRefusal(replay + ["--sample", sample], in: folder, naming: "--sample is \(sample)")
            }
            try expectRefusal(replay + ["--threads", "0"], in: folder, naming: "--threads is 0")
            try expectRefusal(replay + ["--subjects", "none.txt"], in: folder, naming: "none.txt")
        }

        @Test func ofASampleOneReferenceIsTrainedAgain() throws {
            let folder = try Tour.current.copy()
            let result = try replay("--sample", "1", in: folder)
            #expect(result.status == 0, "\(result.errors)")
            let lines = result.output.split(separator: "\n")
            #expect(lines.count { $0.hasPrefix("not compared  the training of reference ") } == 1)
            #expect(lines.count { $0.hasPrefix("equal         seed of reference ") } == 2)
            #expect(result.output.contains("equal, bit for bit"))
        }

        /// Changes the ledger behind its back.
        private func execute(_ sql: String, in folder: TemporaryFolder) throws {
            let queue = try DatabaseQueue(path: folder.path("desk/ledger.sqlite"))
            try queue.write { try $0.execute(sql: sql) }
            try queue.close()
        }

        /// The indexes of a run's steps, out of a table that no signature covers.
        private func indexes(_ folder: TemporaryFolder) throws -> [String: UInt64] {
            let queue = try DatabaseQueue(path: folder.path("desk/ledger.sqlite"))
            let text = try #require(try queue.read { try String.fetchOne($0, sql: "SELECT indexes FROM runs") })
            try queue.close()
            let members = try #require(try StrictJSON.parse(Array(text.utf8)).objectValue)
            return try members.mapValues { try #require($0.stringValue.flatMap { UInt64($0) }) }
        }

        @Test func anEntryThatWasReplacedInTheDatabaseIsNoInput() throws {
            let folder = try Tour.current.copy()
            let index = try #require(try indexes(folder)["seeds-drawn"])
            try execute(
                """
                DROP TRIGGER entries_no_update;
                UPDATE entries SET bytes = (SELECT bytes FROM entries WHERE idx = \(index + 1)) WHERE idx = \(index);
                """, in: folder)
            try expectRefusal(
                ["replay", run(), "--workspace", "desk"], in: folder,
                naming: "entry \(index): not the entry that the log's tree has there")
        }

        /// No signature covers the table that says which entry is which step.
        @Test func stepsThatTheDatabaseTakesForOthersAreNoInput() throws {
            let folder = try Tour.current.copy()
            let all = try indexes(folder)
            func refused(_ name: String, at index: UInt64, naming text: String) throws {
                try execute(
                    "UPDATE runs SET indexes = json_set(indexes, '$.\"\(name)\"', '\(index)')", in: folder)
                try expectRefusal(["replay", run(), "--workspace", "desk"], in: folder, naming: text)
                let old = try #require(all[name])
                try execute("UPDATE runs SET indexes = json_set(indexes, '$.\"\(name)\"', '\(old)')", in: folder)
            }
            let references = try #require(all["reference-seeds-drawn"])
            let seeds = try #require(all["seeds-drawn"])
            // Seeds are seeds, but these were drawn for something else, at another time.
            try refused("seeds-drawn", at: references, naming: "entry \(references): no step seeds-drawn")
            try refused("reference-seeds-drawn", at: seeds, naming: "entry \(seeds): no step reference-seeds-drawn")
            try refused("verified", at: 1 << 40, naming: "\(1 << 40)")
            try refused("candidate-committed", at: 0, naming: "entry 0: no step candidate-committed")
            #expect(try replay(in: folder).status == 0)
        }
    }
}
