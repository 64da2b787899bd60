/// Where an upload's bytes come from.
///
/// Read on the connection's event loop, which waits meanwhile: for a local file or memory that is the fastest way; a
/// source that can block for long has no place here.
public protocol ChunkSource: Sendable {
    /// How many bytes there are in all, where that is known.
    var size: Int64? { get }

    /// Reads the next bytes.
    ///
    /// - Parameter target: Where to put them.
    /// - Returns: How many; fewer than the target holds only at the end, and 0 from then on.
    /// - Throws: ``ClientError`` where reading failed; the upload ends with it.
    mutating func read(into target: UnsafeMutableRawBufferPointer) throws(ClientError) -> Int

    /// Goes to another place, to send again from there.
    ///
    /// - Parameter offset: From the beginning, in bytes; at most ``size``.
    /// - Throws: ``ClientError`` where that is not possible.
    mutating func seek(to offset: Int64) throws(ClientError)
}
