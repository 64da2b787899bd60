// swift-tools-version: 6.1
import PackageDescription

// The package of the cache, and what the benchmarks use of others.
let cache = "audio-stream-cache"
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let benchmark = Target.Dependency.product(name: "Benchmark", package: "benchmark")
let plugin = Target.PluginUsage.plugin(name: "BenchmarkPlugin", package: "benchmark")

let package = Package(
    name: "benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: cache, path: ".."),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        // Without its traits it needs no interposers of malloc and the runtime. Allocations are counted by the tests.
        .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
    ],
    targets: [
        // What all of them share: megabytes a second and operations a second as metrics.
        .target(name: "BenchmarkSupport", dependencies: [benchmark], path: "Support"),
        .executableTarget(
            name: "WireBenchmarks",
            dependencies: ["BenchmarkSupport", benchmark, nioCore, .product(name: "Wire", package: cache)],
            path: "Benchmarks/WireBenchmarks",
            plugins: [plugin]
        ),
        .executableTarget(
            name: "StorageBenchmarks",
            dependencies: [
                "BenchmarkSupport", benchmark, nioCore,
                .product(name: "Backends", package: cache),
                .product(name: "CacheProtocol", package: cache),
                .product(name: "FileStorage", package: cache),
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Benchmarks/StorageBenchmarks",
            plugins: [plugin]
        ),
    ]
)

for target in package.targets {
    target.swiftSettings = [
        .swiftLanguageMode(.v6),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
    ]
}
