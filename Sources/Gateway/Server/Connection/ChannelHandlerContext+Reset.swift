import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

extension ChannelHandlerContext {
    /// Closes the connection at once, and for good: what the peer has not taken is dropped, in the system's buffers too,
    /// and the peer is sent a reset.
    ///
    /// After an ordinary close the system goes on offering those bytes to a peer that takes none, for minutes, and keeps
    /// them for as long.
    func reset() {
        self.channel.dropUnsentAtClose()
        self.close(promise: nil)
    }
}

extension Channel {
    /// Has a close drop what the peer has not taken, and reset the connection: SO_LINGER with no time (socket(7)). To be
    /// called on the event loop. Where the option can't be set, the system's own patience remains.
    func dropUnsentAtClose() {
        guard let options = self as? any SocketOptionProvider else { return }
        _ = options.setSoLinger(linger(l_onoff: 1, l_linger: 0))
        self.pipeline.triggerUserOutboundEvent(UnsentIsDropped(), promise: nil)
    }
}

/// Told to the handlers of a channel: a close from now on waits for nothing.
struct UnsentIsDropped {}
