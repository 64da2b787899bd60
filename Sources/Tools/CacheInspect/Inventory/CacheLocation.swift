import CacheProtocol
import SQLiteBackend

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Where a cache is, and what its configuration says about it.
public struct CacheLocation: Hashable, Sendable {
    /// The configuration that is taken where nobody names anything, if it is there.
    public static let defaultConfig = "Configs/sqlite.json"
    /// The directory that is taken where there is none.
    public static let defaultDirectory = "cache"

    /// The directory with the streams' files.
    public var directory: String
    /// The index, or `nil` for a directory that has none.
    public var index: String?
    /// The most bytes that the streams may have together, by the configuration.
    public var maximumBytes: Int64?
    /// How much of the file system is to stay free, by the configuration.
    public var minimumFreeBytes: Int64?

    /// Finds a cache.
    ///
    /// - Parameters:
    ///   - database: The index's path, where somebody named it.
    ///   - config: A gateway's configuration, where somebody named it.
    ///   - directory: The cache directory, where somebody named it.
    /// - Throws: ``InspectError`` with code `noIndex`, `usage` or `configuration`.
    public init(database: String? = nil, config: String? = nil, directory: String? = nil) throws(InspectError) {
        guard [database, config, directory].compactMap({ $0 }).count <= 1 else {
            throw InspectError(.usage, "Only one of --db, --config and --directory can be given.")
        }
        if let database {
            guard FileManager.default.fileExists(atPath: database) else { throw Self.noIndex(database) }
            let slash = database.lastIndex(of: "/")
            self.directory = slash.map { $0 == database.startIndex ? "/" : String(database[..<$0]) } ?? "."
            self.index = database
            return
        }
        let isDefaultThere = directory == nil && FileManager.default.fileExists(atPath: Self.defaultConfig)
        guard let config = config ?? (isDefaultThere ? Self.defaultConfig : nil) else {
            self.directory = directory ?? Self.defaultDirectory
            self.index = Self.index(inDirectory: self.directory)
            return
        }
        let backend = try ConfigDocument.read(config).files
        guard let directory = backend.directory ?? backend.defaultDirectory else {
            throw InspectError(
                .noIndex,
                "\(config): backend.type \"\(backend.type)\" keeps no files, so there is nothing to look at.",
                remedy:
                    "Name the configuration of a gateway with the backend \"sqlite\" or \"mmap\", or with one as hot "
                    + "tier. Streams in an object store are verified by: cache-inspect verify --tier cold."
            )
        }
        self.directory = directory
        self.index = Self.index(inDirectory: directory)
        if backend.type == "sqlite", self.index == nil {
            throw Self.noIndex(StreamIndex.path(inDirectory: directory))
        }
        self.maximumBytes = backend.maxBytes
        self.minimumFreeBytes = backend.minFreeBytes
    }

    /// The index of a directory, where it has one.
    private static func index(inDirectory directory: String) -> String? {
        let index = StreamIndex.path(inDirectory: directory)
        return FileManager.default.fileExists(atPath: index) ? index : nil
    }

    private static func noIndex(_ path: String) -> InspectError {
        InspectError(
            .noIndex,
            "There is no index \(path).",
            remedy: "Start a gateway with the sqlite backend on that directory, or name another by --db, --config or "
                + "--directory. Relative paths begin at the working directory."
        )
    }
}

/// The few keys of a gateway's configuration that tell where its cache is; the gateway reads them all.
private struct ConfigDocument: Decodable {
    struct Backend: Decodable {
        var type: String
        var directory: String?
        var maxBytes: Int64?
        var minFreeBytes: Int64?

        /// Where backends with files keep them if the configuration doesn't say.
        var defaultDirectory: String? {
            ["sqlite", "mmap"].contains(self.type) ? CacheLocation.defaultDirectory : nil
        }
    }

    /// The backend that keeps files, of a gateway with tiers.
    private struct Tiers: Decodable {
        struct Members: Decodable {
            var hot: Backend?
        }

        var backend: Members
    }

    var backend: Backend
    private var hot: Backend?

    /// The backend that may keep files: the hot one of two.
    var files: Backend { self.backend.type == "tiered" ? self.hot ?? self.backend : self.backend }

    private enum CodingKeys: String, CodingKey {
        case backend
    }

    static func read(_ path: String) throws(InspectError) -> ConfigDocument {
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw InspectError(
                .noIndex,
                "The configuration \(path) is not there or can't be read.",
                remedy: "Name the file that the gateway is started with."
            )
        }
        do {
            var document = try JSONDecoder().decode(ConfigDocument.self, from: bytes)
            document.hot = try JSONDecoder().decode(Tiers.self, from: bytes).backend.hot
            return document
        } catch {
            throw InspectError(
                .configuration,
                "\(path) is no gateway configuration: an object \"backend\" with a \"type\" is expected.",
                remedy: "gateway --check-config \(path) says what is wrong with it."
            )
        }
    }
}
