import CacheProtocol
import Synchronization

/// Streams in a dictionary, gone with the process: about as little as a backend can be.
package final class DictionaryBackend: CacheBackend {
    /// The name that configurations use.
    package static let type = "dictionary"

    package let capabilities: Capabilities
    private let streams = Mutex<[StreamID: DictionaryStream]>([:])

    /// An empty dictionary.
    package init(_ configuration: DictionaryConfiguration) {
        var capabilities = Capabilities()
        capabilities.liveReads = .native
        capabilities.listing = .emulated
        capabilities.maximumStreamSize = configuration.maximumStreamSize
        self.capabilities = capabilities
    }
}

/// The backend's own part of the configuration.
package struct DictionaryConfiguration: Sendable {
    /// The longest stream, in bytes.
    package var maximumStreamSize: Int64 = 64 << 20

    /// The defaults.
    package init() {}

    /// Takes the key `maxStreamBytes`.
    package init(from section: inout ConfigSection) throws(ConfigError) {
        self.maximumStreamSize = try section.integer("maxStreamBytes", default: 64 << 20, in: 1...(1 << 40))
    }
}
