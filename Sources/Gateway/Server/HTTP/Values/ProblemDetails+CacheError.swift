import CacheProtocol
import HTTPTypes
import Wire

extension ProblemDetails {
    /// How soon to come back where too much was asked of the server, in seconds.
    private static let retryAfterSeconds = 5

    /// What HTTP tells of a failure of the storage.
    init(_ error: CacheError) {
        self.init(
            Self.status(error.code),
            ErrorCode(rawValue: error.code.rawValue),
            error.message,
            streamID: error.streamID?.rawValue
        )
        self.isRetryable = error.code.isRetryable
        if self.status == .serviceUnavailable || self.status == Self.insufficientStorage {
            self.fields[.retryAfter] = "\(Self.retryAfterSeconds)"
        }
    }

    /// What HTTP tells of an upload that may not begin.
    init(_ rejection: Rejection) {
        self.init(
            rejection.code == .limit ? .serviceUnavailable : .forbidden,
            rejection.code,
            rejection.message,
            streamID: rejection.streamID
        )
        self.isRetryable = rejection.isRetryable
        if rejection.isRetryable { self.fields[.retryAfter] = "\(Self.retryAfterSeconds)" }
    }

    /// 507 (RFC 4918, 11.5).
    static let insufficientStorage = HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage")

    private static func status(_ code: CacheError.Code) -> HTTPResponse.Status {
        switch code {
        case .badStreamID, .range: .badRequest
        case .streamNotFound: .notFound
        case .streamExists, .streamBusy: .conflict
        case .aborted: .gone
        case .digestMismatch: .unprocessableContent
        case .storageFull: Self.insufficientStorage
        case .streamTooLarge: .contentTooLarge
        case .limit, .shuttingDown: .serviceUnavailable
        case .unsupported: .notImplemented
        default: .internalServerError
        }
    }

    /// Nothing is at this path.
    static let noSuchResource = ProblemDetails(
        .notFound,
        .unsupported,
        "There is nothing at this path. GET /openapi.json tells what there is."
    )

    /// Something is at this path, but not for this method.
    ///
    /// - Parameter allowed: The methods that there are.
    static func noSuchMethod(allowed: [HTTPRequest.Method]) -> ProblemDetails {
        let methods = allowed.map { $0.rawValue }.joined(separator: ", ")
        var problem = ProblemDetails(.methodNotAllowed, .unsupported, "This path takes \(methods).")
        problem.fields[.allow] = methods
        return problem
    }
}
