#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// An open file descriptor, closed when the last reference is gone.
///
/// Closing a file that was unlinked can take the file system a while, so the last reference is to be dropped off the
/// event loop where that can be arranged.
public final class OpenFile: Sendable {
    /// The descriptor, valid as long as this object lives.
    let descriptor: CInt
    /// What was opened, for messages.
    public let path: String

    /// Takes over an open descriptor.
    init(descriptor: CInt, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit { _ = close(self.descriptor) }
}
