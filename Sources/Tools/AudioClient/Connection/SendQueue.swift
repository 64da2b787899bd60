import NIOCore
import NIOPosix

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What was sent over a connection and has not arrived: on a slow link megabytes lie in the system's buffer for minutes
/// after the last of them was written.
enum SendQueue {
    /// How many bytes the other end's system has not acknowledged: what waits in the channel, and what waits in the
    /// system (SIOCOUTQ, tcp(7)). To be called on the event loop.
    ///
    /// - Parameter channel: The connection.
    /// - Returns: The number, or `nil` where it is no socket or the system does not tell.
    static func length(of channel: any Channel) -> Int64? {
        guard let buffered = try? channel.syncOptions?.getOption(.bufferedWritableBytes) else { return nil }
        let inSystem = try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(
            of: NIOBSDSocket.Handle.self
        ) { socket in
            Self.unacknowledged(socket)
        }
        guard let inSystem = inSystem.flatMap({ $0 }) else { return nil }
        return Int64(buffered) + Int64(inSystem)
    }

    private static func unacknowledged(_ socket: NIOBSDSocket.Handle) -> CInt? {
        var count: CInt = 0
        #if canImport(Darwin)
        var length = socklen_t(MemoryLayout<CInt>.size)
        return getsockopt(socket, SOL_SOCKET, SO_NWRITE, &count, &length) == 0 ? count : nil
        #else
        return ioctl(socket, UInt(TIOCOUTQ), &count) == 0 ? count : nil
        #endif
    }
}
