public import Wire

/// What a server of ours has: lists, tells about and removes streams. Gets over a connection that breaks.
public struct Catalogue: Sendable {
    /// How many streams one page has.
    public static let pageLength = 100

    private let client: WebSocketClient

    /// Makes a catalogue.
    ///
    /// - Parameter client: What opens the connections.
    public init(client: WebSocketClient) { self.client = client }

    /// Tells about a stream.
    ///
    /// - Parameter streamID: The stream.
    /// - Returns: What the server knows.
    /// - Throws: ``ClientError``.
    public func info(_ streamID: String) async throws(ClientError) -> StreamDescription {
        try await self.repeating("asking about stream \(streamID)") { connection, _ throws(ClientError) in
            try await connection.info(streamID)
        }
    }

    /// Lists streams, page after page, over one connection as long as that lasts.
    ///
    /// - Parameters:
    ///   - filter: Which streams; `limit` is set for each page, and `after` is where to begin.
    ///   - limit: How many streams at most; `nil` for all.
    ///   - body: Takes a page.
    /// - Returns: What to give as `after` to go on, or `nil` where all were listed.
    /// - Throws: ``ClientError``.
    public func list(
        _ filter: ClientMessage.List,
        limit: Int?,
        _ body: ([StreamDescription]) throws(ClientError) -> Void
    ) async throws(ClientError) -> String? {
        var walk = ListWalk(filter, limit: limit, pageLength: Self.pageLength)
        return try await self.repeating("listing streams") { connection, _ throws(ClientError) in
            while let page = walk.nextPage {
                let (streams, next) = try await connection.list(page)
                try body(walk.received(streams, next: next))
            }
            return walk.cursor
        }
    }

    /// Removes a stream.
    ///
    /// - Parameter streamID: The stream.
    /// - Throws: ``ClientError``.
    public func delete(_ streamID: String) async throws(ClientError) {
        try await self.repeating("deleting stream \(streamID)") { connection, attempt throws(ClientError) in
            do throws(ClientError) {
                try await connection.delete(streamID)
            } catch {
                // The DELETE of the connection before has arrived, and only its answer got lost.
                if attempt > 0, case .server(.streamNotFound, _) = error.cause { return }
                throw error
            }
        }
    }

    /// Does something that can be done again, until a connection lasts long enough for it.
    private func repeating<Value>(
        _ name: String,
        _ body: (ClientConnection, _ attempt: Int) async throws(ClientError) -> Value
    ) async throws(ClientError) -> Value {
        var perseverance = Perseverance(self.client.configuration.backoff)
        while true {
            let connection = try await self.client.connect()
            do throws(ClientError) {
                try connection.requireOurGateway(for: name)
                let value = try await body(connection, perseverance.resumptions)
                await connection.close()
                return value
            } catch {
                await connection.close()
                try await perseverance.wait(after: error, hasProgressed: false, while: name) {
                    self.client.tell(.repeating(after: error))
                }
            }
        }
    }
}

extension ClientConnection {
    /// Refuses to go on where the server is none of ours.
    ///
    /// - Parameter activity: What needs one, as it reads after "while".
    /// - Throws: ``ClientError`` with code `unavailable`.
    func requireOurGateway(for activity: String) throws(ClientError) {
        guard !self.isOurGateway else { return }
        throw ClientError(
            .unavailable,
            "The server is no audio-stream-cache gateway and speaks the base protocol only, which has no \(activity).",
            remedy: "Give the URL of an audio-stream-cache gateway."
        )
    }
}
