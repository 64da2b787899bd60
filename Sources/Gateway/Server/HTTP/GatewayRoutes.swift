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
        self.addOperations(to: router)
        router.get(RouterPath(self.service.configuration.path)) { request, _ in self.refuseUpgrade(request) }
        return router
    }

    /// A request to the WebSocket path came through as plain HTTP: the policy says why it was not upgraded.
    private func refuseUpgrade(_ request: Request) -> Response {
        var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: request.uri.string)
        if let host = request.head.authority { head.headers.add(name: "host", value: host) }
        for field in request.headers { head.headers.add(name: field.name.rawName, value: field.value) }
        let decision = self.service.configuration.upgradePolicy.decide(
            head,
            connections: self.service.load.connections,
            limit: self.service.configuration.maximumConnections
        )
        switch decision {
        case .accept:
            return Self.text(
                .badRequest,
                "Open a WebSocket by the first request of a connection, in HTTP/1.1.\n"
            )
        case .refuse(let status, let reason, let fields):
            var response = Self.text(HTTPResponse.Status(code: Int(status.code)), reason + "\n")
            for field in fields {
                guard let name = HTTPField.Name(field.name) else { continue }
                response.headers[name] = field.value
            }
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
