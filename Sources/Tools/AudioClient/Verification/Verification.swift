import Crypto
import NIOPosix

/// Compares what was sent with what came back. The verification module of the original system.
public enum Verification {
    /// How a comparison came out, point by point.
    public struct Result: Hashable, Sendable {
        /// What was to be.
        public var expected: StreamDigests
        /// What is.
        public var found: StreamDigests

        /// Pairs two records.
        ///
        /// - Parameters:
        ///   - expected: What was to be.
        ///   - found: What is.
        public init(expected: StreamDigests, found: StreamDigests) {
            self.expected = expected
            self.found = found
        }

        /// Whether the lengths are the same.
        public var isSizeEqual: Bool { self.expected.size == self.found.size }
        /// Whether the MD5 digests are the same.
        public var isMD5Equal: Bool { self.expected.md5 == self.found.md5 }
        /// Whether the SHA-256 digests are the same.
        public var isSHA256Equal: Bool { self.expected.sha256 == self.found.sha256 }
        /// Whether everything is the same.
        public var isEqual: Bool { self.isSizeEqual && self.isMD5Equal && self.isSHA256Equal }
    }

    /// The digests of a file, read once, in pieces, off the event loops.
    ///
    /// - Parameter path: The file.
    /// - Returns: Length and digests.
    /// - Throws: ``ClientError`` with code `noInput` or `io`, or with cause `cancelled`.
    public static func digests(ofFile path: String) async throws(ClientError) -> StreamDigests {
        try await self.read(path) { source, cancellation throws(ClientError) in
            var hasher = StreamHasher()
            try self.read(&source, cancellation) { hasher.update($0) }
            return hasher.finish()
        }
    }

    /// The SHA-256 of a file, read once, in pieces, off the event loops.
    ///
    /// - Parameter path: The file.
    /// - Returns: 64 lower-case hexadecimal digits.
    /// - Throws: ``ClientError`` with code `noInput` or `io`, or with cause `cancelled`.
    public static func sha256(ofFile path: String) async throws(ClientError) -> String {
        try await self.read(path) { source, cancellation throws(ClientError) in
            var hash = SHA256()
            try self.read(&source, cancellation) { hash.update(bufferPointer: $0) }
            return StreamHasher.hexadecimal(hash.finalize())
        }
    }

    /// Compares two files.
    ///
    /// - Parameters:
    ///   - expected: The file as it should be.
    ///   - found: The file to compare with it.
    /// - Returns: Both records; ``Result/isEqual`` tells.
    /// - Throws: ``ClientError`` with code `noInput` or `io`, or with cause `cancelled`.
    public static func compare(_ expected: String, _ found: String) async throws(ClientError) -> Result {
        Result(expected: try await self.digests(ofFile: expected), found: try await self.digests(ofFile: found))
    }

    private static func read<Value: Sendable>(
        _ path: String,
        _ body: @escaping @Sendable (inout FileChunkSource, Cancellation) throws(ClientError) -> Value
    ) async throws(ClientError) -> Value {
        try await self.offLoop("reading \(path)") { cancellation throws(ClientError) in
            var source = try FileChunkSource(path: path)
            return try body(&source, cancellation)
        }
    }

    /// Runs what blocks on a thread where it may. The thread pool lets go of work that has not begun when the task is
    /// cancelled; what has begun is to look for itself.
    static func offLoop<Value: Sendable>(
        _ name: String,
        _ body: @escaping @Sendable (Cancellation) throws(ClientError) -> Value
    ) async throws(ClientError) -> Value {
        let cancellation = Cancellation(of: name)
        do {
            return try await withTaskCancellationHandler {
                try await NIOThreadPool.singleton.runIfActive { try body(cancellation) }
            } onCancel: {
                cancellation.cancel()
            }
        } catch {
            throw ErrorHandler.clientError(error, while: name)
        }
    }

    private static func read(
        _ source: inout FileChunkSource,
        _ cancellation: Cancellation,
        _ body: (UnsafeRawBufferPointer) -> Void
    ) throws(ClientError) {
        let block = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)
        defer { block.deallocate() }
        while true {
            try cancellation.check()
            let count = try source.read(into: block)
            body(UnsafeRawBufferPointer(rebasing: block[..<count]))
            if count < block.count { return }
        }
    }
}
