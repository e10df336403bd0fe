import Foundation
import LetheBytes
import LetheCrypto
import LetheRecommendation
import LetheRequests
import LetheStatements
import LetheStore
import Testing

@testable import LetheService

extension ServiceTests {
    struct Models {
        @Test func aRunNeedsRequestsAndModels() throws {
            let workspace = try Desk.current.fresh.copy().open()
            let before = try LogState(workspace)
            #expect(throws: ServiceError.nothingDue) { try workspace.unlearn { _ in } }
            #expect(try LogState(workspace) == before)

            let user = try #require(try workspace.data().split.trainingUsers.first)
            _ = try workspace.submit(try Desk.sign(for: user, workspace: workspace).bytes)
            let filed = try LogState(workspace)
            let error = #expect(throws: ServiceError.self) { try workspace.unlearn { _ in } }
            #expect("\(try #require(error))".contains("lethe model pretrain"))
            #expect(throws: ServiceError.self) { try workspace.trainOriginal { _ in } }
            #expect(try LogState(workspace) == filed)
        }

        @Test func aModelInTheLogIsNeverTrainedOver() throws {
            let moment = try Desk.current.trained
            let workspace = try moment.open()
            let before = try LogState(workspace)
            for train in [workspace.pretrain, workspace.trainOriginal] {
                let error = #expect(throws: ServiceError.self) { try train { _ in } }
                guard case .modelExists = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
            }
            #expect(try LogState(workspace) == before)
        }

        @Test(arguments: ["base/model.safetensors", "original/model.safetensors", "original/config.json"])
        func aModelThatIsNotTheOneInTheLogIsRefused(file: String) throws {
            let moment = try Desk.current.trained.copy()
            let workspace = try moment.open()
            let user = try #require(try workspace.data().split.trainingUsers.first)
            _ = try workspace.submit(try Desk.sign(for: user, workspace: workspace).bytes)
            let path = Files.join(moment.root, "models/\(file)")
            var bytes = try Files.read(path, limit: 1 << 30)
            bytes[bytes.count - 2] ^= 0x01
            try Files.write(bytes, to: path)
            let before = try LogState(workspace)
            let error = #expect(throws: ServiceError.self) { try workspace.unlearn { _ in } }
            guard case .modelChanged = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(try LogState(workspace) == before)
        }

        @Test func dataThatAreNotThoseInTheLogAreRefused() throws {
            let desk = try Desk.current
            let moment = try desk.trained.copy()
            let changed = try TestFolder()
            for name in try Files.names(in: desk.data.path) {
                try FileManager.default.copyItem(
                    atPath: Files.join(desk.data.path, name), toPath: changed.path(name))
            }
            // One star more or less for one rating of the training window.
            var workspace = try moment.open()
            let record = try #require(try workspace.data().split.training.first)
            let line = "\(record.userID)::\(record.itemID)::"
            let path = changed.path("ratings.dat")
            var bytes = try Files.read(path, limit: 1 << 26)
            let place = try #require(bytes.firstRange(of: Array(("\n" + line).utf8))).upperBound
            bytes[place] = bytes[place] == UInt8(ascii: "5") ? UInt8(ascii: "4") : bytes[place] + 1
            try Files.write(bytes, to: path)
            let profile = DatasetProfile(kind: .synthetic, folder: changed.path)
            try Files.write(try profile.json.canonicalBytes(), to: Files.join(moment.root, "workspace.json"))

            workspace = try moment.open()
            _ = try workspace.submit(try Desk.sign(for: record.userID, workspace: workspace).bytes)
            let before = try LogState(workspace)
            let error = #expect(throws: ServiceError.self) { try workspace.unlearn { _ in } }
            guard case .dataChanged(let folder, _, _) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(folder == changed.path)
            #expect(try LogState(workspace) == before)
        }

        @Test func theSeedsOfATrainingAreDrawnAfterTheRecordsAreInTheLog() throws {
            let workspace = try Desk.current.trained.open()
            let entries = try Entry.all(of: workspace)
            let models = entries.compactMap { entry -> ModelEvent? in
                if case .model(let event) = entry.event { event } else { nil }
            }
            #expect(models.map(\.role) == [.base, .original])
            let policy = try #require(entries.first { $0.name == "policy" })
            for model in models {
                let size = try #require(model.extra["seedCheckpointSize"]?.stringValue.flatMap(UInt64.init))
                #expect(size > policy.index)
                #expect(
                    model.extra["seedCheckpointRoot"]?.stringValue == (try workspace.store.rootHash(size: size).hex))
            }
            #expect(try workspace.audit().isEmpty)
        }
    }
}
