import CacheProtocol
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import Wire

/// What the server answers over plain HTTP.
struct GatewayRoutes {
    let service: GatewayService

    func router() -> Router<BasicRequestContext> {
        let router = Router()
        router.add(middleware: DenyByDefault(routes: self))
        router.get("/healthz") { request, _ in await self.health(request) }
        router.get(RouterPath(self.service.configuration.path)) { request, _ in try await self.refuseUpgrade(request) }
        return router
    }

    /// What is answered to everybody: whether the server works, and no more.
    static let openPaths: Set<String> = ["/healthz"]

    /// 200 where the backend takes uploads, else 503; with the reasons, for those who may see them.
    private func health(_ request: Request) async -> Response {
        let health = await self.service.backend.health()
        let isWell = health.problems.isEmpty
        var text = isWell ? "ok\n" : ""
        if !isWell {
            text = self.isAuthorized(request, .monitor) ? health.problems.map { $0 + "\n" }.joined() : "unavailable\n"
        }
        return Self.text(isWell ? .ok : .serviceUnavailable, text)
    }

    /// A request to the WebSocket path came through as plain HTTP: the policy says why it was not upgraded.
    private func refuseUpgrade(_ request: Request) async throws -> Response {
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
        case .refuse(let refusal): throw try await self.refused(refusal)
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
