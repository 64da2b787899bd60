public import NIOCore
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Writes to an open descriptor, standard output as a rule: a file, or a pipe into a player that takes its time.
public struct DescriptorSink: ChunkSink {
    /// A pipe may be full for as long as it likes.
    public static var mayBlock: Bool { true }

    private final class Abandonment: Sendable {
        let isAbandoned = Atomic(false)
    }

    /// How much a pipe takes without blocking when poll(2) says that it takes anything: PIPE_BUF of Linux.
    private static let piece = 4_096

    private let descriptor: Int32
    private let name: String
    private let isFile: Bool
    private let abandonment = Abandonment()

    /// Takes a descriptor, which stays open.
    ///
    /// - Parameters:
    ///   - descriptor: The descriptor.
    ///   - name: What to call it in sentences.
    public init(descriptor: Int32 = 1, name: String = "standard output") {
        var info = stat()
        self.descriptor = descriptor
        self.name = name
        self.isFile = fstat(descriptor, &info) == 0 && info.st_mode & S_IFMT == S_IFREG
    }

    /// Takes the next bytes; see ``ChunkSink/write(_:)``.
    public mutating func write(_ bytes: ByteBuffer) throws(ClientError) {
        let result = bytes.withUnsafeReadableBytes { bytes in
            Result { () throws(ClientError) in try self.write(bytes) }
        }
        try result.get()
    }

    /// Ends a wait for somebody to read; see ``ChunkSink/giveUp()``.
    public func giveUp() { self.abandonment.isAbandoned.store(true, ordering: .relaxed) }

    private func write(_ bytes: UnsafeRawBufferPointer) throws(ClientError) {
        var done = 0
        while done < bytes.count, let base = bytes.baseAddress {
            var length = bytes.count - done
            if !self.isFile {
                try self.waitForRoom()
                length = min(length, Self.piece)
            }
            #if canImport(Glibc)
            let count = Glibc.write(self.descriptor, base + done, length)
            #elseif canImport(Musl)
            let count = Musl.write(self.descriptor, base + done, length)
            #else
            let count = Darwin.write(self.descriptor, base + done, length)
            #endif
            if count < 0 {
                if errno == EINTR || errno == EAGAIN { continue }
                if errno == EPIPE {
                    throw ClientError(.io, "Nobody reads \(self.name) any more.", cause: .system(EPIPE))
                }
                throw ErrorHandler.file("write", self.name, errno, .io)
            }
            done += count
        }
    }

    private func waitForRoom() throws(ClientError) {
        while true {
            if self.abandonment.isAbandoned.load(ordering: .relaxed) {
                throw ErrorHandler.clientError(CancellationError(), while: "writing to \(self.name)")
            }
            var entry = pollfd(fd: self.descriptor, events: Int16(POLLOUT), revents: 0)
            let ready = poll(&entry, 1, 100)
            // Whatever poll(2) has to say but "not yet", write(2) says better. A signal that ends the wait says nothing.
            if ready > 0 || ready < 0 && errno != EINTR { return }
        }
    }
}
