/// Where an upload's bytes come from.
///
/// Read on the connection's event loop, which waits meanwhile: for a local file or memory that is the fastest way. A
/// source that can block for long gives what is there, and calls when there is more.
public protocol ChunkSource: Sendable {
    /// How many bytes there are in all, where that is known.
    var size: Int64? { get }

    /// Reads the next bytes.
    ///
    /// - Parameter target: Where to put them.
    /// - Returns: How many; fewer than the target holds only where there are no more for now.
    /// - Throws: ``ClientError`` where reading failed; the upload ends with it.
    mutating func read(into target: UnsafeMutableRawBufferPointer) throws(ClientError) -> Int

    /// Goes to another place, to send again from there.
    ///
    /// - Parameter offset: From the beginning, in bytes; at most ``size``.
    /// - Throws: ``ClientError`` where that is not possible.
    mutating func seek(to offset: Int64) throws(ClientError)

    /// Whether nothing will come after what was read, where a read gave fewer bytes than its target holds. So it is with
    /// files; a source that is still being written has more later.
    var isAtEnd: Bool { get }

    /// Calls `wake` once there is more to read, or the end has come; at once where that is so already. The latest
    /// caller alone is called.
    ///
    /// - Parameter wake: Called on any thread.
    func whenReadable(_ wake: @escaping @Sendable () -> Void)

    /// After how many bytes the server is asked to tell how far it has stored them; `nil` for never.
    var acknowledgementInterval: Int64? { get }

    /// The server has stored everything before a place, which will not be asked for again.
    ///
    /// - Parameter offset: From the beginning, in bytes.
    func stored(upTo offset: Int64)
}

extension ChunkSource {
    /// Where the bytes end, there are no more.
    public var isAtEnd: Bool { true }

    /// There is nothing to wait for.
    public func whenReadable(_ wake: @escaping @Sendable () -> Void) { wake() }

    /// It does not matter how far the bytes are stored.
    public var acknowledgementInterval: Int64? { nil }

    /// It does not matter.
    public func stored(upTo offset: Int64) {}
}
