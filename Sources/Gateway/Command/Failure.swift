import CacheProtocol
import FileStorage
import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Why the gateway could not start or go on: what a person is told, and the exit status (sysexits.h).
struct Failure {
    let message: String
    let status: Int32

    init(_ error: any Error) {
        switch error {
        case let error as ConfigError:
            self.message = "\(error)"
            self.status = EX_CONFIG
        case let error as CacheError:
            self.message = error.message
            let number = (error.cause as? SystemCallError)?.number
            let isForbidden = number == EACCES || number == EPERM
            self.status = isForbidden ? EX_NOPERM : error.code == .configuration ? EX_CONFIG : EX_UNAVAILABLE
        case let error as IOError:
            self.message = "The address can't be listened on: \(error). Choose another with --host and --port."
            self.status = error.errnoCode == EACCES ? EX_NOPERM : EX_UNAVAILABLE
        default:
            self.message = "\(error)"
            self.status = EX_SOFTWARE
        }
    }
}
