import GatewayServer

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// How many connections the process has descriptors for.
///
/// It must never run out of them: libdispatch, which runs the tasks of this language, looks at its threads in `/proc` every
/// second on Linux, and ends the process where it can't open a file there. So connections are refused long before.
enum DescriptorRoom {
    /// What is needed beside connections: log, index, event loops, the page cache's readers, libraries.
    private static let ownDescriptors = 64
    /// What a connection may need: a socket for a plain one; for a WebSocket one more, and two for its upload's file.
    private static let perConnection = 4

    /// Lets the process have as many descriptors as the system allows (setrlimit(2)).
    ///
    /// - Returns: How many that is.
    static func raise() -> Int {
        var limit = rlimit()
        #if canImport(Glibc)
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
        let resource = RLIMIT_NOFILE
        #endif
        guard getrlimit(resource, &limit) == 0 else { return .max }
        let before = limit.rlim_cur
        limit.rlim_cur = limit.rlim_max
        return Int(clamping: setrlimit(resource, &limit) == 0 ? limit.rlim_max : before)
    }

    /// Lowers the limits of a configuration to what descriptors there are.
    ///
    /// - Parameters:
    ///   - configuration: Whose limits are lowered, where they have to be.
    ///   - descriptors: How many the process may have.
    /// - Returns: The most connections of either kind, where something was lowered.
    static func fit(_ configuration: inout GatewayConfiguration, to descriptors: Int) -> Int? {
        let room = max(1, (descriptors - Self.ownDescriptors) / Self.perConnection)
        guard configuration.maximumConnections > room || configuration.maximumPlainConnections > room else {
            return nil
        }
        configuration.maximumConnections = min(configuration.maximumConnections, room)
        configuration.maximumPlainConnections = min(configuration.maximumPlainConnections, room)
        return room
    }
}
