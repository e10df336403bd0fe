import Foundation
import LetheBytes
import LetheCrypto
import LetheRecommendation
import LetheReports
import LetheRequests
import LetheStore
import Testing

@testable import LetheService

extension ServiceTests {
    /// What a data pipeline gets of a run, and how it proves that it has cleaned its data.
    @Suite(.serialized) struct Pipeline {
        private let desk: JudgedDesk
        private let workspace: Workspace

        init() throws {
            desk = try JudgedDesk.copy()
            workspace = try desk.open(Inbox(crm: 200))
        }

        private struct Row: Decodable {
            var kind: String
            var user: String
            var item: String?
            var time: String?
            var training: Bool?
        }

        private func rows() throws -> [Row] {
            try workspace.tombstones(of: desk.runID).split(separator: 0x0A).map {
                try JSONDecoder().decode(Row.self, from: Data($0))
            }
        }

        /// A copy of the data without the lines that `isGone` picks; a line is user::item::stars::time.
        private func cleaned(_ isGone: ([Substring]) -> Bool) throws -> TestFolder {
            let folder = try TestFolder()
            for name in try Files.names(in: Desk.current.data.path) {
                var bytes = try Files.read(Files.join(Desk.current.data.path, name), limit: 1 << 26)
                if name == "ratings.dat" {
                    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
                    let kept = lines.filter { !isGone($0.split(separator: ":", omittingEmptySubsequences: true)) }
                    bytes = Array((kept.joined(separator: "\n") + "\n").utf8)
                }
                try Files.write(bytes, to: folder.path(name))
            }
            return folder
        }

        @Test func dataCleanedByTheListAreExactlyWhatTheRunSaidMustBeLeft() throws {
            let rows = try rows()
            let people = Set(rows.filter { $0.kind == "person" }.map(\.user))
            #expect(people == Set(desk.moment.filed.map { "\($0.user)" }))
            let interactions = Set(
                rows.filter { $0.kind == "interaction" }.map { "\($0.user) \($0.item ?? "") \($0.time ?? "")" })
            let dossier = try RunDossier.read(from: workspace.paths.run(desk.runID))
            #expect(rows.count { $0.training == true } == dossier.recordsRemoved.reduce(0, +))
            #expect(rows.count { $0.training == false } > 0, "what the model had not learned from must go too")

            let clean = try cleaned { interactions.contains("\($0[0]) \($0[1]) \($0[3])") }
            let check = try workspace.checkCleanedData(of: desk.runID, in: clean.path)
            #expect(check.holds && check.found.hex == dossier.datasetAfter)
            #expect(check.foundRecords == check.expectedRecords && check.foundRecords > 0)
            // Also after the certificates, when nobody's request can be opened any more.
            try workspace.certify(desk.runID)
            #expect(try desk.open(Inbox(crm: 200)).checkCleanedData(of: desk.runID, in: clean.path).holds)
        }

        @Test func dataThatAreNotCleanOrCleanedTooMuchDoNotHold() throws {
            let people = desk.moment.filed.map { "\($0.user)" }
            let stays = try #require(
                try workspace.data().split.training.last { record in !people.contains("\(record.userID)") })
            let folders = try [
                cleaned { _ in false }, cleaned { people.dropFirst().contains(String($0[0])) },
                cleaned { people.contains(String($0[0])) || $0[0] == "\(stays.userID)" },
                cleaned {
                    people.contains(String($0[0])) || ($0[0] == "\(stays.userID)" && $0[1] == "\(stays.itemID)")
                },
            ]
            for folder in folders {
                let check = try workspace.checkCleanedData(of: desk.runID, in: folder.path)
                #expect(!check.holds && check.found != check.expected)
            }
        }

        @Test func theListIsSealedCheckedAgainstTheLogAndDestroyedOnTheDay() throws {
            let list = try workspace.tombstones(of: desk.runID)
            let path = Files.join(workspace.paths.run(desk.runID), "tombstones.sealed")
            #expect(try Files.permissions(path) & 0o077 == 0)
            let runID = try #require(RunID(desk.runID))
            let record = try #require(try workspace.store.run(runID))
            let key = try Hex.decode(
                String(
                    decoding: Files.read(workspace.paths.tombstoneKey(desk.runID), limit: 100).dropLast(), as: UTF8.self
                ))
            let digest = Tombstones.digest(list, under: key)
            #expect(record.artifacts["residue"]?.contains(digest) == true)
            #expect(digest != Digest(sha256: list))
            // The log names the list before anything is certified.
            let report = try workspace.auditReport(desk.runID)
            #expect(report.run.residue.contains { $0.digest == digest.hex && $0.fate == .kept })

            var damaged = try Files.read(path, limit: 1 << 26)
            damaged[damaged.count / 2] ^= 1
            try Files.write(damaged, to: path, permissions: 0o600)
            #expect(throws: ServiceError.self) { try workspace.tombstones(of: desk.runID) }
            damaged[damaged.count / 2] ^= 1
            try Files.write(damaged, to: path, permissions: 0o600)

            try workspace.certify(desk.runID)
            #expect(try workspace.tombstones(of: desk.runID) == list, "fulfilment does not take it from the pipeline")
            let before = try desk.open(Inbox(crm: 200), now: "2026-04-01T11:59:00Z")
            try before.certify(desk.runID)
            #expect(Files.exists(path))
            let after = try desk.open(Inbox(crm: 200), now: "2026-04-01T12:00:00Z")
            try after.certify(desk.runID)
            #expect(!Files.exists(path) && !Files.exists(after.paths.tombstoneKey(desk.runID)))
            #expect(throws: ServiceError.noTombstones(run: desk.runID)) { try after.tombstones(of: desk.runID) }
            let last = try #require(try Entry.all(of: after).last?.runStep)
            #expect(
                last == .residue(LetheRequests.Residue(artifact: digest, kind: .forgottenRecords, fate: .destroyed)))
            #expect(
                try after.auditReport(desk.runID).run.residue.contains {
                    $0.digest == digest.hex && $0.fate == .destroyed
                })
            #expect(try after.audit().isEmpty)
        }

        @Test func aManifestThatIsNotTheOneInTheLogIsRefused() throws {
            let path = Files.join(workspace.paths.run(desk.runID), "retained-manifest.json")
            let text = String(decoding: try Files.read(path, limit: 1 << 24), as: UTF8.self)
            try Files.write(Array(text.replacing("\"runId\"", with: "\"runid\"").utf8), to: path)
            let error = #expect(throws: ServiceError.self) {
                try workspace.checkCleanedData(of: desk.runID, in: Desk.current.data.path)
            }
            #expect(error?.description.contains("not the manifest in the log") == true)
        }

        @Test func aPolicyThatKeepsNoListGetsNoneAndStillAManifest() throws {
            let desk = try Desk.current
            let answered = try desk.answered.copy()
            let workspace = try answered.open()
            #expect(throws: ServiceError.noTombstones(run: desk.runID)) { try workspace.tombstones(of: desk.runID) }
            #expect(!Files.exists(Files.join(workspace.paths.run(desk.runID), "tombstones.sealed")))
            let people = answered.filed.map { "\($0.user)" }
            let clean = try cleaned { people.contains(String($0[0])) }
            #expect(try workspace.checkCleanedData(of: desk.runID, in: clean.path).holds)
        }
    }
}
