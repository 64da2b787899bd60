// swift-tools-version: 6.2
import PackageDescription

let cache = "audio-stream-cache"

let package = Package(
    name: "toy-backend",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: cache, path: "../.."),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    ],
    targets: [
        // The backend knows the contract and nothing else of the system.
        .target(
            name: "DictionaryBackend",
            dependencies: [
                .product(name: "CacheProtocol", package: cache), .product(name: "NIOCore", package: "swift-nio"),
            ]
        ),
        .testTarget(
            name: "DictionaryBackendTests",
            dependencies: [
                "DictionaryBackend", .product(name: "BackendTestKit", package: cache),
                .product(name: "CacheProtocol", package: cache), .product(name: "NIOCore", package: "swift-nio"),
            ]
        ),
    ]
)
