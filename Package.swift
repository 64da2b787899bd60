// swift-tools-version: 6.2
import PackageDescription

// The products of other packages, by short names.
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let structuredFields = Target.Dependency.product(
    name: "RawStructuredFieldValues",
    package: "swift-http-structured-headers"
)
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let metrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioExtras = Target.Dependency.product(name: "NIOExtras", package: "swift-nio-extras")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioHTTPTypes = Target.Dependency.product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let nioHTTPTypesHTTP1 = Target.Dependency.product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let swiftASN1 = Target.Dependency.product(name: "SwiftASN1", package: "swift-asn1")
let x509 = Target.Dependency.product(name: "X509", package: "swift-certificates")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")

let package = Package(
    name: "audio-stream-cache",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "CacheProtocol", targets: ["CacheProtocol"]),
        .library(name: "Backends", targets: ["MmapBackend", "MemoryPoolBackend", "SQLiteBackend"]),
        .library(name: "S3Backend", targets: ["S3Backend"]),
        .library(name: "TieredBackend", targets: ["TieredBackend"]),
        .library(name: "BackendTestKit", targets: ["BackendTestKit"]),
        .library(name: "GatewayServer", targets: ["GatewayServer"]),
        .library(name: "AudioClient", targets: ["AudioClient"]),
        // For the benchmarks, which are a package of their own; no promise is made about their interfaces.
        .library(name: "FileStorage", targets: ["FileStorage"]),
        .library(name: "Wire", targets: ["Wire"]),
        .executable(name: "gateway", targets: ["gateway"]),
        .executable(name: "audio-client", targets: ["audio-client"]),
        .executable(name: "cache-inspect", targets: ["cache-inspect"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-structured-headers", from: "1.7.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // The contract, and the words everyone uses.
        .target(name: "CacheProtocol", dependencies: [nioCore]),

        // Backends: each knows the contract, and the files where it has any.
        .target(name: "CFileCalls", path: "Sources/Backends/CFileCalls"),
        .target(
            name: "FileStorage",
            dependencies: ["CacheProtocol", "CFileCalls", deque, nioCore, nioPosix, crypto, logging],
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
        // Streams in an S3-compatible store, and a fast backend in front of a durable one.
        .target(
            name: "S3Backend",
            dependencies: ["CacheProtocol", asyncHTTPClient, nioCore, nioHTTP1, nioPosix, crypto, logging],
            path: "Sources/Backends/S3"
        ),
        .target(
            name: "TieredBackend",
            dependencies: ["CacheProtocol", nioCore, crypto, logging, grdb],
            path: "Sources/Backends/Tiered"
        ),
        .target(name: "BackendTestKit", dependencies: ["CacheProtocol", nioCore, crypto]),

        // The gateway: Wire is pure values, Server has the sockets, Command knows the backends.
        .target(name: "Wire", dependencies: [crypto, nioCore, nioHTTP1], path: "Sources/Gateway/Wire"),
        .target(
            name: "GatewayServer",
            dependencies: [
                "CacheProtocol", "Wire", crypto, deque, httpTypes, hummingbird, hummingbirdCore, lifecycle, logging,
                metrics,
                nioCore, nioExtras, nioHTTP1, nioHTTPTypes, nioHTTPTypesHTTP1, nioPosix, nioSSL, structuredFields,
            ],
            path: "Sources/Gateway/Server",
            // In the executable itself, so that it can be moved.
            resources: [.embedInCode("Dashboard/Resources")]
        ),
        .executableTarget(
            name: "gateway",
            dependencies: [
                "CacheProtocol", "GatewayServer", "FileStorage", "MmapBackend", "MemoryPoolBackend", "S3Backend",
                "SQLiteBackend", "TieredBackend", arguments, lifecycle, logging, nioCore, nioHTTP1, nioPosix,
                nioSSL, unixSignals,
            ],
            path: "Sources/Gateway/Command"
        ),

        // Tools. What their commands share is how they are interrupted.
        .target(name: "Interruption", dependencies: [unixSignals], path: "Sources/Tools/Interruption"),
        .target(
            name: "AudioClient",
            dependencies: ["Wire", nioCore, nioPosix, nioHTTP1, nioSSL, nioTLS, crypto, logging, deque],
            path: "Sources/Tools/AudioClient"
        ),
        .executableTarget(
            name: "audio-client",
            dependencies: [
                "AudioClient", "CacheProtocol", "FileStorage", "GatewayServer", "Interruption", "MmapBackend", "Wire",
                arguments, logging, nioCore, nioPosix,
            ],
            path: "Sources/Tools/AudioClientCommand"
        ),
        .target(
            name: "CacheInspect",
            dependencies: [
                "CacheProtocol", "SQLiteBackend", "FileStorage", "S3Backend", "TieredBackend", nioCore, crypto, logging,
            ],
            path: "Sources/Tools/CacheInspect"
        ),
        .executableTarget(
            name: "cache-inspect",
            dependencies: ["CacheInspect", "CacheProtocol", "Interruption", arguments],
            path: "Sources/Tools/CacheInspectCommand"
        ),

        // Tests: one folder a target, and what they share.
        .target(name: "TestSupport", dependencies: ["CacheProtocol", nioCore], path: "Tests/Support"),
        .target(
            name: "FileBackendSupport",
            dependencies: ["BackendTestKit", "CacheProtocol", "FileStorage", "TestSupport", crypto, logging, nioCore],
            path: "Tests/FileBackendSupport"
        ),
        .target(
            name: "ObjectStoreSupport",
            dependencies: [crypto, nioCore, nioHTTP1, nioPosix],
            path: "Tests/ObjectStoreSupport"
        ),
        .testTarget(
            name: "S3BackendTests",
            dependencies: [
                "S3Backend", "BackendTestKit", "CacheProtocol", "ObjectStoreSupport", "TestSupport", crypto, logging,
                nioCore,
            ]
        ),
        .testTarget(
            name: "TieredBackendTests",
            dependencies: [
                "TieredBackend", "S3Backend", "MmapBackend", "SQLiteBackend", "FileStorage", "FileBackendSupport",
                "BackendTestKit",
                "CacheProtocol", "ObjectStoreSupport", "TestSupport", crypto, logging, nioCore,
            ]
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
                "AudioClient", "TestSupport", httpTypes, hummingbird, nioCore, nioPosix, nioHTTP1, nioSSL, nioEmbedded,
                logging, crypto, metrics, swiftASN1, x509,
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
            dependencies: ["AudioClient", "Wire", "TestSupport", nioCore, nioPosix, nioEmbedded, nioHTTP1, logging]
        ),
        // What the hot path may allocate, counted by a malloc of the test program's own.
        .target(name: "AllocationCounter", path: "Tests/AllocationCounter"),
        .testTarget(
            name: "AllocationTests",
            dependencies: [
                "AllocationCounter", "CacheProtocol", "FileStorage", "GatewayServer", "MemoryPoolBackend",
                "MmapBackend", "TestSupport", "Wire", logging, nioCore, nioEmbedded, nioPosix,
            ]
        ),
        // What the fuzzer has begun with and found, replayed; the fuzzer itself is a package of its own.
        .testTarget(
            name: "FuzzReplayTests",
            dependencies: ["CacheProtocol", "GatewayServer", "TestSupport", "Wire", nioCore, nioHTTP1],
            path: "Fuzz",
            exclude: ["CLibFuzzer", "Corpus", "Driver", "Package.swift", "README.md"],
            sources: ["Properties", "Replay"]
        ),
        // The peers that the Autobahn testsuite talks to: an echo server and an echo client over our framing.
        .executableTarget(
            name: "conformance-peer",
            dependencies: ["AudioClient", "Wire", nioCore, nioHTTP1, nioPosix],
            path: "Tests/ConformancePeer"
        ),
        .testTarget(
            name: "CacheInspectTests",
            dependencies: [
                "CacheInspect", "SQLiteBackend", "S3Backend", "TieredBackend", "FileStorage", "FileBackendSupport",
                "CacheProtocol", "ObjectStoreSupport", "TestSupport", logging, nioCore,
            ]
        ),
    ]
)

// Documentation is made by a plugin that whoever only uses or builds the package has no need of: Scripts/docs.sh.
if Context.environment["AUDIO_STREAM_CACHE_DOCS"] != nil {
    package.dependencies.append(.package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"))
}

for target in package.targets where target.type != .system && target.type != .plugin {
    guard target.name != "CFileCalls", target.name != "AllocationCounter" else { continue }
    target.swiftSettings = [
        .swiftLanguageMode(.v6),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InferIsolatedConformances"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .treatAllWarnings(as: .error),
    ]
    // The compiler says of stat(2) and its kin that they are of whichever module of C included their headers first:
    // here one of NIO's, which cannot be imported.
    if target.name != "gateway" {
        target.swiftSettings?.append(.enableUpcomingFeature("MemberImportVisibility"))
    }
}
