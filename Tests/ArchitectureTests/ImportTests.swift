import Testing

/// Rooms import in one direction only; `Documentation/design/rooms.md` explains the table.
struct ImportTests {
    private static let trust: Set<String> = [
        "LetheBytes", "LetheCrypto", "LetheStatements", "LetheLog", "LetheCertificates", "LetheRequests",
    ]
    private static let learn: Set<String> = [
        "LetheTensor", "LetheTransformer", "LetheRecommendation", "LetheUnlearning",
    ]

    /// What each room may import of this project and of others; Foundation and the C library are open to all.
    private static let allowed: [String: Set<String>] = [
        "LetheBytes": ["CZlib"],
        "LetheCrypto": ["COpenSSL", "LetheBytes"],
        "LetheStatements": ["LetheCrypto", "LetheBytes"],
        "LetheLog": ["LetheCrypto", "LetheBytes"],
        "LetheCertificates": ["LetheLog", "LetheStatements", "LetheCrypto", "LetheBytes"],
        "LetheRequests": ["LetheStatements", "LetheCrypto", "LetheBytes", "Yams"],
        "LetheTensor": ["COpenBLAS", "CKernels"],
        "LetheTransformer": ["LetheTensor", "LetheBytes", "CSentencePiece"],
        "LetheRecommendation": ["LetheTransformer", "LetheTensor", "LetheBytes"],
        "LetheUnlearning": ["LetheRecommendation", "LetheTransformer", "LetheTensor", "LetheCrypto", "LetheBytes"],
        "LetheVerification": ["LetheTensor"],
        "LetheStore": trust.union(["GRDB", "GRDBSQLite"]),
        "LetheService": trust.union(learn).union(["LetheVerification", "LetheStore", "LetheReports"]),
        "LetheReports": ["LetheBytes"],
        "LethePages": ["LetheReports", "LetheBytes", "Mustache"],
        "LetheListener": [],
        "LetheMachine": ["LetheService", "LetheStatements", "LetheCrypto", "LetheBytes", "CCurl"],
        "LetheServer": trust.union([
            "LetheService", "LetheReports", "LetheStore", "Hummingbird", "HummingbirdCore", "HummingbirdTLS",
            "HTTPTypes", "Logging",
            "NIOCore", "NIOHTTP1", "NIOPosix", "NIOSSL", "ServiceLifecycle", "UnixSignals",
        ]),
        "lethe-server": trust.union([
            "LetheServer", "LetheService", "LetheMachine", "ArgumentParser", "Logging", "ServiceLifecycle",
        ]),
        "lethe": trust.union([
            "LetheService", "LetheReports", "LetheListener", "LetheMachine", "ArgumentParser",
        ]),
    ]
    private static let openToAll: Set<String> = [
        "Foundation", "FoundationEssentials", "Glibc", "Musl", "Darwin", "Synchronization", "Dispatch",
    ]

    @Test func everyRoomIsInTheTable() {
        let rooms = Set(SourceTree.files.map(\.room))
        #expect(rooms == Set(Self.allowed.keys))
    }

    @Test(arguments: SourceTree.files)
    func aFileImportsOnlyWhatItsRoomMay(file: SourceTree.File) {
        let allowed = Self.allowed[file.room, default: []].union(Self.openToAll)
        for module in file.imports {
            #expect(allowed.contains(module), "\(file.path) imports \(module)")
        }
    }

    @Test func theJudgeNeverImportsWhatItJudges() {
        for file in SourceTree.files where file.room == "LetheVerification" {
            #expect(!file.imports.contains("LetheUnlearning"))
            #expect(!file.imports.contains("LetheRecommendation"))
        }
    }
}
