public import NIOCore

/// Payload bytes as they arrived, with the key that makes them readable.
///
/// A received buffer is shared with the socket's pool, so unmasking it in place would copy it first. These bytes are
/// unmasked on the way into their destination instead: the copy and the XOR are one pass.
public struct MaskedBytes: Sendable {
    /// The bytes as received.
    public private(set) var bytes: ByteBuffer
    /// The key for the first of them.
    public private(set) var key: MaskingKey

    /// Pairs bytes with their key.
    ///
    /// - Parameters:
    ///   - bytes: The bytes as received.
    ///   - key: The key for the first of them; ``MaskingKey/zero`` where they are not masked.
    public init(bytes: ByteBuffer, key: MaskingKey) {
        self.bytes = bytes
        self.key = key
    }

    /// How many bytes are left.
    public var count: Int { self.bytes.readableBytes }

    /// Moves as many bytes as fit into `span`, unmasked.
    ///
    /// - Parameter span: Room for some or all of the bytes.
    public mutating func unmask(into span: inout OutputRawSpan) {
        let count = min(span.freeCapacity, self.bytes.readableBytes)
        let key = self.key
        self.bytes.readWithUnsafeReadableBytes { source in
            span.withUnsafeMutableBytes { target, initialized in
                key.apply(
                    from: UnsafeRawBufferPointer(rebasing: source[..<count]),
                    to: UnsafeMutableRawBufferPointer(rebasing: target[initialized...])
                )
                initialized += count
            }
            return count
        }
        self.key = key.advanced(by: count)
    }

    /// All bytes, unmasked: the buffer itself where there is no mask, else a copy.
    ///
    /// - Returns: A buffer with just these bytes.
    public func unmasked() -> ByteBuffer {
        guard self.key != .zero else { return self.bytes }
        var result = ByteBufferAllocator().buffer(capacity: self.count)
        result.appendUnmasked(self)
        return result
    }
}

extension ByteBuffer {
    /// Appends bytes, unmasked.
    mutating func appendUnmasked(_ masked: MaskedBytes) {
        self.writeWithUnsafeMutableBytes(minimumWritableBytes: masked.count) { target in
            masked.bytes.withUnsafeReadableBytes { masked.key.apply(from: $0, to: target) }
            return masked.count
        }
    }
}
