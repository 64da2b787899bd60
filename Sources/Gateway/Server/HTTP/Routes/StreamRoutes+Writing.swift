import CacheProtocol
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTPTypes
import Wire

extension StreamRoutes {
    /// PUT: the body becomes the stream, or goes on with a suspended one where `Content-Range` says so.
    func put(_ request: Request, _ context: GatewayRequestContext) async throws -> Response {
        let id = try self.id(context)
        let upload = try UploadRequest(request.headers)
        var mode = WriteOptions.Mode.create
        let conditions = Preconditions(request.headers)
        if conditions.isConditional {
            let stream = try await self.existing(id).map { StreamRepresentation($0) }
            guard conditions.verdict(on: stream?.validators, isRead: false) == .proceed else {
                throw ProblemDetails.preconditionFailed(id)
            }
            // Who names the state that is there means to replace it.
            if stream != nil, conditions.ifMatch != nil { mode = .overwrite }
        }
        if let offset = upload.offset {
            guard let info = try await self.existing(id), info.state == .suspended, info.size == offset else {
                throw try await self.wrongOffset(id)
            }
            mode = .resume
        }
        if mode == .overwrite, !context.grant.principal.rights.contains(.overwrite) {
            throw ProblemDetails(.lacks(.overwrite))
        }
        do {
            return try await self.receive(request, context, upload, as: id, mode)
        } catch let error as CacheError where error.code == .streamExists {
            var problem = ProblemDetails(error)
            if let info = try? await self.existing(id), info.state == .suspended { problem.offset = info.size }
            throw problem
        }
    }

    /// POST: the body becomes a stream whose name the server makes.
    func post(_ request: Request, _ context: GatewayRequestContext) async throws -> Response {
        let upload = try UploadRequest(request.headers)
        guard upload.offset == nil else {
            throw ProblemDetails(
                .badRequest,
                .range,
                "A new stream has no place to go on from: PUT to the stream's path."
            )
        }
        return try await self.receive(request, context, upload, as: self.ids.next(), .create)
    }

    private func existing(_ id: StreamID) async throws(CacheError) -> StreamInfo? {
        do throws(CacheError) {
            return try await self.service.backend.info(id)
        } catch {
            guard error.code == .streamNotFound else { throw error }
            return nil
        }
    }

    /// Where the sender would have to go on instead.
    private func wrongOffset(_ id: StreamID) async throws -> ProblemDetails {
        let info = try await self.existing(id)
        let reason =
            switch info?.state {
            case nil, .removed: "there is no such stream"
            case .sealed: "the stream is complete"
            case .live: "another writer is at work"
            case .suspended: "it has \(info?.size ?? 0) bytes"
            }
        var problem = Self.wrongOffset(id, info?.size ?? 0, reason)
        if info?.state == .live { problem.code = .streamBusy }
        return problem
    }

    private static func wrongOffset(_ id: StreamID, _ size: Int64, _ reason: String) -> ProblemDetails {
        var problem = ProblemDetails(
            .conflict,
            .range,
            "The stream can't be gone on with from there: \(reason).",
            streamID: id.rawValue
        )
        problem.offset = size
        return problem
    }

    @concurrent
    private func receive(
        _ request: Request,
        _ context: GatewayRequestContext,
        _ upload: UploadRequest,
        as id: StreamID,
        _ mode: WriteOptions.Mode
    ) async throws -> Response {
        var options = WriteOptions(
            mode: mode,
            contentType: upload.contentType,
            expectedSize: upload.length.map { $0 + (upload.offset ?? 0) }
        )
        let hold = try self.service.current.holdUpload(of: id, by: context.grant)
        defer { hold.release() }
        // Looked at while nobody else can bring another stream of this name about.
        if mode == .resume, let info = try await self.existing(id), !StreamOwners.mayResume(info, context.grant) {
            throw Rejection.notTheirs(id, context.grant.principal)
        }
        if let owner = context.grant.owner { options.metadata[StreamOwners.label] = owner }
        var writer = try self.service.backend.makeWriter(for: id, options: options)
        let position = try await writer.opened().value()
        // Another may have gone on with it in between.
        guard position.offset == upload.offset ?? 0 else { throw Self.wrongOffset(id, position.offset, "it has grown") }
        let signals = try await ConnectionSignals.of(context.channel)
        if upload.expectsContinue {
            try await context.channel.writeAndFlush(HTTPResponsePart.head(HTTPResponse(status: .continue))).get()
        }
        let metrics = self.service.metrics
        metrics.uploadStarted()
        metrics.uploadIsOpen(true)
        var isSealed = false
        defer {
            metrics.uploadIsOpen(false)
            if !isSealed { metrics.uploadSuspended() }
        }
        var received: Int64 = 0
        var watch = GrantWatch(context.grant, needing: .write, in: self.service.settings)
        do {
            for try await bytes in request.body {
                try watch.check()
                received += Int64(bytes.readableBytes)
                metrics.received(bytes.readableBytes, over: .http)
                if case .pause(let room) = try writer.append(bytes) {
                    try await room.value()
                } else {
                    // Readers get what is there, whenever more may come.
                    writer.flush()
                }
            }
        } catch let error as CacheError {
            throw error
        } catch let refusal as Refusal {
            self.service.logger.notice(
                "stream suspended: the token of its HTTP upload was withdrawn, or its right to write",
                metadata: ["stream": "\(id)", "principal": "\(context.grant.principal.name)"]
            )
            throw ProblemDetails(refusal)
        } catch {
            throw self.brokenOff(id, received)
        }
        guard signals.isRequestComplete, received == upload.length ?? received else {
            throw self.brokenOff(id, received)
        }
        let info = try await writer.finish(expecting: upload.digest).value()
        isSealed = true
        metrics.uploadSealed()
        return self.created(info, isNew: mode != .overwrite)
    }

    /// The body did not come to its end: what came of it is kept.
    private func brokenOff(_ id: StreamID, _ received: Int64) -> ProblemDetails {
        self.service.logger.info(
            "stream suspended: its HTTP upload broke off",
            metadata: ["stream": "\(id)", "received": "\(received)"]
        )
        return ProblemDetails(
            .badRequest,
            .badMessage,
            "The body did not come to its end. The stream is suspended; go on with it.",
            streamID: id.rawValue
        )
    }

    private func created(_ info: StreamInfo, isNew: Bool) -> Response {
        let json = StreamDescription(info, self.service.readers).json()
        var response = Response(json: json, status: isNew ? .created : .ok)
        if isNew { response.headers[.location] = "/streams/\(info.id)" }
        response.headers[.eTag] = EntityTag(info)?.fieldValue
        if let digest = info.sha256 { response.headers[named: DigestField.representation] = DigestField.value(digest) }
        return response
    }
}
