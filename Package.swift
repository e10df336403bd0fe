// swift-tools-version: 6.1
import PackageDescription

/// Every target is compiled in Swift 6 mode with these features; warnings are errors in `Scripts/test`.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("ExistentialAny"),
]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let sqlite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

/// A library target of one room; `Documentation/design/rooms.md` says what lives in each.
func room(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
    .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: strict)
}

/// The tests of one room, in `Tests/<room>Tests`.
func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: strict)
}

let package = Package(
    name: "lethe",
    products: [
        .executable(name: "lethe", targets: ["lethe"]),
        .library(name: "LetheVerifier", targets: ["LetheCertificates"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // C: module maps, thin shims, and the elementwise kernels that need run-time dispatch.
        .systemLibrary(
            name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(
            name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
        .systemLibrary(
            name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .target(
            name: "CSentencePiece",
            linkerSettings: [.linkedLibrary("sentencepiece"), .linkedLibrary("sentencepiece_train")]),
        .target(name: "CKernels"),
        .target(name: "CCurl"),

        // Ground
        room("LetheBytes", ["CZlib"]),

        // Trust
        room("LetheCrypto", ["COpenSSL", "LetheBytes"]),
        room("LetheStatements", ["LetheCrypto", "LetheBytes"]),
        room("LetheLog", ["LetheCrypto", "LetheBytes"]),
        room("LetheCertificates", ["LetheLog", "LetheStatements", "LetheCrypto", "LetheBytes"]),
        room("LetheRequests", ["LetheStatements", "LetheCrypto", "LetheBytes", yams]),

        // Learn
        room("LetheTensor", ["COpenBLAS", "CKernels"]),
        room("LetheTransformer", ["LetheTensor", "LetheBytes", "CSentencePiece"]),
        room("LetheRecommendation", ["LetheTransformer", "LetheTensor", "LetheBytes"]),
        room(
            "LetheUnlearning",
            ["LetheRecommendation", "LetheTransformer", "LetheTensor", "LetheCrypto", "LetheBytes"]),

        // Judge
        room("LetheVerification", ["LetheTensor"]),

        // Store
        room(
            "LetheStore",
            [
                "LetheRequests", "LetheCertificates", "LetheLog", "LetheStatements", "LetheCrypto", "LetheBytes", grdb,
                sqlite,
            ]),

        // Application
        room(
            "LetheService",
            [
                "LetheStore", "LetheRequests", "LetheCertificates", "LetheLog", "LetheStatements", "LetheCrypto",
                "LetheBytes",
                "LetheReports", "LetheVerification", "LetheUnlearning", "LetheRecommendation",
                "LetheTransformer", "LetheTensor",
            ],
            resources: [
                .embedInCode("Policies/demo.yaml"), .embedInCode("Policies/ml-1m.yaml"),
                .embedInCode("Policies/goodreads.yaml"),
                .embedInCode("Policies/benchmark-early-stopped.yaml"),
                .embedInCode("Policies/benchmark-memorising.yaml"),
                .embedInCode("Bundle/verify.sh"),
            ]),
        room("LetheReports", ["LetheBytes"]),

        // Edge
        room("LetheListener", []),
        .executableTarget(
            name: "lethe",
            dependencies: [
                "LetheService", "LetheCertificates", "LetheRequests", "LetheLog", "LetheStatements", "LetheCrypto",
                "LetheStore", "LetheBytes", "LetheListener", "CCurl",
                argumentParser,
            ],
            swiftSettings: strict),

        // Tests
        tests("LetheBytesTests", ["LetheBytes"]),
        tests("LetheCryptoTests", ["LetheCrypto", "LetheBytes"], exclude: ["Vectors"]),
        tests("LetheStatementsTests", ["LetheStatements", "LetheCrypto", "LetheBytes"]),
        tests("LetheLogTests", ["LetheLog", "LetheCrypto", "LetheBytes"], exclude: ["Vectors"]),
        tests(
            "LetheCertificatesTests", ["LetheCertificates", "LetheLog", "LetheStatements", "LetheCrypto", "LetheBytes"]),
        tests("LetheRequestsTests", ["LetheRequests", "LetheStatements", "LetheCrypto", "LetheBytes", yams]),
        tests("LetheTensorTests", ["LetheTensor"]),
        tests("LetheTransformerTests", ["LetheTransformer", "LetheTensor", "LetheBytes"], exclude: ["Fixtures"]),
        tests("LetheRecommendationTests", ["LetheRecommendation", "LetheTransformer", "LetheTensor", "LetheBytes"]),
        tests(
            "LetheUnlearningTests",
            ["LetheUnlearning", "LetheRecommendation", "LetheTransformer", "LetheTensor", "LetheCrypto", "LetheBytes"]),
        tests(
            "LetheVerificationTests", ["LetheVerification", "LetheTensor", "LetheBytes"], exclude: ["Fixtures"]),
        tests(
            "LetheStoreTests",
            ["LetheStore", "LetheRequests", "LetheLog", "LetheStatements", "LetheCrypto", "LetheBytes", grdb]),
        tests(
            "LetheServiceTests",
            [
                "LetheService", "LetheStore", "LetheRequests", "LetheCertificates", "LetheLog", "LetheStatements",
                "LetheCrypto", "LetheBytes", "LetheReports", "LetheVerification", "LetheUnlearning",
                "LetheRecommendation",
                "LetheTransformer", grdb,
            ]),
        tests("LetheReportsTests", ["LetheReports", "LetheBytes"], exclude: ["Snapshots"]),
        tests("LetheListenerTests", ["LetheListener"]),
        tests("ArchitectureTests", []),
        tests(
            "FaultTests",
            ["lethe", "LetheRecommendation", "LetheRequests", "LetheStatements", "LetheCrypto", "LetheBytes"],
            exclude: ["Shim"]),
        tests(
            "EndToEndTests",
            [
                "lethe", "LetheRecommendation", "LetheTransformer", "LetheTensor", "LetheListener", "LetheLog",
                "LetheCrypto", "LetheBytes", grdb,
            ],
            exclude: ["Shim"]),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx17
)
