import NIOCore
public import Wire

/// An open connection to a server. Does one thing at a time; what fails leaves it closed, but for a refusal by ERROR.
public struct ClientConnection: Sendable {
    let channel: any Channel
    let handler: NIOLoopBound<ConnectionHandler>
    let settings: ConnectionSettings
    /// The `Server` field of the 101, where there was one.
    public let server: String?

    /// Whether the server is one of ours: only then more than one GET is under way at once, and the extension is used.
    public var isOurGateway: Bool { ServerIdentity.isOurs(self.server) }

    /// Begins a stream.
    ///
    /// - Parameter start: The stream, and how to make it; what belongs to the extension only where ``isOurGateway``.
    /// - Returns: The server's answer, STARTED.
    /// - Throws: ``ClientError``.
    public func start(_ start: ClientMessage.Start) async throws(ClientError) -> ServerMessage {
        try await self.ask(.start(start), for: .started, name: "starting stream \(start.streamID)")
    }

    /// Ends a stream.
    ///
    /// - Parameters:
    ///   - streamID: The stream.
    ///   - sha256: What it must have, in hexadecimal digits; left out where the server is not ours.
    /// - Returns: The server's answer, STOPPED: everything is stored.
    /// - Throws: ``ClientError``.
    public func stop(_ streamID: String, sha256: String? = nil) async throws(ClientError) -> ServerMessage {
        let digest = self.isOurGateway ? sha256 : nil
        return try await self.ask(
            .stop(streamID: streamID, sha256: digest),
            for: .stopped,
            name: "finishing stream \(streamID)"
        )
    }

    /// Asks what is known about a stream. An extension: only where ``isOurGateway``.
    ///
    /// - Parameter streamID: The stream.
    /// - Returns: State, size, digest and the rest.
    /// - Throws: ``ClientError``.
    public func info(_ streamID: String) async throws(ClientError) -> StreamDescription {
        let answer = try await self.ask(.info(streamID: streamID), for: .info, name: "asking about stream \(streamID)")
        guard let info = answer.info, info.size >= 0 else {
            throw ClientError(.violation, "The server's INFO about stream \(streamID) makes no sense.")
        }
        return info
    }

    /// Asks anything.
    ///
    /// - Parameters:
    ///   - message: The question.
    ///   - kind: The kind of the answer.
    ///   - name: What is being done, as it reads after "while".
    /// - Returns: The answer.
    /// - Throws: ``ClientError``.
    public func ask(
        _ message: ClientMessage,
        for kind: ServerMessage.Kind,
        name: String
    ) async throws(ClientError) -> ServerMessage {
        try await self.perform(name) { promise in
            let request = ClientRequest(message, requestID: self.isOurGateway ? .integer(1) : nil)
            return Question(request, answeredBy: kind, name: name, promise: promise)
        }
    }

    /// Lists streams, one page. An extension: only where ``isOurGateway``.
    ///
    /// - Parameter page: Which streams.
    /// - Returns: The streams of the page, and what to ask for the page after it by, where there is one.
    /// - Throws: ``ClientError``.
    public func list(
        _ page: ClientMessage.List
    ) async throws(ClientError) -> (streams: [StreamDescription], next: String?) {
        let answer = try await self.ask(.list(page), for: .list, name: "listing streams")
        return (answer.streams ?? [], answer.next)
    }

    /// Removes a stream. An extension: only where ``isOurGateway``.
    ///
    /// - Parameter streamID: The stream.
    /// - Throws: ``ClientError``.
    public func delete(_ streamID: String) async throws(ClientError) {
        _ = try await self.ask(.delete(streamID: streamID), for: .deleted, name: "deleting stream \(streamID)")
    }

    /// Says goodbye, waits a little for the server to say it too, and closes.
    public func close() async {
        let handler = self.handler
        let channel = self.channel
        let goodbye = channel.eventLoop.submit { handler.value.sendClose(.normal) }
        do {
            try await goodbye.get()
            let timeout = channel.eventLoop.scheduleTask(in: .milliseconds(500)) { channel.close(promise: nil) }
            try await channel.closeFuture.get()
            timeout.cancel()
        } catch {
            channel.close(promise: nil)
        }
    }

    /// Runs one activity to its end; a cancelled task closes the connection.
    func perform<Value: Sendable>(
        _ name: String,
        _ make: @escaping @Sendable (EventLoopPromise<Value>) -> any Activity
    ) async throws(ClientError) -> Value {
        let handler = self.handler
        let channel = self.channel
        do {
            return try await withTaskCancellationHandler {
                try Task.checkCancellation()
                return try await channel.eventLoop.flatSubmit {
                    let promise = channel.eventLoop.makePromise(of: Value.self)
                    handler.value.begin(make(promise))
                    return promise.futureResult
                }.get()
            } onCancel: {
                channel.eventLoop.execute { handler.value.cancel() }
            }
        } catch {
            throw ErrorHandler.clientError(Task.isCancelled ? CancellationError() : error, while: name)
        }
    }
}
