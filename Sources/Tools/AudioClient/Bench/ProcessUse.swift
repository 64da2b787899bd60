#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What a process has used, as Linux tells (proc(5)).
struct ProcessUse: Hashable, Sendable {
    /// Processor time, in seconds, of the process and its threads.
    var processorSeconds: Double
    /// Anonymous memory in use, in bytes: heap and stacks, without files and their cache.
    var anonymousBytes: Int64

    /// Reads the files of a process.
    ///
    /// - Parameters:
    ///   - stat: `/proc/PID/stat`.
    ///   - status: `/proc/PID/status`.
    ///   - ticksPerSecond: What the first counts in.
    /// - Returns: `nil` where they are none.
    init?(stat: String, status: String, ticksPerSecond: Int) {
        // The second field is a name in parentheses, which may have anything in it.
        guard let end = stat.lastIndex(of: ")"), ticksPerSecond > 0 else { return nil }
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        guard fields.count > 12, let user = Int64(fields[11]), let system = Int64(fields[12]) else { return nil }
        let line = status.split(separator: "\n").first { $0.hasPrefix("RssAnon:") }
        guard
            let kilobytes = line?.split(whereSeparator: { " \t".contains($0) }).dropFirst().first.flatMap({ Int64($0) })
        else { return nil }
        self.processorSeconds = Double(user + system) / Double(ticksPerSecond)
        self.anonymousBytes = kilobytes * 1_024
    }

    /// Processor time of this process, in seconds (getrusage(2)).
    static var ownProcessorSeconds: Double {
        var use = rusage()
        #if canImport(Glibc)
        let who = __rusage_who_t(RUSAGE_SELF.rawValue)
        #else
        let who = RUSAGE_SELF
        #endif
        guard getrusage(who, &use) == 0 else { return 0 }
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return seconds(use.ru_utime) + seconds(use.ru_stime)
    }

    /// Asks about a process.
    ///
    /// - Parameter processID: The process.
    /// - Throws: ``ClientError`` with code `noInput` where it can't be asked about.
    static func of(_ processID: Int32) throws(ClientError) -> ProcessUse {
        guard let stat = try? String(contentsOfFile: "/proc/\(processID)/stat", encoding: .utf8),
            let status = try? String(contentsOfFile: "/proc/\(processID)/status", encoding: .utf8),
            let use = ProcessUse(stat: stat, status: status, ticksPerSecond: sysconf(Int32(_SC_CLK_TCK)))
        else {
            throw ClientError(
                .noInput,
                "What process \(processID) uses can't be read from /proc.",
                remedy: "Give the id of a process that runs, on Linux."
            )
        }
        return use
    }
}
