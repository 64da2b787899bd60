import CacheProtocol
import S3Backend

/// What a gateway's configuration says of the tier behind its cache directory: the ledger of what was copied, and where
/// the copies are.
public struct TierLocation: Hashable, Sendable {
    /// Where copies are.
    enum Cold: Hashable, Sendable {
        /// Objects in a store.
        case store(S3Configuration)
        /// Files in a directory.
        case directory(String)
    }

    /// The ledger's file; `nil` where the configuration has no tiers but the store alone.
    public var ledger: String?
    let cold: Cold

    /// The directory of a cold tier that keeps files.
    public var directory: String? {
        if case .directory(let path) = self.cold { return path }
        return nil
    }

    /// Finds the tiers of a configuration.
    ///
    /// - Parameter config: The configuration's file.
    /// - Returns: `nil` where its backend is neither `tiered` nor `s3`.
    /// - Throws: ``InspectError`` with code `noIndex` where there is no such file, `configuration` where it is wrong.
    public init?(config: String) throws(InspectError) {
        let members = try ConfigTree.read(config)
        guard case .object(let backend) = members["backend"], case .string(let type) = backend["type"] else {
            return nil
        }
        switch type {
        case "tiered":
            guard case .string(let ledger) = backend["ledger"], case .object(let cold) = backend["cold"] else {
                throw InspectError(
                    .configuration,
                    "\(config): a backend of the type \"tiered\" has a \"ledger\" and an object \"cold\".",
                    remedy: "gateway --check-config \(config) says what is wrong with it."
                )
            }
            self.ledger = ledger
            self.cold = try Self.cold(cold, file: config, keyPath: "backend.cold")
        case S3Backend.type: self.cold = try Self.cold(backend, file: config, keyPath: "backend")
        default: return nil
        }
    }

    private static func cold(
        _ members: [String: ConfigValue],
        file: String,
        keyPath: String
    ) throws(InspectError) -> Cold {
        if case .string(let type) = members["type"], ["sqlite", "mmap"].contains(type) {
            guard case .string(let path) = members["directory"] else {
                return .directory(CacheLocation.defaultDirectory)
            }
            return .directory(path)
        }
        do {
            var section = ConfigSection(members, file: file, keyPath: keyPath)
            let type = try section.requiredString("type")
            guard type == S3Backend.type else {
                throw section.error("type", found: "\"\(type)\"", accepted: "\"s3\", \"sqlite\" or \"mmap\"")
            }
            let configuration = try S3Configuration(from: &section)
            try section.finish()
            return .store(configuration)
        } catch {
            throw InspectError.from(error)
        }
    }
}
