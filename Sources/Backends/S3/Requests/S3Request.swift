import CacheProtocol
import NIOCore

/// A request to the store, before it is signed.
struct S3Request: Sendable {
    enum Method: String, Sendable {
        case get = "GET"
        case head = "HEAD"
        case put = "PUT"
        case post = "POST"
        case delete = "DELETE"
    }

    enum Body: Sendable {
        case none
        /// Bytes at hand, which can be sent again.
        case buffers([ByteBuffer], SHA256Value)
        /// Bytes that come while they are sent, once.
        case stream(UploadBody, count: Int64, SHA256Value)
    }

    var method: Method
    /// The object's key; `nil` for the bucket itself.
    var key: String?
    var query: [(name: String, value: String)] = []
    /// Headers beside those that signing adds, with names in lower case.
    var headers: [(name: String, value: String)] = []
    var body = Body.none
    /// How much of an answer is taken.
    var answerLimit = 1 << 20

    /// What is being done, for messages: `PUT streams/a`.
    var name: String {
        let query = self.query.first.map { "?\($0.name)" } ?? ""
        return "\(self.method.rawValue) \(self.key ?? "the bucket")\(query)"
    }

    /// Whether the request can be made again after it failed.
    var isRepeatable: Bool {
        if case .stream = self.body { return false }
        return true
    }
}

/// What the store answered to a request that it did.
struct S3Answer: Sendable {
    var status: Int
    var headers: [String: String]
    var body: ByteBuffer
    /// Whether the request was made more than once: an earlier one may have been done, and its answer lost.
    var wasRepeated = false

    /// A header's value, by its name in lower case.
    func header(_ name: String) -> String? { self.headers[name] }
}
