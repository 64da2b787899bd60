#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

extension ProcessFigures {
    /// This process now. Reads a few files that have no device below them.
    static func current() -> ProcessFigures {
        var figures = ProcessFigures()
        var usage = rusage()
        if getrusage(Self.thisProcess, &usage) == 0 {
            figures.processorSeconds = Self.seconds(usage.ru_utime) + Self.seconds(usage.ru_stime)
        }
        var limit = rlimit()
        if getrlimit(Self.descriptors, &limit) == 0 { figures.maximumDescriptors = Double(limit.rlim_cur) }
        #if os(Linux)
        figures.openDescriptors = Self.entries(of: "/proc/self/fd")
        if let stat = Self.contents(of: "/proc/self/stat") {
            figures.take(
                stat: stat,
                ticksPerSecond: Double(sysconf(Int32(_SC_CLK_TCK))),
                pageBytes: Double(sysconf(Int32(_SC_PAGESIZE))),
                bootSeconds: Self.contents(of: "/proc/stat").flatMap { Self.bootSeconds($0) }
            )
        }
        #else
        figures.openDescriptors = Self.entries(of: "/dev/fd")
        #endif
        return figures
    }

    private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }

    #if canImport(Glibc)
    private static var thisProcess: __rusage_who_t { __rusage_who_t(RUSAGE_SELF.rawValue) }
    private static var descriptors: __rlimit_resource_t { __rlimit_resource_t(RLIMIT_NOFILE.rawValue) }
    #else
    private static var thisProcess: Int32 { RUSAGE_SELF }
    private static var descriptors: Int32 { RLIMIT_NOFILE }
    #endif

    private static func contents(of path: String) -> String? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        let bytes = [UInt8](unsafeUninitializedCapacity: 64 << 10) { target, initialized in
            initialized = fread(target.baseAddress, 1, target.count, file)
        }
        return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
    }

    /// How many names are in a directory of descriptors, but for the one that looks.
    private static func entries(of path: String) -> Double? {
        guard let directory = opendir(path) else { return nil }
        defer { closedir(directory) }
        var count = 0
        while let entry = readdir(directory) {
            if entry.pointee.d_name.0 != CChar(UInt8(ascii: ".")) { count += 1 }
        }
        return Double(max(0, count - 1))
    }
}
