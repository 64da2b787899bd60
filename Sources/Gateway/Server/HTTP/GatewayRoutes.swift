import CacheProtocol
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import Wire

/// What the server answers over plain HTTP.
struct GatewayRoutes {
    let service: GatewayService

    /// The paths that are taken, each with all that lies below it: the WebSocket has to be elsewhere.
    static let reservedPaths = ["/dashboard", "/openapi.json", "/streams"] + Self.operationsPaths

    /// Everything that a client of HTTP can ask for, in the order of the paths.
    var routes: [Route] {
        self.operations
            + [Route(.get, "/openapi.json", nil) { _, _ in Response(json: ByteBuffer(string: OpenAPIDocument.json)) }]
            + StreamRoutes(service: self.service).routes
    }

    func router() -> Router<GatewayRequestContext> {
        let webSocket = Route(.get, self.service.configuration.path, nil) { request, context in
            try await self.refuseUpgrade(request, context)
        }
        let dashboard = DashboardRoutes(webSocketPath: self.service.configuration.path)
        var routes = self.routes + dashboard.routes + [webSocket]
        for route in routes where route.method == .get {
            guard !routes.routes(at: route.path).contains(where: { $0.method == .head }) else { continue }
            routes.append(Route(.head, route.path, route.action, route.handler))
        }
        let router = Router(context: GatewayRequestContext.self)
        router.add(middleware: HTTPBoundary(service: self.service, routes: routes))
        for route in routes {
            router.on(RouterPath(route.path), method: route.method) { request, context in
                try await route.handler(request, context)
            }
        }
        return router
    }

    /// A request to the WebSocket path came through as plain HTTP: the policy says why it was not upgraded.
    private func refuseUpgrade(_ request: Request, _ context: GatewayRequestContext) async throws -> Response {
        var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: request.uri.string)
        if let host = request.head.authority { head.headers.add(name: "host", value: host) }
        for field in request.headers { head.headers.add(name: field.name.rawName, value: field.value) }
        let settings = self.service.settings.current
        let decision = settings.upgradePolicy.decide(
            head,
            connections: self.service.load.connections,
            limit: settings.maximumConnections
        )
        switch decision {
        case .accept:
            return Self.text(
                .badRequest,
                "Open a WebSocket by the first request of a connection, in HTTP/1.1.\n"
            )
        case .refuse(let refusal):
            try await self.service.delayGuess(refusal, by: context.channel.remoteAddress)
            var response = Self.text(HTTPResponse.Status(code: Int(refusal.status.code)), refusal.reason + "\n")
            for field in refusal.fields { response.headers[named: field.name] = field.value }
            return response
        }
    }

    static func text(_ status: HTTPResponse.Status, _ text: String) -> Response {
        Response(
            status: status,
            headers: [.contentType: "text/plain; charset=utf-8", .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(string: text))
        )
    }
}
