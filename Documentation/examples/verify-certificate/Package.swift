// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "verify-certificate",
    // In a package of your own: .package(url: "…", from: "…").
    dependencies: [.package(name: "lethe", path: "../../..")],
    targets: [
        .executableTarget(
            name: "verify-certificate", dependencies: [.product(name: "LetheVerifier", package: "lethe")])
    ])
