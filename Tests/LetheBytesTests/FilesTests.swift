import Glibc
import LetheBytes
import Testing

struct FilesTests {
    @Test func whatIsWrittenIsRead() throws {
        try withTemporaryFolder { folder throws in
            let path = Files.join(folder, "a file é")
            try Files.write([1, 2, 3], to: path)
            #expect(try Files.read(path, limit: 3) == [1, 2, 3])
            try Files.write([], to: path)
            #expect(try Files.read(path, limit: 0) == [])
            let large = [UInt8](repeating: 7, count: 3_000_001)
            try Files.write(large, to: path, permissions: 0o600)
            #expect(try Files.read(path, limit: large.count) == large)
            var status = stat()
            #expect(stat(path, &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600)
            #expect(try Files.names(in: folder) == ["a file é"])
        }
    }

    @Test func readingSaysWhatIsWrong() throws {
        try withTemporaryFolder { folder throws in
            let path = Files.join(folder, "a")
            #expect(throws: FileError.notFound(path: path)) { try Files.read(path, limit: 10) }
            #expect(throws: FileError.notAFile(path: folder)) { try Files.read(folder, limit: 10) }
            #expect(throws: FileError.notAFile(path: "/dev/zero")) { try Files.read("/dev/zero", limit: 10) }
            try Files.write([1, 2, 3], to: path)
            #expect(throws: FileError.tooLarge(path: path, limit: 2)) { try Files.read(path, limit: 2) }
            let below = Files.join(path, "b")
            #expect(throws: FileError.notAFolder(path: below)) { try Files.read(below, limit: 10) }
            #expect(throws: FileError.self) { try Files.read(path + "\0.txt", limit: 10) }
            let pipe = Files.join(folder, "pipe")
            #expect(mkfifo(pipe, 0o600) == 0)
            #expect(throws: FileError.notAFile(path: pipe)) { try Files.read(pipe, limit: 10) }
            #expect("\(FileError.notFound(path: path))" == "\(path): no such file or folder")
        }
    }

    @Test func filesWhoseSizeIsNotKnownAreReadToTheirEnd() throws {
        #expect(try !Files.read("/proc/self/status", limit: 1 << 20).isEmpty)
        #expect(throws: FileError.tooLarge(path: "/proc/self/status", limit: 5)) {
            try Files.read("/proc/self/status", limit: 5)
        }
    }

    @Test func writingSaysWhatIsWrongAndLeavesNothing() throws {
        try withTemporaryFolder { folder throws in
            let missing = Files.join(folder, "missing")
            #expect(throws: FileError.notFound(path: missing)) { try Files.write([1], to: Files.join(missing, "a")) }
            #expect(throws: FileError.notAFile(path: folder)) { try Files.write([1], to: folder) }
            #expect(throws: FileError.notAFile(path: missing + "/")) { try Files.write([1], to: missing + "/") }
            #expect(try Files.names(in: folder) == [])
        }
    }

    @Test func aFullDiskLeavesTheOldFile() throws {
        // The process's own file size limit stands in for a full disk; it holds for all threads, so keep it short and large.
        try withTemporaryFolder { folder throws in
            let path = Files.join(folder, "a")
            try Files.write([1, 2, 3], to: path)
            Files.ignoreSizeLimitSignal()
            var old = rlimit()
            #expect(getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &old) == 0)
            var limit = rlimit(rlim_cur: 16 << 20, rlim_max: old.rlim_max)
            #expect(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
            defer { setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &old) }
            #expect(throws: FileError.noSpace(path: path)) {
                try Files.write([UInt8](repeating: 0, count: 16 << 20 + 1), to: path)
            }
            #expect(try Files.read(path, limit: 10) == [1, 2, 3])
            #expect(try Files.names(in: folder) == ["a"])
        }
    }

    @Test func theErrorsOfAFullDiskAreTheMachinesFault() {
        #expect(FileError.noSpace(path: "a").isMachineFailure)
        #expect(FileError.permissionDenied(path: "a").isMachineFailure)
        #expect(FileError.system(operation: "read", path: "a", errno: EIO).isMachineFailure)
        #expect(!FileError.notFound(path: "a").isMachineFailure)
        #expect(!FileError.malformed(path: "a", reason: "b").isMachineFailure)
        #expect("\(FileError.system(operation: "read", path: "a", errno: EIO))" == "a: read failed: Input/output error")
    }

    @Test func aWriterShowsNothingBeforeItIsDone() throws {
        try withTemporaryFolder { folder throws in
            let path = Files.join(folder, "a")
            do {
                let writer = try AtomicFileWriter(path: path)
                try writer.write([1])
                #expect(!Files.exists(path))
                #expect(try Files.names(in: folder).count == 1)
            }
            #expect(try Files.names(in: folder) == [])

            let writer = try AtomicFileWriter(path: path)
            let other = try AtomicFileWriter(path: path)
            var expected: [UInt8] = []
            for piece in 0..<40 {
                let bytes = [UInt8](repeating: UInt8(piece), count: piece * 1000)
                expected += bytes
                try writer.write(bytes)
            }
            try writer.commit()
            #expect(try Files.read(path, limit: 1 << 20) == expected)
            #expect(throws: FileError.self) { try writer.write([1]) }
            writer.cancel()
            other.cancel()
            #expect(try Files.names(in: folder) == ["a"])
        }
    }

    @Test func foldersAreCreatedAndRemoved() throws {
        try withTemporaryFolder { folder throws in
            let deep = Files.join(folder, "x/y/z")
            #expect(throws: FileError.notFound(path: deep)) { try Files.createFolder(deep) }
            try Files.createFolders(deep)
            try Files.createFolders(deep)
            #expect(Files.kind(deep) == .folder)
            #expect(throws: FileError.alreadyExists(path: deep)) { try Files.createFolder(deep) }
            try Files.write([1], to: Files.join(deep, "f"))
            #expect(throws: FileError.alreadyExists(path: Files.join(deep, "f"))) {
                try Files.createFolders(Files.join(deep, "f"))
            }
            #expect(symlink("/usr", Files.join(deep, "link")) == 0)
            try Files.remove(Files.join(folder, "x"))
            #expect(!Files.exists(Files.join(folder, "x")))
            #expect(Files.kind("/usr") == .folder)
            try Files.remove(Files.join(folder, "x"))
        }
    }

    @Test(arguments: [
        ("a", ".", "a"), ("a/b", "a", "b"), ("/a", "/", "a"), ("/", "/", "/"), ("a//b/", "a", "b"), ("./a", ".", "a"),
        ("/a/b/c", "/a/b", "c"),
    ])
    func pathsAreTakenApart(path: String, folder: String, name: String) {
        #expect(Files.folder(of: path) == folder)
        #expect(Files.name(of: path) == name)
    }
}
