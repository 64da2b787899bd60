import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import Wire

extension GatewayRoutes {
    /// Lets a request in, or throws what it is answered: the one place where a route asks who may use it.
    ///
    /// - Parameters:
    ///   - request: The request.
    ///   - rights: What it needs.
    /// - Returns: Who asks.
    /// - Throws: ``RefusedRequest``, which the router makes a response of: 401, 403.
    @discardableResult
    func authorize(_ request: Request, _ rights: Rights) async throws -> Principal {
        switch self.decide(request, needing: rights) {
        case .success(let grant): return grant.principal
        case .failure(let refusal): throw try await self.refused(refusal)
        }
    }

    /// What a route throws for a refusal, after the wait where a token was wrong. The peer's address is not known here, so
    /// that all who guess over plain HTTP share one count.
    func refused(_ refusal: Refusal) async throws -> RefusedRequest {
        if refusal.isGuess {
            let delay = self.service.guesses.guessed(by: nil)
            self.service.logger.notice("wrong token")
            try await Task.sleep(for: .nanoseconds(delay.nanoseconds))
        }
        return RefusedRequest(refusal)
    }

    /// Whether a request may be told more than others, without a refusal where it may not.
    func isAuthorized(_ request: Request, _ rights: Rights) -> Bool {
        if case .success = self.decide(request, needing: rights) { true } else { false }
    }

    private func decide(_ request: Request, needing rights: Rights) -> Result<Grant, Refusal> {
        // As the settings are now: a kept-alive connection outlives them.
        self.service.settings.current.requestPolicy.decide(
            RequestPolicy.Fields(
                host: request.head.authority.map { [$0] } ?? [],
                origin: request.headers[values: .origin],
                credentials: Credentials(authorization: request.headers[values: .authorization])
            ),
            needing: rights
        )
    }
}

/// Asks every request for a token, but for the few paths that are open to all or ask themselves, so that a route whose
/// author forgot to ask is not open to strangers.
struct DenyByDefault: RouterMiddleware {
    typealias Context = BasicRequestContext

    let routes: GatewayRoutes

    func handle(
        _ request: Request,
        context: Context,
        next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        let path = request.uri.path
        let isOpen = GatewayRoutes.openPaths.contains(path) || path == self.routes.service.configuration.path
        if !isOpen { try await self.routes.authorize(request, []) }
        return try await next(request, context)
    }
}

/// What a route throws for a request that may not be answered.
struct RefusedRequest: HTTPResponseError {
    private let refusal: Refusal

    init(_ refusal: Refusal) { self.refusal = refusal }

    var status: HTTPResponse.Status { HTTPResponse.Status(code: Int(self.refusal.status.code)) }

    func response(from request: Request, context: some RequestContext) -> Response { self.response }

    /// The reason as text, and the refusal's fields.
    var response: Response {
        var response = GatewayRoutes.text(self.status, self.refusal.reason + "\n")
        for field in self.refusal.fields {
            guard let name = HTTPField.Name(field.name) else { continue }
            response.headers[name] = field.value
        }
        return response
    }
}
