import Foundation
import LetheBytes
import LetheTensor
import LetheTransformer
import Testing

@testable import LetheService

/// Verdicts on outputs that another framework wrote.
struct DistanceAuditTests {
    /// Outputs over four pieces, answers in columns 1 (yes) and 3 (no), of 40 forgotten people with ten records each and 20 others with as many.
    private struct World {
        let folder: TestFolder
        var rows: [(user: String, label: String, set: String)] = []
        var models: [String: [[Float]]] = [:]

        /// - Parameter remembered: how much of the original's memory the candidate has.
        init(remembered: Float) throws {
            folder = try TestFolder()
            var generator = SeededGenerator(seed: 5)
            func normal(_ deviation: Double) -> Float { Float(deviation * generator.nextNormal()) }
            let names = ["o", "c", "r1", "r2", "r3", "r4", "r5"]
            for person in 0..<60 {
                let set = person < 40 ? "forgotten" : "retained"
                for _ in 0..<10 {
                    let isLiked = Bool.random(using: &generator)
                    rows.append(("person \(person)", isLiked ? "yes" : "no", set))
                    let taste = normal(1) + (isLiked ? 0.3 : -0.3)
                    for (place, name) in names.enumerated() {
                        var memory: Float = 0
                        if set == "forgotten" { memory = place == 0 ? 1.5 : place == 1 ? 1.5 * remembered : 0 }
                        let margin = taste + normal(0.05) + (isLiked ? memory : -memory)
                        models[name, default: []].append([normal(0.05), margin / 2, normal(0.05), -margin / 2])
                    }
                }
            }
        }

        func people(_ header: String = "user,label,set") throws -> String {
            let lines = rows.map {
                header == "user,label" ? "\($0.user),\($0.label)" : "\($0.user),\($0.label),\($0.set)"
            }
            let path = folder.path("people.csv")
            try Files.write(Array(([header] + lines).joined(separator: "\n").utf8), to: path)
            return path
        }

        func csv(_ name: String) throws -> String {
            let path = folder.path("\(name).csv")
            let lines = ["a,yes,b,no"] + (models[name] ?? []).map { $0.map { "\($0)" }.joined(separator: ",") }
            try Files.write(Array(lines.joined(separator: "\n").utf8), to: path)
            return path
        }

        func npy(_ name: String) throws -> String {
            let rows = models[name] ?? []
            var header = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(rows.count), 4), }"
            while (10 + header.utf8.count + 1) % 64 != 0 { header += " " }
            header += "\n"
            var bytes: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0]
            bytes += [UInt8(header.utf8.count & 255), UInt8(header.utf8.count >> 8)] + Array(header.utf8)
            for value in rows.joined() {
                for shift in [0, 8, 16, 24] {
                    bytes.append(UInt8(truncatingIfNeeded: value.bitPattern >> UInt32(shift)))
                }
            }
            let path = folder.path("\(name).npy")
            try Files.write(bytes, to: path)
            return path
        }

        func options(_ file: (String) throws -> String) throws -> DistanceAudit.Options {
            .init(
                candidate: try file("c"), references: try (1...5).map { try file("r\($0)") }, original: try file("o"),
                users: try people(), answers: (yes: 1, no: 3))
        }
    }

    @Test func aModelThatForgotPassesAndSaysWhatWasNotChecked() throws {
        let world = try World(remembered: 0)
        let audit = try DistanceAudit(try world.options(world.csv))
        #expect(audit.measurements.verdict == "PASS-STATISTICAL", "\(audit.measurements.reasons)")
        #expect(audit.claim.hasSuffix("How the model came to be was not checked."))
        #expect(audit.markdown.contains("| P0 | provenance | - | a log | not checked |"))
        #expect(audit.measurements.auditRecords == 400 && audit.measurements.auditSubjects == 40)
        #expect(audit.measurements.gates.map(\.gate) == ["P0", "G0", "G0", "G1", "G2", "G5", "G5"])
        let json = try audit.json()
        #expect(json["provenance"]?.stringValue == "not checked" && json["verdict"]?.stringValue == "PASS-STATISTICAL")
        #expect(!String(decoding: json.prettyBytes(), as: UTF8.self).contains("person"))
    }

    @Test func furtherOriginalsTellWhoIsCalledAMember() throws {
        var world = try World(remembered: 0)
        #expect(try DistanceAudit(try world.options(world.csv)).measurements.likelihoodRatio == nil)
        // Originals of other seeds: the same memory, everybody's margin a little off.
        for (name, shift) in [("o2", Float(0.02)), ("o3", -0.03)] {
            world.models[name] = world.models["o"]?.enumerated().map { place, row in
                let change = place % 2 == 0 ? shift : 2 * shift
                return [row[0], row[1] + change, row[2], row[3] - change]
            }
        }
        var options = try world.options(world.csv)
        options.furtherOriginals = [try world.csv("o2"), try world.csv("o3")]
        let audit = try DistanceAudit(options)
        let test = try #require(audit.measurements.likelihoodRatio)
        #expect(test.users == 40 && test.originals == 2 && test.margin == nil)
        #expect(test.original == 1 && test.unlearned < 0.2 && test.retrained <= 0.01)
        #expect(audit.markdown.contains("(U-LiRA), of 40 people, against 2 further originals"))
        #expect(!audit.measurements.notAssessed.contains { $0.name.contains("U-LiRA") })
        #expect(audit.measurements.verdict == "PASS-STATISTICAL")
        world.models["o3"]?.removeLast()
        let short = try world.csv("o3")
        #expect {
            try DistanceAudit(options)
        } throws: {
            if case FileError.malformed(short, let reason) = $0 {
                reason.hasSuffix("found [599, 4]")
            } else {
                false
            }
        }
    }

    @Test func oneThatRemembersFails() throws {
        let world = try World(remembered: 0.5)
        let audit = try DistanceAudit(try world.options(world.npy))
        #expect(audit.measurements.verdict == "FAIL")
        #expect(!audit.claim.contains("not checked"))
        let residual = try #require(audit.measurements.residualMemory?.value)
        #expect(abs(residual - 0.5) < 0.05)
    }

    /// The same numbers in another format, or as probabilities, give the same figures.
    @Test func formatsAgree() throws {
        var world = try World(remembered: 0.2)
        let text = try DistanceAudit(try world.options(world.csv)).measurements
        #expect(try DistanceAudit(try world.options(world.npy)).measurements == text)
        for (name, rows) in world.models {
            world.models[name] = rows.map { row in
                let powers = row.map { exp($0) }
                return powers.map { $0 / powers.reduce(0, +) }
            }
        }
        var options = try world.options(world.csv)
        options.kind = .probabilities
        let shares = try DistanceAudit(options).measurements
        #expect(shares.verdict == text.verdict)
        let (left, right) = (try #require(shares.residualMemory?.value), try #require(text.residualMemory?.value))
        #expect(abs(left - right) < 1e-4)
    }

    @Test func withoutRetainedRecordsUsefulnessIsNotAsked() throws {
        let world = try World(remembered: 0)
        var options = try world.options(world.csv)
        options.users = try world.people("user,label")
        let audit = try DistanceAudit(options)
        #expect(audit.measurements.auditRecords == 600)
        #expect(audit.measurements.notAssessed.contains { $0.name == "G5 utility" })
    }

    @Test func whatDoesNotFitIsRefusedWithFileAndLine() throws {
        let world = try World(remembered: 0)
        func problem(_ change: (inout DistanceAudit.Options) throws -> Void) throws -> String {
            var options = try world.options(world.csv)
            try change(&options)
            do {
                _ = try DistanceAudit(options)
                return ""
            } catch { return "\(error)" }
        }
        func written(_ text: String, _ name: String) throws -> String {
            try Files.write(Array(text.utf8), to: world.folder.path(name))
            return world.folder.path(name)
        }
        #expect(try problem { $0.candidate = try written("1,2\n3,4\n", "short.csv") }.contains("expected [600, 4]"))
        #expect(
            try problem { $0.candidate = try written("1,2\n3\n", "ragged.csv") }.contains("line 2: expected 2 numbers"))
        #expect(
            try problem { $0.candidate = try written("1,2\n3,x\n", "text.csv") }.contains("line 2: expected a number"))
        #expect(try problem { $0.candidate = try written("1\n2\n", "narrow.csv") }.contains("two columns at least"))
        #expect(try problem { $0.candidate = try written("", "empty.csv") }.contains("[0, 0]"))
        #expect(try problem { $0.candidate = try written("x", "c.txt") }.contains(".safetensors, .npy or .csv"))
        #expect(try problem { $0.candidate = try written("x", "c.npy") }.contains("not a NumPy file"))
        #expect(try problem { $0.candidate = try written("x", "c.safetensors") }.contains("c.safetensors"))
        #expect(try problem { $0.users = try written("name\n", "u.csv") }.contains("the header user,label"))
        #expect(
            try problem { $0.users = try written("user,label\na,maybe\n", "u.csv") }.contains(
                "line 2: expected yes or no"))
        #expect(
            try problem { $0.users = try written("user,label,set\na,1,other\n", "u.csv") }.contains(
                "line 2: expected forgotten"))
        #expect(try problem { $0.users = try written("user,label\n", "u.csv") }.contains("no line"))
        #expect(try problem { $0.answers = nil }.contains("--yes-column and --no-column"))
        #expect(try problem { $0.answers = (yes: 1, no: 4) }.contains("--no-column is 4, expected 0 to 3"))
        #expect(try problem { $0.answers = (yes: 1, no: 1) }.contains("another than --yes-column"))
        #expect(try problem { $0.kind = .probabilities }.contains("add up to 1"))
        let infinite = try world.csv("c").replacing("c.csv", with: "inf.csv")
        var lines = String(decoding: try Files.read(world.folder.path("c.csv"), limit: 1 << 24), as: UTF8.self)
            .split(separator: "\n")
        lines[3] = "0,inf,0,1"
        try Files.write(Array(lines.joined(separator: "\n").utf8), to: infinite)
        #expect(try problem { $0.candidate = infinite }.contains("record 2"))
    }
}
