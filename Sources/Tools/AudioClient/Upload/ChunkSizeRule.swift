import Wire

/// Whether an upload that failed may have failed for the size of its chunks.
///
/// Some servers close with 1009, others just drop the connection, at the first frame that is longer than they take.
enum ChunkSizeRule {
    /// How much may have been sent when the first chunk was what the server could not take: as much as fits into the
    /// sockets' buffers on the way.
    static let unread: Int64 = 8 << 20

    /// The size to try once more with.
    ///
    /// - Parameters:
    ///   - error: Why the upload failed.
    ///   - chunkSize: The size of its chunks.
    ///   - sent: How many bytes had been sent.
    ///   - isOurGateway: Whether the server is one of ours, which say what they mean.
    ///   - configuration: How the client works.
    /// - Returns: A smaller size, or `nil` where trying again makes no sense.
    static func smaller(
        after error: ClientError,
        chunkSize: Int,
        sent: Int64,
        isOurGateway: Bool,
        configuration: ClientConfiguration
    ) -> Int? {
        guard !configuration.isChunkSizeFixed, chunkSize > ClientConfiguration.smallChunkSize, sent > 0 else {
            return nil
        }
        switch error.cause {
        case .closed(.messageTooBig): return ClientConfiguration.smallChunkSize
        case .closed(nil), .closed(.protocolError), .closed(.internalError), .dropped:
            return !isOurGateway && sent <= Self.unread ? ClientConfiguration.smallChunkSize : nil
        default: return nil
        }
    }
}
