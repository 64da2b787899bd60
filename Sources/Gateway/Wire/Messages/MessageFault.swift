/// Why a text message is not a request. The connection goes on; the peer gets an ERROR with these.
public struct MessageFault: Error, Hashable, Sendable {
    /// What kind of fault.
    public var code: ErrorCode
    /// What is wrong and what to send instead; free of the peer's own bytes.
    public var message: String
    /// The request's mark, where that much could be read.
    public var requestID: RequestID?

    /// Makes a fault.
    ///
    /// - Parameters:
    ///   - code: What kind of fault.
    ///   - message: What is wrong and what to send instead.
    ///   - requestID: The request's mark.
    public init(_ code: ErrorCode, _ message: String, requestID: RequestID? = nil) {
        self.code = code
        self.message = message
        self.requestID = requestID
    }
}
