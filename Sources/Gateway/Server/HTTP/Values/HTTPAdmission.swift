import HTTPTypes
import Wire

/// Which pages may ask over HTTP, and what they may see of the answers: the rules of the WebSocket, for every route.
struct HTTPAdmission: Hashable {
    var policy: RequestPolicy

    /// What a page of an allowed origin may read beside the body (Fetch, 3.3.4).
    private static let exposed = [
        "Accept-Ranges", "Content-Length", "Content-Range", "ETag", "Last-Modified", "Location",
        DigestField.representation,
        "Retry-After", "WWW-Authenticate",
    ].joined(separator: ", ")
    private static let methods = "GET, HEAD, PUT, POST, DELETE"
    private static let requested = [
        "Authorization", "Content-Range", "Content-Type", DigestField.content, "If-Match", "If-None-Match", "If-Range",
        "Range", DigestField.representation,
    ].joined(separator: ", ")

    /// Lets a request in, or says why not.
    ///
    /// - Parameter request: The request's header.
    /// - Throws: ``ProblemDetails`` with status 400 or 403.
    func admit(_ request: HTTPRequest) throws(ProblemDetails) {
        // A second Host is left among the fields; the first one is the authority.
        guard let host = request.authority, request.headerFields[named: "Host"] == nil else {
            throw ProblemDetails(.badRequest, .badMessage, "A request has one Host (RFC 9112, 3.2).")
        }
        if let reason = self.policy.refusal(
            hosts: [host],
            origins: request.headerFields[values: .origin]
        ) {
            throw ProblemDetails(.forbidden, .unauthorized, reason)
        }
    }

    /// The headers by which a browser lets the page have an answer (Fetch, 3.3).
    ///
    /// - Parameters:
    ///   - request: A request that was let in.
    ///   - isPreflight: Whether it is the question that comes before another.
    func fields(for request: HTTPRequest, isPreflight: Bool) -> HTTPFields {
        var fields: HTTPFields = [:]
        let mayBeShared = !self.policy.allowedOrigins.isEmpty
        // Without CORS, pages of other sites could still play what they can't read.
        fields[.crossOriginResourcePolicy] = mayBeShared ? "cross-origin" : "same-origin"
        if mayBeShared { fields[.vary] = "Origin" }
        guard let origin = request.headerFields[.origin], self.policy.lists(origin: origin) else { return fields }
        fields[.accessControlAllowOrigin] = origin
        fields[.accessControlExposeHeaders] = Self.exposed
        guard isPreflight else { return fields }
        fields[.accessControlAllowMethods] = Self.methods
        fields[.accessControlAllowHeaders] = Self.requested
        fields[.accessControlMaxAge] = "600"
        return fields
    }
}
