import Foundation

/// The recordings that come with the project.
enum SampleFile {
    /// The bytes of `Samples/<name>` at the repository's root.
    static func bytes(_ name: String, file: String = #filePath) throws -> [UInt8] {
        let root = URL(filePath: file).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        return Array(try Data(contentsOf: root.appending(path: "Samples/\(name)")))
    }
}
