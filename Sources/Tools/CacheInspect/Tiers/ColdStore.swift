import CacheProtocol
import Logging
import S3Backend

/// The object store of a gateway looked at from outside, by the code that the gateway itself keeps streams there with.
/// Nothing in it is changed.
public struct ColdStore: Sendable {
    let backend: S3Backend

    /// Opens a store; it is not asked yet.
    ///
    /// - Parameters:
    ///   - location: Where it is.
    ///   - environment: Where credentials are looked for that no file has; the process's own by default.
    /// - Throws: ``InspectError`` with code `usage` where the cold tier is no store, `configuration` where there are no
    ///   credentials.
    public init(_ location: TierLocation, environment: [String: String]? = nil) throws(InspectError) {
        guard case .store(let configuration) = location.cold else {
            throw InspectError(
                .usage,
                "The cold tier is the directory \(location.directory ?? ""), and no object store.",
                remedy: "Look at it by --directory."
            )
        }
        do throws(CacheError) {
            self.backend = S3Backend(
                configuration: configuration,
                credentials: try S3Credentials.find(for: configuration, environment: environment),
                // What goes wrong is told by the findings.
                logger: Logger(label: "s3") { _ in SwiftLogNoOpLogHandler() }
            )
        } catch {
            throw InspectError.from(error)
        }
    }

    /// Reads streams' bytes from the store, and compares them with what was sealed: size and SHA-256.
    ///
    /// Where the task is cancelled the summary says so, and has what was done till then. Nothing is remembered anywhere.
    ///
    /// - Parameters:
    ///   - options: Which streams.
    ///   - observer: Told what happens, from several threads, but one event at a time. It must return soon.
    /// - Returns: What came of it.
    /// - Throws: ``InspectError`` with code `io` or `configuration` where the store can't be asked.
    public func verify(
        _ options: VerifyOptions,
        observer: @escaping @Sendable (VerifyEvent) -> Void = { _ in }
    ) async throws(InspectError) -> VerifySummary {
        try await ColdVerifier.run(self, options, observer: observer)
    }
}
