// swift-tools-version: 6.1
import PackageDescription

let cache = "audio-stream-cache"

// Built by Scripts/fuzz.sh, with the toolchain's libFuzzer.
let package = Package(
    name: "fuzz",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: cache, path: ".."),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    ],
    targets: [
        .target(name: "CLibFuzzer", path: "CLibFuzzer"),
        .executableTarget(
            name: "fuzz",
            dependencies: [
                "CLibFuzzer",
                .product(name: "CacheProtocol", package: cache),
                .product(name: "GatewayServer", package: cache),
                .product(name: "Wire", package: cache),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            path: ".",
            exclude: ["CLibFuzzer", "Corpus", "Replay", "README.md"],
            sources: ["Properties", "Driver"]
        ),
    ]
)

for target in package.targets where target.name != "CLibFuzzer" {
    target.swiftSettings = [
        .swiftLanguageMode(.v6),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
    ]
}
