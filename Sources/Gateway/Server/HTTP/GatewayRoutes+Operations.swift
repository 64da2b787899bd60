import HTTPTypes
import Hummingbird
import NIOCore

/// What those ask who run the gateway. No answer names a stream, a peer or a path; for all but the metrics nobody has to
/// say who they are.
extension GatewayRoutes {
    /// The paths of ``operations``.
    static let operationsPaths = ["/healthz", "/livez", "/metrics", "/readyz"]

    /// The routes.
    var operations: [Route] {
        [
            Route(.get, "/livez", nil) { _, _ in self.liveness() },
            Route(.get, "/readyz", nil) { _, _ in
                let readiness = await self.service.readiness()
                return Self.operationsAnswer(
                    readiness.isReady ? .ok : .serviceUnavailable,
                    "application/json",
                    readiness.json
                )
            },
            Route(.get, "/healthz", nil) { _, _ in
                let readiness = await self.service.readiness()
                return Self.text(
                    readiness.isReady ? .ok : .serviceUnavailable,
                    readiness.isReady ? "ok\n" : readiness.reasons.map { $0 + "\n" }.joined()
                )
            },
            Route(.get, "/metrics", .monitor) { _, _ in
                Self.operationsAnswer(.ok, Exposition.contentType, await self.service.scrape())
            },
        ]
    }

    /// 200 where every event loop turns, else 503: then the process is to be ended and started again.
    private func liveness() -> Response {
        self.service.eventLoops.isAlive(at: .now())
            ? Self.text(.ok, "ok\n") : Self.text(.serviceUnavailable, "an event loop is stuck\n")
    }

    private static func operationsAnswer(
        _ status: HTTPResponse.Status,
        _ contentType: String,
        _ text: String
    ) -> Response {
        Response(
            status: status,
            headers: [.contentType: contentType, .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(string: text))
        )
    }
}
