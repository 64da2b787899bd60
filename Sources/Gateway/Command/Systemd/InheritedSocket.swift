import CacheProtocol

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A listening socket that a service manager has opened and hands over (sd_listen_fds(3)). It takes connections before the
/// gateway is there and while it starts again, and may be on a port that the gateway itself could not listen on.
struct InheritedSocket: Hashable, Sendable {
    /// The first descriptor that a service manager hands over.
    static let first: Int32 = 3

    let descriptor: Int32
    /// Where it listens.
    let host: String
    let port: Int

    /// The socket that the environment tells of.
    ///
    /// - Parameters:
    ///   - count: `LISTEN_FDS`, if set: how many descriptors are handed over.
    ///   - process: `LISTEN_PID`, if set: to whom. An environment outlives the process that it was made for.
    ///   - own: This process.
    /// - Returns: `nil` where none is handed over to this process.
    /// - Throws: ``ConfigError`` where there is more than one, or one that is none to listen on.
    static func find(
        count: String? = getenv("LISTEN_FDS").map { String(cString: $0) },
        process: String? = getenv("LISTEN_PID").map { String(cString: $0) },
        own: Int32 = getpid()
    ) throws(ConfigError) -> Self? {
        guard let count, process == "\(own)", count != "0" else { return nil }
        guard count == "1" else {
            throw Self.fault("\"\(count)\"", "1: a socket unit with a single ListenStream=")
        }
        return try Self(Self.first)
    }

    /// Looks at a descriptor, and keeps it from programs that this one may start.
    ///
    /// - Throws: ``ConfigError`` where it is no TCP socket that listens.
    init(_ descriptor: Int32) throws(ConfigError) {
        guard fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 else {
            throw Self.fault("descriptor \(descriptor), which is not open", "a socket")
        }
        var address = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let isSocket = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) == 0 }
        }
        guard isSocket else { throw Self.fault("descriptor \(descriptor), which is no socket", "a socket") }
        guard let (host, port) = Self.place(address) else {
            throw Self.fault("a socket that is not on IP", "an address or a port, such as ListenStream=8080")
        }
        guard Self.option(SO_TYPE, of: descriptor) == Self.streams else {
            throw Self.fault("a socket that is not TCP", "ListenStream=")
        }
        guard Self.option(SO_ACCEPTCONN, of: descriptor) == 1 else {
            throw Self.fault("a socket that does not listen", "a socket unit with ListenStream= and Accept=no")
        }
        (self.descriptor, self.host, self.port) = (descriptor, host, port)
    }

    private static func fault(_ found: String, _ accepted: String) -> ConfigError {
        ConfigError(file: "(environment)", keyPath: "LISTEN_FDS", found: found, accepted: accepted)
    }

    private static func option(_ name: Int32, of descriptor: Int32) -> Int32? {
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, name, &value, &length) == 0 ? value : nil
    }

    /// The address and the port; `nil` where it is of another family than IP's.
    private static func place(_ address: sockaddr_storage) -> (host: String, port: Int)? {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let port = withUnsafePointer(to: address) { pointer -> in_port_t? in
            switch Int32(address.ss_family) {
            case AF_INET:
                return pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                    var host = $0.pointee.sin_addr
                    return inet_ntop(AF_INET, &host, &text, socklen_t(text.count)) == nil ? nil : $0.pointee.sin_port
                }
            case AF_INET6:
                return pointer.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                    var host = $0.pointee.sin6_addr
                    return inet_ntop(AF_INET6, &host, &text, socklen_t(text.count)) == nil ? nil : $0.pointee.sin6_port
                }
            default: return nil
            }
        }
        guard let port else { return nil }
        let host = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return (String(decoding: host, as: UTF8.self), Int(in_port_t(bigEndian: port)))
    }

    #if canImport(Glibc)
    private static var streams: Int32 { Int32(SOCK_STREAM.rawValue) }
    #else
    private static var streams: Int32 { SOCK_STREAM }
    #endif
}
