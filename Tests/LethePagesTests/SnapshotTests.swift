import Foundation
import LethePages
import Testing

/// Some pages equal the committed snapshot; `RECORD_SNAPSHOTS=1` rewrites them. `LETHE_GALLERY=DIR` writes every page and what it refers
/// to into a folder, to be looked at.
struct SnapshotTests {
    @Test(arguments: ["home", "status", "desk", "act", "certificate-inconclusive", "run"])
    func pageLooksAsRecorded(name: String) throws {
        let sample = try #require(Samples.pages.first { $0.name == name })
        let html = try PageRenderer().html(sample.page, in: sample.frame)
        let file = Self.folder.appending(path: "\(name).html")
        if ProcessInfo.processInfo.environment["RECORD_SNAPSHOTS"] == "1" {
            try FileManager.default.createDirectory(at: Self.folder, withIntermediateDirectories: true)
            try Data(html.utf8).write(to: file)
        }
        let recorded = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        let (new, old) = (html.split(separator: "\n"), recorded.split(separator: "\n"))
        let line =
            zip(new, old).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? min(new.count, old.count)
        #expect(html == recorded, "\(name).html differs from line \(line + 1)")
    }

    @Test func samePageGivesSameBytes() throws {
        let (first, second) = (try PageRenderer(), try PageRenderer())
        for sample in Samples.pages {
            #expect(first.html(sample.page, in: sample.frame) == second.html(sample.page, in: sample.frame))
        }
    }

    @Test(.enabled(if: ProcessInfo.processInfo.environment["LETHE_GALLERY"] != nil, "LETHE_GALLERY names no folder"))
    func galleryForTheEye() throws {
        let root = URL(filePath: ProcessInfo.processInfo.environment["LETHE_GALLERY"] ?? "")
        try FileManager.default.createDirectory(at: root.appending(path: "assets"), withIntermediateDirectories: true)
        for asset in Asset.all { try Data(asset.bytes).write(to: root.appending(path: "assets/\(asset.name)")) }
        let renderer = try PageRenderer()
        for sample in Samples.pages {
            try Data(renderer.html(sample.page, in: sample.frame).utf8).write(
                to: root.appending(path: "\(sample.name).html"))
        }
    }

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Snapshots")
}
