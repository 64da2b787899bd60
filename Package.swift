// swift-tools-version: 6.2
import PackageDescription

// The products of other packages, by short names.
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let metrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioHTTPTypes = Target.Dependency.product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let nioHTTPTypesHTTP1 = Target.Dependency.product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")

let package = Package(
    name: "audio-stream-cache",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "CacheProtocol", targets: ["CacheProtocol"]),
        .library(name: "Backends", targets: ["MmapBackend", "MemoryPoolBackend", "SQLiteBackend"]),
        .library(name: "BackendTestKit", targets: ["BackendTestKit"]),
        .library(name: "GatewayServer", targets: ["GatewayServer"]),
        .library(name: "AudioClient", targets: ["AudioClient"]),
        .executable(name: "gateway", targets: ["gateway"]),
        .executable(name: "audio-client", targets: ["audio-client"]),
        .executable(name: "cache-inspect", targets: ["cache-inspect"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // The contract, and the words everyone uses.
        .target(name: "CacheProtocol", dependencies: [nioCore]),

        // Backends: each knows the contract, and the files where it has any.
        .target(name: "CFileCalls", path: "Sources/Backends/CFileCalls"),
        .target(
            name: "FileStorage",
            dependencies: ["CacheProtocol", "CFileCalls", nioCore, nioPosix, crypto, logging],
            path: "Sources/Backends/Files"
        ),
        .target(
            name: "MmapBackend",
            dependencies: ["CacheProtocol", "FileStorage", nioCore, logging],
            path: "Sources/Backends/Mmap"
        ),
        .target(
            name: "MemoryPoolBackend",
            dependencies: ["CacheProtocol", nioCore, nioPosix, crypto, logging],
            path: "Sources/Backends/MemoryPool"
        ),
        .target(
            name: "SQLiteBackend",
            dependencies: ["CacheProtocol", "FileStorage", nioCore, logging, grdb],
            path: "Sources/Backends/SQLiteIndexed"
        ),
        .target(name: "BackendTestKit", dependencies: ["CacheProtocol", nioCore, crypto]),

        // The gateway: Wire is pure values, Server has the sockets, Command knows the backends.
        .target(name: "Wire", dependencies: [crypto, nioCore, nioHTTP1], path: "Sources/Gateway/Wire"),
        .target(
            name: "GatewayServer",
            dependencies: [
                "CacheProtocol", "Wire", deque, httpTypes, hummingbird, hummingbirdCore, lifecycle, logging, metrics,
                nioCore, nioHTTP1, nioHTTPTypes, nioHTTPTypesHTTP1, nioPosix,
            ],
            path: "Sources/Gateway/Server"
        ),
        .executableTarget(
            name: "gateway",
            dependencies: [
                "CacheProtocol", "GatewayServer", "FileStorage", "MmapBackend", "MemoryPoolBackend", "SQLiteBackend",
                arguments, lifecycle, logging, nioCore, nioHTTP1, nioPosix, unixSignals,
            ],
            path: "Sources/Gateway/Command"
        ),

        // Tools.
        .target(
            name: "AudioClient",
            dependencies: ["Wire", nioCore, nioPosix, nioHTTP1, crypto, logging, deque],
            path: "Sources/Tools/AudioClient"
        ),
        .executableTarget(
            name: "audio-client",
            dependencies: [
                "AudioClient", "CacheProtocol", "FileStorage", "GatewayServer", "MmapBackend", "Wire", arguments,
                logging,
                nioCore, nioPosix,
            ],
            path: "Sources/Tools/AudioClientCommand"
        ),
        .target(
            name: "CacheInspect",
            dependencies: ["CacheProtocol", "SQLiteBackend", "FileStorage", nioCore, crypto, logging],
            path: "Sources/Tools/CacheInspect"
        ),
        .executableTarget(
            name: "cache-inspect",
            dependencies: ["CacheInspect", "CacheProtocol", arguments],
            path: "Sources/Tools/CacheInspectCommand"
        ),

        // Tests: one folder a target, and what they share.
        .target(name: "TestSupport", dependencies: ["CacheProtocol", nioCore], path: "Tests/Support"),
        .target(
            name: "FileBackendSupport",
            dependencies: ["BackendTestKit", "CacheProtocol", "FileStorage", "TestSupport", logging, nioCore],
            path: "Tests/FileBackendSupport"
        ),
        .testTarget(name: "CacheProtocolTests", dependencies: ["CacheProtocol", "TestSupport", nioCore]),
        .testTarget(name: "WireTests", dependencies: ["Wire", "TestSupport", nioCore, nioHTTP1]),
        .testTarget(
            name: "MmapBackendTests",
            dependencies: [
                "MmapBackend", "FileBackendSupport", "FileStorage", "BackendTestKit", "CacheProtocol", "TestSupport",
                crypto, logging, nioCore,
            ]
        ),
        .testTarget(
            name: "MemoryPoolBackendTests",
            dependencies: ["MemoryPoolBackend", "BackendTestKit", "CacheProtocol", "TestSupport", nioCore, crypto]
        ),
        .testTarget(
            name: "SQLiteBackendTests",
            dependencies: [
                "SQLiteBackend", "FileBackendSupport", "FileStorage", "BackendTestKit", "CacheProtocol", "TestSupport",
                grdb, logging, nioCore,
            ]
        ),
        .testTarget(
            name: "BackendTestKitTests",
            dependencies: ["BackendTestKit", "CacheProtocol", "TestSupport", crypto, nioCore]
        ),
        .testTarget(
            name: "GatewayServerTests",
            dependencies: [
                "GatewayServer", "MmapBackend", "MemoryPoolBackend", "FileStorage", "CacheProtocol", "Wire",
                "AudioClient", "TestSupport",
                nioCore, nioPosix, nioHTTP1, nioEmbedded, logging, crypto, metrics,
            ]
        ),
        .testTarget(
            name: "GatewayCommandTests",
            dependencies: [
                "gateway", "GatewayServer", "CacheProtocol", "TestSupport", logging, nioCore, nioHTTP1, nioPosix,
            ]
        ),
        .testTarget(
            name: "AudioClientTests",
            dependencies: ["AudioClient", "Wire", "TestSupport", nioCore, nioPosix, nioHTTP1, logging]
        ),
        // The peers that the Autobahn testsuite talks to: an echo server and an echo client over our framing.
        .executableTarget(
            name: "conformance-peer",
            dependencies: ["AudioClient", "Wire", nioCore, nioHTTP1, nioPosix],
            path: "Tests/ConformancePeer"
        ),
        .testTarget(
            name: "CacheInspectTests",
            dependencies: ["CacheInspect", "SQLiteBackend", "CacheProtocol", "TestSupport"]
        ),
    ]
)

// Documentation is made by a plugin that whoever only uses or builds the package has no need of: Scripts/docs.sh.
if Context.environment["AUDIO_STREAM_CACHE_DOCS"] != nil {
    package.dependencies.append(.package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"))
}

for target in package.targets where target.type != .system && target.type != .plugin {
    guard target.name != "CFileCalls" else { continue }
    target.swiftSettings = [
        .swiftLanguageMode(.v6),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InferIsolatedConformances"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .treatAllWarnings(as: .error),
    ]
}
