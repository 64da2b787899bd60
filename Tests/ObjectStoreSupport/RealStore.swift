#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A store outside this process, if the environment names one: `OBJECT_STORE_URL`, `OBJECT_STORE_BUCKET`,
/// `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`; see Scripts/object-store.sh.
public struct RealStore: Sendable {
    /// Where it listens.
    public let url: String
    /// A bucket that tests may fill.
    public let bucket: String
    /// Who asks.
    public let accessKeyID: String
    /// The secret of that key.
    public let secretAccessKey: String

    /// The store that the environment names.
    public static let named: RealStore? = {
        let environment = ProcessInfo.processInfo.environment
        guard let url = environment["OBJECT_STORE_URL"], let bucket = environment["OBJECT_STORE_BUCKET"],
            let key = environment["AWS_ACCESS_KEY_ID"], let secret = environment["AWS_SECRET_ACCESS_KEY"]
        else { return nil }
        return RealStore(url: url, bucket: bucket, accessKeyID: key, secretAccessKey: secret)
    }()

    /// A prefix that nobody else uses.
    public static var freshPrefix: String { "test-\(UInt64.random(in: 0 ... .max))/" }
}
