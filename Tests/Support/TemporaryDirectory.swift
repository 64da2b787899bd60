#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif
#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// An empty directory of one test, removed with everything in it when the last reference to it goes.
public final class TemporaryDirectory: Sendable {
    /// The directory's absolute path.
    public let path: String

    /// Makes the directory (mkdtemp(3)).
    ///
    /// - Throws: ``Failure`` where that is not possible.
    public init() throws {
        let parent = FileManager.default.temporaryDirectory.path
        var template = Array(
            "\(parent.hasSuffix("/") ? String(parent.dropLast()) : parent)/audio-cache-XXXXXX".utf8CString
        )
        let path = template.withUnsafeMutableBufferPointer { template -> String? in
            guard let start = template.baseAddress, let made = mkdtemp(start) else { return nil }
            return String(cString: made)
        }
        guard let path else {
            throw Failure(description: "no temporary directory: \(String(cString: strerror(errno)))")
        }
        self.path = path
    }

    deinit { try? FileManager.default.removeItem(atPath: self.path) }

    /// The path of a file in the directory.
    ///
    /// - Parameter name: The file's name, or a path relative to the directory.
    /// - Returns: The absolute path.
    public func file(_ name: String) -> String { "\(self.path)/\(name)" }

    /// The names of what is in the directory, sorted.
    public var contents: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: self.path)) ?? []).sorted() }

    /// The directory could not be made.
    public struct Failure: Error, CustomStringConvertible {
        /// Why.
        public let description: String
    }
}
