import CacheProtocol
import HTTPTypes
import Hummingbird
import Wire

/// Streams over HTTP.
struct StreamRoutes: Sendable {
    let service: GatewayService
    let ids = StreamIDSource()

    var routes: [Route] {
        [
            Route(.get, "/streams", .list) { request, _ in try await self.list(request) },
            Route(.post, "/streams", .write) { request, context in try await self.post(request, context) },
            Route(.get, "/streams/{id}", .read) { request, context in try await self.read(request, context) },
            Route(.head, "/streams/{id}", .read) { request, context in try await self.read(request, context) },
            Route(.put, "/streams/{id}", .write) { request, context in try await self.put(request, context) },
            Route(.delete, "/streams/{id}", .delete) { request, context in try await self.remove(request, context) },
            Route(.get, "/streams/{id}/info", .look) { _, context in try await self.info(context) },
        ]
    }

    /// The stream that a request names.
    func id(_ context: GatewayRequestContext) throws(CacheError) -> StreamID {
        // Where the router leaves no segment, there is none that could be an id.
        try StreamPath.id(context.parameters.get("id") ?? "")
    }

    private func list(_ request: Request) async throws -> Response {
        let parameters = request.uri.queryParameters.map { (name: String($0.key), value: String($0.value)) }
        let query = try ListQuery(parameters)
        let page = try await self.service.backend.streams(
            matching: query.filter,
            after: query.after,
            limit: query.limit
        )
        let streams = page.streams.map { StreamDescription($0, self.service.readers) }
        return Response(json: StreamDescription.json(page: streams, next: page.next?.rawValue))
    }

    private func info(_ context: GatewayRequestContext) async throws -> Response {
        let info = try await self.service.backend.info(self.id(context))
        return Response(json: StreamDescription(info, self.service.readers).json())
    }

    private func remove(_ request: Request, _ context: GatewayRequestContext) async throws -> Response {
        let id = try self.id(context)
        let conditions = Preconditions(request.headers)
        if conditions.isConditional {
            let stream = StreamRepresentation(try await self.service.backend.info(id))
            guard conditions.verdict(on: stream.validators, isRead: false) == .proceed else {
                throw ProblemDetails.preconditionFailed(id)
            }
        }
        try await self.service.backend.remove(id)
        return Response(status: .noContent)
    }
}
