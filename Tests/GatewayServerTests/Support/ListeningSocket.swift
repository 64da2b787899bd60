import Foundation
import Testing

/// A TCP socket that listens, as a service manager opens it.
final class ListeningSocket {
    let handle: FileHandle
    let port: Int

    /// - Parameter address: Where it listens, an IPv4 address.
    init(_ address: String = "127.0.0.1", listens: Bool = true) throws {
        let descriptor = socket(AF_INET, Self.streams, 0)
        self.handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        try #require(inet_pton(AF_INET, address, &place.sin_addr) == 1)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &place) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { place in
                bind(descriptor, place, length) == 0 && getsockname(descriptor, place, &length) == 0
            }
        }
        try #require(isBound)
        if listens { try #require(listen(descriptor, 16) == 0) }
        self.port = Int(UInt16(bigEndian: place.sin_port))
    }

    #if canImport(Glibc)
    private static var streams: Int32 { Int32(SOCK_STREAM.rawValue) }
    #else
    private static var streams: Int32 { SOCK_STREAM }
    #endif
}
