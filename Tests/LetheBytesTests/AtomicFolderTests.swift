import LetheBytes
import Testing

struct AtomicFolderTests {
    @Test func aFolderAppearsWhole() throws {
        try withTemporaryFolder { folder in
            let path = Files.join(folder, "model")
            try Files.writeFolder(path) { (temporary: String) throws(FileError) in
                #expect(!Files.exists(path))
                try Files.write([1], to: Files.join(temporary, "a"))
            }
            #expect(try Files.read(Files.join(path, "a"), limit: 1) == [1])
            #expect(try Files.names(in: folder) == ["model"])
        }
    }

    @Test func anExistingFolderIsRefusedUnlessItIsToBeReplaced() throws {
        try withTemporaryFolder { folder in
            let path = Files.join(folder, "model")
            try Files.createFolder(path)
            try Files.write([1], to: Files.join(path, "old"))
            #expect(throws: FileError.alreadyExists(path: path)) { try Files.writeFolder(path) { _ in } }
            try Files.writeFolder(path, replace: true) { (temporary: String) throws(FileError) in
                try Files.write([2], to: Files.join(temporary, "new"))
            }
            #expect(try Files.names(in: path) == ["new"])
            #expect(try Files.names(in: folder) == ["model"])
            let file = Files.join(path, "new")
            #expect(throws: FileError.notAFolder(path: file)) { try Files.writeFolder(file, replace: true) { _ in } }
        }
    }

    @Test func afterAFailureNothingHasChanged() throws {
        try withTemporaryFolder { folder in
            let path = Files.join(folder, "model")
            let failure = FileError.noSpace(path: "x")
            for replace in [false, true] {
                #expect(throws: failure) {
                    try Files.writeFolder(path, replace: replace) { (temporary: String) throws(FileError) in
                        try Files.write([1], to: Files.join(temporary, "a"))
                        throw failure
                    }
                }
                #expect(try Files.names(in: folder) == (replace ? ["model"] : []))
                if !replace { try Files.createFolder(path) }
            }
            #expect(try Files.names(in: path) == [])
            let missing = Files.join(folder, "missing")
            #expect(throws: FileError.notFound(path: missing)) {
                try Files.writeFolder(Files.join(missing, "model")) { _ in }
            }
        }
    }
}
