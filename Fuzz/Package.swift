// swift-tools-version: 6.1
import PackageDescription

// A package of its own, so that the main build stays small. Its sources are links to Lethe's: every room whose parsers read hostile
// bytes is compiled once more, with libFuzzer's coverage. Build it in release mode only: `Scripts/fuzz`.

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("InternalImportsByDefault"), .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("ExistentialAny"), .unsafeFlags(["-sanitize=fuzzer", "-parse-as-library"]),
]

func room(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

let package = Package(
    name: "lethe-fuzz",
    dependencies: [.package(url: "https://github.com/jpsim/Yams", from: "6.2.2")],
    targets: [
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto"),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib"),
        room("LetheBytes", ["CZlib"]),
        room("LetheCrypto", ["COpenSSL", "LetheBytes"]),
        room("LetheStatements", ["LetheCrypto", "LetheBytes"]),
        room("LetheLog", ["LetheCrypto", "LetheBytes"]),
        room("LetheCertificates", ["LetheLog", "LetheStatements", "LetheCrypto", "LetheBytes"]),
        room(
            "LetheRequests",
            ["LetheStatements", "LetheCrypto", "LetheBytes", .product(name: "Yams", package: "Yams")]),
        room("ModelFiles", ["LetheBytes"]),
        room("HTTPMessages", []),
        .executableTarget(
            name: "FuzzTarget",
            dependencies: [
                "LetheRequests", "LetheCertificates", "LetheLog", "LetheStatements", "LetheCrypto", "LetheBytes",
                "ModelFiles", "HTTPMessages",
            ], swiftSettings: settings, linkerSettings: [.unsafeFlags(["-sanitize=fuzzer"])]),
    ],
    swiftLanguageModes: [.v6]
)
