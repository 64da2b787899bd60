import CacheProtocol
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Wire

/// What stands between the network and every route: who is let in, and what becomes of what goes wrong.
struct HTTPBoundary: RouterMiddleware {
    typealias Context = GatewayRequestContext

    let service: GatewayService
    let routes: [Route]

    @concurrent
    func handle(
        _ request: Request,
        context: Context,
        next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        let admission = HTTPAdmission(policy: self.service.settings.current.requestPolicy)
        var response: Response
        do {
            response = try await self.respond(request, context, admission, next)
        } catch {
            let problem = self.problem(error, request)
            self.service.metrics.failed(problem.code)
            response = Response(problem)
            // What is left of the request's body is not worth reading.
            if request.mayHaveBody { response.headers[.connection] = "close" }
        }
        let isPreflight = request.method == .options
        for field in admission.fields(for: request.head, isPreflight: isPreflight)
        where response.headers[field.name] == nil {
            response.headers.append(field)
        }
        return request.method == .head ? response.withoutBody : response
    }

    @concurrent
    private func respond(
        _ request: Request,
        _ context: Context,
        _ admission: HTTPAdmission,
        _ next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        let routes = self.routes.routes(at: request.uri.path)
        let route = routes.first { $0.method == request.method }
        var context = context
        context.grant = try await self.authorize(request, context, admission, for: route)
        if route == nil {
            guard !routes.isEmpty else { throw ProblemDetails.noSuchResource }
            let problem = ProblemDetails.noSuchMethod(allowed: routes.map { $0.method })
            guard request.method == .options else { throw problem }
            return Response(status: .noContent, headers: problem.fields)
        }
        return try await next(request, context)
    }

    /// Whether everybody may do it. What there is not, only those learn who may come in at all; but a browser's question
    /// before another request never has a token (Fetch, 3.3.5).
    private func isOpenToAll(_ request: Request, _ route: Route?) -> Bool {
        guard let route else { return request.method == .options }
        return route.action == nil
    }

    /// Lets a request in, or says why not: the one place that knows who may do what over HTTP.
    @concurrent
    private func authorize(
        _ request: Request,
        _ context: Context,
        _ admission: HTTPAdmission,
        for route: Route?
    ) async throws -> Grant {
        try admission.admit(request.head)
        guard !self.isOpenToAll(request, route) else { return .open }
        let credentials = Credentials(authorization: request.headers[values: .authorization])
        let verdict = admission.policy.authorize(credentials) { rights in route?.action?.rights(having: rights) ?? [] }
        switch verdict {
        case .success(let grant): return grant
        case .failure(let refusal):
            try await self.service.delayGuess(refusal, by: context.channel.remoteAddress)
            throw ProblemDetails(refusal)
        }
    }

    private func problem(_ error: any Error, _ request: Request) -> ProblemDetails {
        if let problem = error as? ProblemDetails { return problem }
        if let rejection = error as? Rejection { return ProblemDetails(rejection) }
        if let error = error as? HTTPError, error.status == .notFound { return .noSuchResource }
        let problem: ProblemDetails
        if let error = error as? CacheError {
            problem = ProblemDetails(error)
        } else {
            problem = ProblemDetails(.internalServerError, .io, "The gateway's log says more.")
        }
        if problem.status.kind == .serverError {
            self.service.logger.error(
                "HTTP request failed",
                metadata: ["method": "\(request.method)", "error": "\(error)"]
            )
        }
        return problem
    }
}

extension Request {
    /// Whether the request has a body, as far as its header tells.
    var mayHaveBody: Bool {
        self.headers.contains(.transferEncoding) || self.headers[.contentLength].map { $0 != "0" } ?? false
    }
}

extension Response {
    /// The answer that tells a problem.
    init(_ problem: ProblemDetails) {
        var fields = problem.fields
        fields[.contentType] = ProblemDetails.contentType
        fields[.cacheControl] = "no-store"
        fields[.xContentTypeOptions] = "nosniff"
        self.init(status: problem.status, headers: fields, body: ResponseBody(byteBuffer: problem.body))
    }

    /// JSON that is true only now.
    init(json: ByteBuffer, status: HTTPResponse.Status = .ok) {
        self.init(
            status: status,
            headers: [
                .contentType: "application/json", .cacheControl: "no-store", .xContentTypeOptions: "nosniff",
            ],
            body: ResponseBody(byteBuffer: json)
        )
    }

    /// The answer to HEAD instead of GET: the same header, a missing `Content-Length` included.
    var withoutBody: Response { Response(self.status, withoutBody: self.headers) }

    /// A header alone, which tells no length of its own making: an empty body would.
    init(_ status: HTTPResponse.Status, withoutBody fields: HTTPFields) {
        self.init(
            status: status,
            headers: fields,
            body: ResponseBody(contentLength: nil) { writer in try await writer.finish(nil) }
        )
    }
}
