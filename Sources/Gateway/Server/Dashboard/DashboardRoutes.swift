import HTTPTypes
import Hummingbird

/// The page at `/`, for people. It knows the gateway by the public protocol alone, and holds no secret: whoever may not
/// see streams sees an empty page that asks for a token.
struct DashboardRoutes {
    /// What a browser may do for the page: load its parts from here, connect to here, and nothing else. No markup and no
    /// script can come out of a stream's name or bytes.
    static let contentSecurityPolicy = [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "media-src 'self' blob:",
        "img-src 'self' data:", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
        "require-trusted-types-for 'script'", "trusted-types 'none'",
    ].joined(separator: "; ")

    private let files: [DashboardFile]

    /// - Parameter webSocketPath: `listen.path`. Where that is `/`, the WebSocket keeps it, and there is no page.
    init(webSocketPath: String) {
        self.files = webSocketPath == "/" ? [] : DashboardFile.all(webSocketPath: webSocketPath)
    }

    /// The routes; what nobody needs to be let in for, since there is no secret in them.
    var routes: [Route] {
        self.files.map { file in Route(.get, file.path, nil) { request, _ in Self.response(to: request, with: file) } }
    }

    private static func response(to request: Request, with file: DashboardFile) -> Response {
        var fields: HTTPFields = [
            .contentType: file.contentType,
            .eTag: file.entityTag.fieldValue,
            // What was built anew is seen at once; what was not costs a question.
            .cacheControl: "no-cache",
            .contentSecurityPolicy: Self.contentSecurityPolicy,
            .xContentTypeOptions: "nosniff",
        ]
        for (name, value) in Self.isolation { fields[name] = value }
        if let held = request.headers[.ifNoneMatch], file.isHeld(byClientWith: held) {
            return Response(status: .notModified, headers: fields)
        }
        return Response(status: .ok, headers: fields, body: ResponseBody(byteBuffer: file.body))
    }

    /// Keeps pages of other origins from embedding this one, from holding on to its window, and addresses from them.
    private static let isolation: [(HTTPField.Name, String)] = [
        ("Cross-Origin-Opener-Policy", "same-origin"), ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Referrer-Policy", "no-referrer"), ("Permissions-Policy", "microphone=(self), camera=(), geolocation=()"),
    ].compactMap { name, value in HTTPField.Name(name).map { ($0, value) } }
}
