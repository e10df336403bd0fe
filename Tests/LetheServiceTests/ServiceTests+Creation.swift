import Foundation
import LetheBytes
import LetheCrypto
import LetheRecommendation
import LetheRequests
import LetheStore
import Testing

@testable import LetheService

extension ServiceTests {
    struct Creation {
        @Test func anExistingWorkspaceIsNeverOverwritten() throws {
            let desk = try Desk.current
            let moment = try desk.fresh.copy()
            let before = try Snapshot(of: moment.root)
            #expect(throws: ServiceError.workspaceExists(path: moment.root)) {
                try Desk.create(in: moment.folder, data: desk.data)
            }
            #expect(try Snapshot(of: moment.root) == before)
        }

        @Test func aWorkspaceThatCannotBeMadeLeavesNothingBehind() throws {
            let desk = try Desk.current
            let folder = try TestFolder()
            let noData = try TestFolder()
            #expect(throws: DatasetError.self) { try Desk.create(in: folder, data: noData) }
            #expect(throws: PolicyError.self) {
                try Desk.create(in: folder, data: desk.data, policy: "version: 1\n")
            }
            // A log of this origin could not name itself in a checkpoint.
            #expect(throws: (any Error).self) {
                try Workspace.create(
                    at: folder.path("workspace"), policy: Array(DeskPolicy().yaml.utf8),
                    profile: DatasetProfile(kind: .synthetic, folder: desk.data.path), origin: "two words",
                    environment: Desk.environment())
            }
            #expect(try Files.names(in: folder.path).isEmpty)
        }

        @Test func aNewLogHoldsItsKeysItsPolicyAndTheTrainingRecords() throws {
            let workspace = try Desk.current.fresh.open()
            let events = try Entry.all(of: workspace).compactMap(\.event)
            #expect(
                events.prefix(5).allSatisfy {
                    if case .key = $0 { true } else { false }
                })
            guard case .policy(let policy) = events.last else {
                Issue.record("the last entry of a new log is its policy")
                return
            }
            #expect(events.count == 6)
            #expect(policy.digest == workspace.policy.digest)
            #expect(
                policy.extra["trainingRecordsRoot"]?.stringValue == recordsRoot(try workspace.data().split.training).hex
            )
            #expect(try workspace.audit().isEmpty)
            #expect(
                Set(try workspace.registeredKeys().map(\.role)) == [.root, .log, .controller, .verifier, .requester])
        }

        @Test func privateKeysAreTheirOwnersAlone() throws {
            let keys = Files.join(try Desk.current.fresh.root, "keys")
            for name in try Files.names(in: keys) where name != "root.pub" {
                let attributes = try FileManager.default.attributesOfItem(atPath: Files.join(keys, name))
                let permissions = try #require(attributes[.posixPermissions] as? Int)
                #expect(permissions & 0o077 == 0, "\(name)")
            }
            let trust = try String(
                contentsOfFile: Files.join(try Desk.current.fresh.root, "trust.txt"), encoding: .utf8)
            #expect(!trust.contains("PRIVATE"))
        }

        @Test func whereThereIsNoWorkspaceOneIsToldHowToMakeIt() throws {
            let folder = try TestFolder()
            let path = folder.path("nowhere")
            #expect(throws: ServiceError.workspaceMissing(path: path)) {
                try Workspace.open(path, environment: Desk.environment())
            }
            #expect(throws: ServiceError.workspaceMissing(path: folder.path)) {
                try Workspace.open(folder.path, environment: Desk.environment())
            }
            #expect("\(ServiceError.workspaceMissing(path: path))".contains("lethe init"))
        }

        @Test(arguments: ["policy.yaml", "workspace.json", "trust.txt"])
        func aDamagedFileOfAWorkspaceIsNamed(name: String) throws {
            let moment = try Desk.current.fresh.copy()
            try Files.write(Array("damaged: {".utf8), to: Files.join(moment.root, name))
            let error = #expect(throws: ServiceError.self) { try moment.open() }
            #expect("\(try #require(error))".contains(name))
            #expect(!"\(try #require(error))".contains("\n"))
        }

        @Test func aPolicyThatTheLogDoesNotKnowIsRefused() throws {
            let moment = try Desk.current.fresh.copy()
            var policy = DeskPolicy()
            policy.references = 2
            try Files.write(Array(policy.yaml.utf8), to: Files.join(moment.root, "policy.yaml"))
            let error = #expect(throws: ServiceError.self) { try moment.open() }
            #expect("\(try #require(error))".contains("policy"))
        }
    }
}
