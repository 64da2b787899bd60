#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The datagram socket on which a service manager hears how a service is (sd_notify(3)). Without a manager, there is
/// none; where a manager takes nothing, nothing is waited for.
struct NotifySocket: Sendable {
    /// Where the manager listens: a path, or a name in the abstract namespace after an `@`.
    let address: String

    /// The socket that the environment names in `NOTIFY_SOCKET`; `nil` where it names none.
    init?(environment name: String? = getenv("NOTIFY_SOCKET").map { String(cString: $0) }) {
        guard let name, name.utf8.count > 1, name.hasPrefix("/") || name.hasPrefix("@") else { return nil }
        self.address = name
    }

    /// Tells the manager.
    ///
    /// - Parameter lines: Assignments such as `READY=1`.
    /// - Returns: Whether it was handed over.
    @discardableResult
    func send(_ lines: [String]) -> Bool {
        var target = sockaddr_un()
        target.sun_family = sa_family_t(AF_UNIX)
        var path = Array(self.address.utf8)
        // The abstract namespace is that of a zero byte in front (unix(7)).
        let isAbstract = path.first == UInt8(ascii: "@")
        if isAbstract { path[0] = 0 }
        let capacity = MemoryLayout.size(ofValue: target.sun_path)
        guard path.count < capacity else { return false }
        withUnsafeMutableBytes(of: &target.sun_path) { $0.copyBytes(from: path) }
        let offset = MemoryLayout<sockaddr_un>.size - capacity
        // A path ends with a zero byte, a name with the length.
        let length = socklen_t(offset + path.count + (isAbstract ? 0 : 1))
        let descriptor = socket(AF_UNIX, Self.datagrams, 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        let text = Array(lines.joined(separator: "\n").utf8)
        return withUnsafePointer(to: &target) { target in
            target.withMemoryRebound(to: sockaddr.self, capacity: 1) { target in
                sendto(descriptor, text, text.count, Int32(MSG_DONTWAIT), target, length) == text.count
            }
        }
    }

    #if canImport(Glibc)
    private static var datagrams: Int32 { Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) }
    #else
    private static var datagrams: Int32 { SOCK_DGRAM }
    #endif
}
