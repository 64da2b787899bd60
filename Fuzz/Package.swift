// swift-tools-version: 6.1
import PackageDescription

let cache = "audio-stream-cache"

// What reads bytes from the network is in modules that are built in a third of the time: enough for a short run.
let isWireOnly = Context.environment["FUZZ_WIRE_ONLY"] != nil
let server: [Target.Dependency] = isWireOnly ? [] : [.product(name: "GatewayServer", package: cache)]
let serverProperties = ["Properties/ConfigProperty.swift", "Properties/RangeProperty.swift"]

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
                .product(name: "Wire", package: cache),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ] + server,
            path: ".",
            exclude: ["CLibFuzzer", "Corpus", "Replay", "README.md"] + (isWireOnly ? serverProperties : []),
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
    if isWireOnly { target.swiftSettings?.append(.define("WIRE_ONLY")) }
}
