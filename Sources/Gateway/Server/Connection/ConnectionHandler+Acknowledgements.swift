import CacheProtocol
import Logging
import Wire

extension ConnectionHandler {
    /// More ACKs would cost more than what they tell is worth.
    private static let leastBetweenAcknowledgements: Int64 = 4_096
    /// Far beyond any stream, and far from where a sum would overflow.
    private static let mostBetweenAcknowledgements: Int64 = 1 << 50

    /// Tells the writer how far its upload is stored, every so many bytes, for as long as it goes on.
    ///
    /// - Parameters:
    ///   - upload: The upload, whose START asked for it.
    ///   - position: Where it began.
    func acknowledge(_ upload: UploadMachine<StreamWriter>.Upload, from position: WritePosition) {
        guard let wanted = upload.ackEvery, self.service.backend.capabilities.liveReads != .none else { return }
        do throws(CacheError) {
            let reader = try self.service.backend.makeReader(for: StreamID(upload.streamID))
            let every = min(max(wanted, Self.leastBetweenAcknowledgements), Self.mostBetweenAcknowledgements)
            let (epoch, target) = (position.epoch, position.offset + every)
            switch reader.opened() {
            case .now: self.acknowledge(upload, epoch: epoch, reader, every: every, target: target)
            case .later(let later):
                self.wait(for: later) { handler, result in
                    guard handler.upload.streamID == upload.streamID, handler.uploadEpoch == epoch,
                        case .success = result
                    else { return }
                    handler.acknowledge(upload, epoch: epoch, reader, every: every, target: target)
                }
            }
        } catch {
            self.logger.debug("no acknowledgements", metadata: ["error": "\(error)"])
        }
    }

    private func acknowledge(
        _ upload: UploadMachine<StreamWriter>.Upload,
        epoch: Int64,
        _ reader: StreamReader,
        every: Int64,
        target: Int64
    ) {
        self.wait(
            for: Later { () async throws(CacheError) in try await reader.grown(past: target - 1) }
        ) { handler, result in
            // The stream that is written now may be another one, or the same in other hands.
            guard handler.upload.streamID == upload.streamID, handler.uploadEpoch == epoch,
                case .success(let status) = result, status.state == .live
            else { return }
            var reply = ServerMessage(.ack, streamID: upload.streamID, message: "Stored")
            reply.offset = target
            // What only a sealed stream is safe against, no part of this one is yet.
            let durability = handler.service.backend.capabilities.durability
            let isSafeOnceSealed = durability == .power || durability == .tier
            reply.durableOffset = min(target, reader.durableSize ?? (isSafeOnceSealed ? 0 : target))
            handler.send(reply)
            handler.acknowledge(upload, epoch: epoch, reader, every: every, target: target + every)
        }
    }
}
