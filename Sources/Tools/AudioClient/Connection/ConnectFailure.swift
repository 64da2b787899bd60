import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Names what kept a connection from coming about.
enum ConnectFailure {
    /// The error for whatever connecting threw.
    static func clientError(_ error: any Error, server: ServerURL, timeout: Duration) -> ClientError {
        switch error {
        case let error as ClientError: error
        case is CancellationError: ErrorHandler.clientError(error, while: "connecting to \(server)")
        case let error as NIOConnectionError: self.clientError(error, server: server, timeout: timeout)
        case let error as IOError where error.errnoCode == ECONNREFUSED: self.refused(server)
        case let error as ChannelError: self.clientError(error, server: server, timeout: timeout)
        case is NIOSSLError, is NIOSSLExtraError: Encryption.failure(error, server)
        case is HTTPParserError:
            HandshakeVerdict.violation("its answer is no HTTP/1.1")
        case is NIOHTTPClientUpgradeError:
            HandshakeVerdict.violation("its answer is no upgrade to WebSocket")
        default:
            ClientError(
                .unavailable,
                "Connecting to \(server) failed: \(error).",
                remedy: "Check the URL, and the network.",
                cause: .dropped
            )
        }
    }

    private static func clientError(_ error: NIOConnectionError, server: ServerURL, timeout: Duration) -> ClientError {
        guard !error.connectionErrors.isEmpty else {
            return ClientError(
                .unavailable,
                "The host \(server.host) of \(server) is not known.",
                remedy: "Check its name, and the network.",
                cause: .refused
            )
        }
        let isRefused = error.connectionErrors.contains { ($0.error as? IOError)?.errnoCode == ECONNREFUSED }
        if isRefused { return self.refused(server) }
        let isTimeout = error.connectionErrors.contains {
            if case .connectTimeout = $0.error as? ChannelError { true } else { false }
        }
        if isTimeout { return self.timedOut(server, timeout) }
        let reasons = error.connectionErrors.map { "\($0.error)" }.joined(separator: "; ")
        return ClientError(
            .unavailable,
            "Connecting to \(server) failed: \(reasons).",
            remedy: "Check the URL, and the network.",
            cause: .refused
        )
    }

    private static func clientError(_ error: ChannelError, server: ServerURL, timeout: Duration) -> ClientError {
        if case .connectTimeout = error { return self.timedOut(server, timeout) }
        // What the upgrade handler says when its channel closes before the handshake is over.
        return ClientError(
            .unavailable,
            "\(server) closed the connection during the WebSocket handshake.",
            remedy: "Check that the URL is that of an audio stream cache.",
            cause: .dropped
        )
    }

    private static func refused(_ server: ServerURL) -> ClientError {
        ClientError(
            .unavailable,
            "Nobody listens at \(server).",
            remedy: "Start the gateway, or give the URL of one that runs.",
            cause: .refused
        )
    }

    private static func timedOut(_ server: ServerURL, _ timeout: Duration) -> ClientError {
        ClientError(
            .unavailable,
            "\(server) did not answer within \(timeout.inMilliseconds) ms.",
            remedy: "Check the URL, and the network.",
            cause: .timedOut
        )
    }
}
