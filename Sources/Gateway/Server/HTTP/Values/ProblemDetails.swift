import HTTPTypes
import NIOCore
import NIOHTTP1
import Wire

/// Why a request is not done, as HTTP tells it (RFC 9457): the same codes as on the WebSocket.
struct ProblemDetails: Error, Hashable {
    /// The media type of the answer.
    static let contentType = "application/problem+json"

    var status: HTTPResponse.Status
    var code: ErrorCode
    /// What happened and what to do about it.
    var detail: String
    var streamID: String?
    /// Whether the same request may succeed later without anybody changing anything.
    var isRetryable = false
    /// How far the stream is stored, where the request was wrong about that.
    var offset: Int64?
    /// Further headers.
    var fields: HTTPFields = [:]

    init(_ status: HTTPResponse.Status, _ code: ErrorCode, _ detail: String, streamID: String? = nil) {
        self.status = status
        self.code = code
        self.detail = detail
        self.streamID = streamID
    }

    /// What a request without a token, or without a right, is told.
    init(_ refusal: Refusal) {
        self.init(HTTPResponse.Status(code: Int(refusal.status.code)), .unauthorized, refusal.reason)
        for field in refusal.fields { self.fields[named: field.name] = field.value }
    }

    /// The answer's body: `type` is left out, which means that `title` says no more than the status does.
    var body: ByteBuffer {
        var object = JSONObjectWriter()
        object.string("title", self.status.reasonPhrase)
        object.integer("status", Int64(self.status.code))
        object.string("detail", self.detail)
        object.string("code", self.code.rawValue)
        object.bool("retryable", self.isRetryable ? true : nil)
        object.string("streamId", self.streamID)
        object.integer("offset", self.offset)
        return object.finish()
    }
}
