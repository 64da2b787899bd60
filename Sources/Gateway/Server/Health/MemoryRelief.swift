import Logging
import ServiceLifecycle

#if canImport(Glibc)
import Glibc
#endif

/// Gives memory back to the system once a crowd of connections has gone. What they used is free by then, but glibc keeps
/// what lies below the end of its heaps, however much that is, and would for as long as the process lives.
struct MemoryRelief: Service {
    /// How often it is looked whether a crowd has gone.
    private static let pause = Duration.seconds(5)

    let load: ServerLoad
    let logger: Logger

    func run() async throws { await cancelWhenGracefulShutdown { await self.watch() } }

    private func watch() async {
        var crowd = CrowdWatch()
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.pause)
            guard crowd.hasGone(connections: self.load.connections) else { continue }
            let begin = ContinuousClock.now
            guard Self.trim() else { continue }
            self.logger.debug("memory given back", metadata: ["took": "\(ContinuousClock.now - begin)"])
        }
    }

    /// malloc_trim(3), where there is one.
    ///
    /// - Returns: Whether anything was given back.
    private static func trim() -> Bool {
        #if canImport(Glibc)
        typealias Trim = @convention(c) (Int) -> CInt
        // Found by its name: Swift's module of glibc leaves malloc.h out.
        guard let symbol = dlsym(nil, "malloc_trim") else { return false }
        return unsafeBitCast(symbol, to: Trim.self)(0) == 1
        #else
        return false
        #endif
    }
}

/// Tells when most of many connections have gone, once for each time.
struct CrowdWatch {
    /// Fewer are no crowd.
    static let least = 64

    private var most = 0

    init() {}

    /// Looks again.
    ///
    /// - Parameter connections: How many there are now.
    /// - Returns: Whether at least half of the most that there were have gone since.
    mutating func hasGone(connections: Int) -> Bool {
        self.most = max(self.most, connections)
        guard self.most >= Self.least, connections <= self.most / 2 else { return false }
        self.most = connections
        return true
    }
}
