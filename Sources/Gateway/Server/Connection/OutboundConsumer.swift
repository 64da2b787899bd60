/// A connection that bytes wait for, as its event loop's pulse sees it. Confined to the event loop.
protocol OutboundConsumer: AnyObject {
    /// Tells the server's budget how many bytes wait for the peer.
    ///
    /// - Returns: How many.
    @discardableResult
    func countUnsent() -> Int64

    /// Closes the connection at once: more waits for all together than may, and for this one most.
    func letGo()
}
