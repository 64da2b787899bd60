import CacheProtocol
import Wire

/// Why a request is not done: what the peer is told.
struct Rejection: Error, Hashable {
    var code: ErrorCode
    var message: String
    var streamID: String?
    var isRetryable = false

    init(_ code: ErrorCode, _ message: String, streamID: String? = nil) {
        self.code = code
        self.message = message
        self.streamID = streamID
    }

    init(_ error: CacheError) {
        self.code = ErrorCode(rawValue: error.code.rawValue)
        self.message = error.message
        self.streamID = error.streamID?.rawValue
        self.isRetryable = error.code.isRetryable
    }

    func reply(to requestID: RequestID?) -> ServerMessage {
        .error(
            self.code,
            self.message,
            streamID: self.streamID,
            requestID: requestID,
            isRetryable: self.isRetryable
        )
    }
}
