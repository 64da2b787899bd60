import CacheProtocol
import HTTPTypes
import Hummingbird
import NIOCore

extension StreamRoutes {
    /// How often a stream is looked up that is replaced while it is.
    private static let attempts = 3

    /// GET and HEAD of a stream.
    func read(_ request: Request, _ context: GatewayRequestContext) async throws -> Response {
        let (stream, reader) = try await self.find(self.id(context))
        let isHead = request.method == .head
        let plan = try StreamResponsePlan(
            request.headers,
            isHead: isHead,
            of: stream,
            now: .now,
            boundary: MultipartByteRanges.randomBoundary()
        )
        guard plan.body != .none, !isHead else {
            return Response(plan.status, withoutBody: plan.fields)
        }
        let body = StreamBody(
            reader: reader,
            service: self.service,
            channel: context.channel,
            id: stream.info.id,
            grant: context.grant
        )
        return Response(
            status: plan.status,
            headers: plan.fields,
            body: ResponseBody(contentLength: nil) { writer in try await body.send(plan.body, to: writer) }
        )
    }

    /// Finds a stream, its facts, and a reader of the same stream: one that takes its name in between is not mistaken for
    /// it, since what it replaced is removed by then.
    private func find(_ id: StreamID) async throws(CacheError) -> (StreamRepresentation, StreamReader) {
        for _ in 0..<Self.attempts {
            let found = try self.service.backend.makeReader(for: id)
            _ = try await found.opened().value()
            let reader = found.counted(as: id, in: self.service.readers)
            let info = try await self.service.backend.info(id)
            let status = reader.status
            guard status.state != .removed, (status.state == .sealed) == (info.state == .sealed) else { continue }
            var firstBytes = ByteBuffer()
            if info.contentType == nil, status.size > 0 {
                firstBytes = try await reader.read(at: 0, count: AudioMediaType.sniffLength).value()
            }
            return (StreamRepresentation(info, status, firstBytes: firstBytes.readableBytesView), reader)
        }
        throw CacheError(.streamNotFound, "The stream is being replaced again and again.", streamID: id)
    }
}
