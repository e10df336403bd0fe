import Foundation
import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheStatements
import Testing

struct ModelDigestTests {
    private func withModel<Result>(_ body: (String) throws -> Result) throws -> Result {
        try withTemporaryFolder { folder in
            try Files.write(Array("weights".utf8), to: folder + "/model.safetensors")
            try Files.write(Array("config".utf8), to: folder + "/config.json")
            try Files.createFolder(folder + "/sub")
            try Files.write([], to: folder + "/sub/empty")
            try Files.write([1], to: folder + "/Upper")
            return try body(folder)
        }
    }

    @Test func theDigestIsThatOfTheConcatenatedDigestsInTheOrderOfNames() throws {
        try withModel { folder in
            let model = try ModelDigest(folder: folder)
            #expect(model.resources.map(\.name) == ["Upper", "config.json", "model.safetensors", "sub/empty"])
            let expected = [[1], Array("config".utf8), Array("weights".utf8), []].flatMap { Digest(sha256: $0).bytes }
            #expect(model.digest == Digest(sha256: expected))
            try model.check(folder: folder)
        }
    }

    @Test func everyChangeIsFoundByName() throws {
        try withModel { folder in
            let model = try ModelDigest(folder: folder)
            try Files.write(Array("Weights".utf8), to: folder + "/model.safetensors")
            #expect(
                throws: ModelDigestError.changedFile(
                    "model.safetensors", expected: Fixture.digest("weights"), found: Fixture.digest("Weights"))
            ) { try model.check(folder: folder) }
            try Files.write(Array("weights".utf8), to: folder + "/model.safetensors")
            try Files.write([], to: folder + "/more")
            #expect(throws: ModelDigestError.surplusFile("more")) { try model.check(folder: folder) }
            try Files.remove(folder + "/more")
            try Files.rename(folder + "/config.json", to: folder + "/configuration.json")
            #expect(throws: ModelDigestError.missingFile("config.json")) { try model.check(folder: folder) }
        }
    }

    /// The digest alone does not fix names; the list of resources does.
    @Test func exchangedContentsAreFound() throws {
        try withModel { folder in
            let model = try ModelDigest(folder: folder)
            try Files.write(Array("config".utf8), to: folder + "/model.safetensors")
            try Files.write(Array("weights".utf8), to: folder + "/config.json")
            #expect(try ModelDigest(folder: folder).digest != model.digest)
            #expect(throws: ModelDigestError.self) { try model.check(folder: folder) }
        }
    }

    @Test func namesThatOnlyLookAlikeAreDifferentFiles() throws {
        try withModel { folder in
            try Files.write([1], to: folder + "/caf\u{e9}")
            try Files.write([2], to: folder + "/cafe\u{301}")
            let model = try ModelDigest(folder: folder)
            #expect(model.resources.count == 6)
            try model.check(folder: folder)
            try Files.remove(folder + "/caf\u{e9}")
            #expect(throws: ModelDigestError.missingFile("caf\u{e9}")) { try model.check(folder: folder) }
        }
    }

    @Test func linksAndSpecialFilesAreRefused() throws {
        try withModel { folder in
            try FileManager.default.createSymbolicLink(
                atPath: folder + "/link", withDestinationPath: folder + "/config.json")
            #expect(throws: ModelDigestError.file(.notAFile(path: folder + "/link"))) {
                try ModelDigest(folder: folder)
            }
        }
    }

    @Test func emptyAndMissingFoldersAreRefused() throws {
        try withTemporaryFolder { folder in
            #expect(throws: ModelDigestError.noFiles(folder: folder)) { try ModelDigest(folder: folder) }
            #expect(throws: ModelDigestError.self) { try ModelDigest(folder: folder + "/none") }
            #expect(throws: ModelDigestError.noFiles(folder: nil)) { try ModelDigest(resources: []) }
        }
    }

    @Test func theSignatureAndVersionControlAreIgnoredAtTheTopOnly() throws {
        try withModel { folder in
            let digest = try ModelDigest(folder: folder).digest
            try Files.createFolder(folder + "/.git")
            try Files.write([1], to: folder + "/.git/HEAD")
            try Files.write([1], to: folder + "/model.sig")
            #expect(try ModelDigest(folder: folder).digest == digest)
            try Files.write([1], to: folder + "/sub/model.sig")
            #expect(try ModelDigest(folder: folder).digest != digest)
        }
    }

    @Test(arguments: ["", "/a", "a/", "a//b", ".", "..", "a/../b", "./a", "a\nb", "a\0b"])
    func namesThatLeaveTheFolderAreRefused(name: String) {
        #expect(throws: ModelDigestError.invalidName(name)) {
            try ModelDigest(resources: [.init(name: name, digest: Fixture.digest("x"))])
        }
    }

    @Test func twoFilesOfOneNameAreRefused() {
        #expect(throws: ModelDigestError.duplicateName("a")) {
            try ModelDigest(resources: [
                .init(name: "a", digest: Fixture.digest("1")), .init(name: "a", digest: Fixture.digest("2")),
            ])
        }
    }

    /// A real OpenSSF model signature names the digest that we compute from its files.
    @Test(.enabled(if: SharedVectors.exist))
    func equalsThePublishedModelSignature() throws {
        let folder = try #require(SharedVectors.folder) + "/dsse/model-signing/v1.1.0-elliptic-key"
        let bundle = try SharedVectors.json("dsse/model-signing/v1.1.0-elliptic-key/model.sig")
        let envelope = try DSSEEnvelope(importing: #require(bundle["dsseEnvelope"]).canonicalBytes())
        let statement = try Statement(parsingUnverified: envelope.payload)
        let model = try ModelDigest(
            folder: folder, ignoring: ModelDigest.defaultIgnored.union(["ignore-me"]))
        #expect(model.digest.hex == statement.subjects[0].digest["sha256"])
        let resources = try #require(statement.predicate["resources"]?.arrayValue)
        #expect(model.resources.map(\.name) == resources.map { $0["name"]?.stringValue })
        #expect(model.resources.map(\.digest.hex) == resources.map { $0["digest"]?.stringValue })
    }
}
