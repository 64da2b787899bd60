import Testing
import Wire

/// A text that is no request, and what is to be said of it.
struct FaultyMessage: Sendable, CustomTestStringConvertible {
    var name: String
    var bytes: [UInt8]
    var code: ErrorCode
    var requestID: RequestID?
    var testDescription: String { self.name }

    init(_ name: String, _ json: String, _ code: ErrorCode = .badMessage, _ requestID: RequestID? = nil) {
        self.init(name, bytes: Array(json.utf8), code, requestID)
    }

    init(_ name: String, bytes: [UInt8], _ code: ErrorCode = .badMessage, _ requestID: RequestID? = nil) {
        self.name = name
        self.bytes = bytes
        self.code = code
        self.requestID = requestID
    }
}
