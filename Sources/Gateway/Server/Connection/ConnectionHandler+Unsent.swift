import Logging
import NIOCore

extension ConnectionHandler: OutboundConsumer {
    /// How many bytes wait for the peer to take them.
    var pendingBytes: Int64 { self.account?.pending ?? 0 }

    @discardableResult
    func countUnsent() -> Int64 { self.account?.count() ?? 0 }

    func letGo() {
        guard let context = self.context else { return }
        self.logger.notice(
            "connection closed: more waits to be sent than limits.maxUnsentBytes allows, and for this one most",
            metadata: ["waiting": "\(self.pendingBytes)"]
        )
        self.account?.close()
        self.connectionEnded()
        context.reset()
    }
}
