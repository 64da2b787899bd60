#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Which process this is.
public enum ProcessIdentity {
    /// The process id (getpid(2)).
    public static var current: Int32 { getpid() }
}
