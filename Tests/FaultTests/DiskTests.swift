import Foundation
import Testing

extension FaultTests {
    /// A disk that is full, or that nobody may write to: for every user, the superuser included.
    @Suite(.serialized) struct Disk {
        /// Whether this process may mount a small file system.
        private static let canMount: Bool = {
            guard getuid() == 0, let folder = try? ScratchFolder() else { return false }
            guard shell("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder.path) else { return false }
            return shell("umount", folder.path)
        }()

        @Test(.enabled(if: canMount, "needs the right to mount a tmpfs"))
        func aFullDiskIsSaidAndLeavesTheLedgerWhole() throws {
            let desk = try FaultDesk.current
            try withSmallDisk(of: desk) { folder in
                let files = try desk.sign(2, in: folder)
                let submit = ["request", "submit", "--workspace", "disk/desk"] + files
                // Less and less room, then none at all.
                for spare in [64, 32, 16, 8, 4, 0] {
                    try fill(folder.path + "/disk", leaving: spare * 1_024)
                    let full = try desk.run(submit, in: folder)
                    #expect([0, 2, 3].contains(full.status), "\(spare) KiB: \(full.errors)\(full.output)")
                    if spare == 0, full.status != 2 {
                        #expect(full.status == 3, "\(full.output)")
                        #expect(full.errors.split(separator: "\n").count == 1)
                    }
                    try FileManager.default.removeItem(atPath: folder.path + "/disk/filler")
                    try desk.expectWhole(folder, acknowledged: Set(full.acknowledged), "\(spare) KiB left")
                }
                let again = try desk.run(submit, in: folder)
                #expect([0, 2].contains(again.status), "\(again.errors)")
                try desk.expectWhole(folder, acknowledged: Set(again.acknowledged), "with room")
            }
        }

        @Test(.enabled(if: canMount, "needs the right to mount a tmpfs"))
        func aReadOnlyDiskIsSaidAndLeavesTheLedgerWhole() throws {
            let desk = try FaultDesk.current
            try withSmallDisk(of: desk) { folder in
                let files = try desk.sign(1, in: folder)
                #expect(Self.shell("mount", "-o", "remount,ro", folder.path + "/disk"))
                let submit = ["request", "submit", "--workspace", "disk/desk"] + files
                let refused = try desk.run(submit, in: folder)
                #expect(refused.status == 3, "\(refused.output)\(refused.errors)")
                #expect(refused.acknowledged.isEmpty && refused.errors.contains("read-only"), "\(refused.errors)")
                #expect(Self.shell("mount", "-o", "remount,rw", folder.path + "/disk"))
                #expect(try desk.run(submit, in: folder).acknowledged.count == 1)
                try desk.expectWhole(folder, acknowledged: [], "writable again")
            }
        }

        private func withSmallDisk(of desk: FaultDesk, _ body: (ScratchFolder) throws -> Void) throws {
            let folder = try ScratchFolder()
            try FileManager.default.createDirectory(atPath: folder.path + "/disk", withIntermediateDirectories: false)
            try #require(Self.shell("mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder.path + "/disk"))
            defer { _ = Self.shell("umount", folder.path + "/disk") }
            try FileManager.default.copyItem(atPath: desk.template.path + "/desk", toPath: folder.path + "/disk/desk")
            try body(folder)
        }

        /// Writes a file until only so much room is left.
        private func fill(_ disk: String, leaving spare: Int) throws {
            var status = statvfs()
            try #require(statvfs(disk, &status) == 0)
            let free = Int(status.f_bavail) * Int(status.f_frsize)
            try Data(count: max(0, free - spare)).write(to: URL(filePath: disk + "/filler"))
        }

        private static func shell(_ arguments: String...) -> Bool {
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/env")
            process.arguments = arguments
            process.standardError = FileHandle.nullDevice
            guard (try? process.run()) != nil else { return false }
            process.waitUntilExit()
            return process.terminationStatus == 0
        }
    }
}
