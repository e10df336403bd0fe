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
let mustache = Target.Dependency.product(name: "Mustache", package: "swift-mustache")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let hummingbirdTLS = Target.Dependency.product(name: "HummingbirdTLS", package: "hummingbird")
let hummingbirdTesting = Target.Dependency.product(name: "HummingbirdTesting", package: "hummingbird")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

/// A library target of one room; `Documentation/design/rooms.md` says what lives in each.
func room(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
    .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: strict)
}

/// The tests of one room, in `Tests/<room>Tests`.
func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: strict)
}

/// What the pages are made of; every file is embedded into the program.
let pageFiles: [Resource] =
    [
        "act", "benchmark", "certificate", "certificates", "check", "checker", "checkpoint", "checkpoints", "desk",
        "deskRequest", "entry", "error", "facts", "figures", "follow", "home", "layout", "log", "login", "mark",
        "proof", "report", "reports", "request", "requestSent",
        "result", "run", "runs", "statistics", "status", "table",
    ].map { .embedInCode("Templates/\($0).mustache") }
    + [
        "lethe.css", "lethe.svg", "page-check.mjs", "page-files.mjs", "page-request.mjs", "page-run.mjs", "request.mjs",
        "verify.mjs",
    ].map { .embedInCode("Assets/\($0)") }

let package = Package(
    name: "lethe",
    products: [
        .executable(name: "lethe", targets: ["lethe"]),
        .executable(name: "lethe-server", targets: ["lethe-server"]),
        .library(name: "LetheVerifier", targets: ["LetheCertificates"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
        // The server's alone: `swift build --product lethe` compiles none of them.
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
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
        room("LethePages", ["LetheReports", "LetheBytes", mustache], resources: pageFiles),

        // Edge
        room("LetheListener", []),
        room("LetheMachine", ["LetheService", "LetheStatements", "LetheCrypto", "LetheBytes", "CCurl"]),
        room(
            "LetheServer",
            [
                "LetheService", "LethePages", "LetheReports", "LetheCertificates", "LetheRequests", "LetheLog",
                "LetheStatements",
                "LetheCrypto", "LetheStore", "LetheBytes", hummingbird, hummingbirdCore, hummingbirdTLS, httpTypes,
                logging, nioCore,
                nioHTTP1, nioPosix,
                nioSSL, lifecycle, signals,
            ]),
        .executableTarget(
            name: "lethe-server",
            dependencies: [
                "LetheServer", "LetheService", "LetheMachine", "LetheRequests", "LetheStatements", "LetheCrypto",
                "LetheBytes", argumentParser, logging, lifecycle,
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "lethe",
            dependencies: [
                "LetheService", "LetheCertificates", "LetheRequests", "LetheLog", "LetheStatements", "LetheCrypto",
                "LetheStore", "LetheBytes", "LetheListener", "LetheMachine", argumentParser,
            ],
            swiftSettings: strict),

        // Tests
        tests("LetheBytesTests", ["LetheBytes"]),
        tests("LetheCryptoTests", ["LetheCrypto", "LetheBytes"], exclude: ["Vectors"]),
        tests("LetheStatementsTests", ["LetheStatements", "LetheCrypto", "LetheBytes"]),
        tests("LetheLogTests", ["LetheLog", "LetheCrypto", "LetheBytes"], exclude: ["Vectors"]),
        tests(
            "LetheCertificatesTests", ["LetheCertificates", "LetheLog", "LetheStatements", "LetheCrypto", "LetheBytes"]),
        tests(
            "LetheRequestsTests", ["LetheRequests", "LetheStatements", "LetheCrypto", "LetheBytes", yams],
            exclude: ["Fixtures"]),
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
        tests("LetheReportsTests", ["LetheReports", "LetheBytes"]),
        tests("LethePagesTests", ["LethePages", "LetheReports"], exclude: ["Browser", "Snapshots"]),
        tests(
            "BrowserTests",
            [
                "lethe", "lethe-server", "LetheServer", "LetheService", "LetheStore", "LetheRecommendation",
                "LethePages",
                "LetheCertificates", "LetheRequests", "LetheStatements", "LetheCrypto", "LetheBytes", httpTypes,
                logging,
            ]),
        tests("LetheListenerTests", ["LetheListener"]),
        tests(
            "LetheServerTests",
            [
                "LetheServer", "lethe-server", "LetheService", "LetheMachine", "LetheStore", "LetheRequests",
                "LetheCertificates", "LetheLog", "LetheStatements", "LetheCrypto", "LetheBytes", "LetheRecommendation",
                hummingbird, hummingbirdTesting, httpTypes, logging,
            ]),
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
