import CacheProtocol
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Pages of one size, taken from the system once and recycled until nobody holds any of them.
///
/// A page comes back when the last buffer on it is dropped, wherever that happens; the one that came back last goes out
/// first, because the processor's cache still has it.
final class PageArena: Sendable {
    let pageSize: Int
    let pageCount: Int

    // Safe to share: set once; the memory behind it is handed out page by page, each to one owner at a time.
    nonisolated(unsafe) private let base: UnsafeMutableRawPointer
    private let state: Mutex<State>

    private struct State {
        /// The numbers of the pages that nobody holds; room for all of them is there from the start.
        var free: [UInt32]
        var highWater = 0
        var isClosed = false
    }

    /// What the pool holds at one moment, in pages.
    struct Usage: Hashable {
        var free: Int
        var used: Int
        var highWater: Int
    }

    /// Takes the memory (mmap(2), anonymous).
    ///
    /// - Parameters:
    ///   - pageSize: A page's size in bytes, a power of two of at least 4 KiB.
    ///   - pageCount: How many pages.
    ///   - preTouch: Whether to have the system back all of it now.
    /// - Throws: ``CacheError`` with code `configuration` where the system has not got so much.
    init(pageSize: Int, pageCount: Int, preTouch: Bool) throws(CacheError) {
        let (byteCount, isOverflow) = pageSize.multipliedReportingOverflow(by: pageCount)
        guard
            !isOverflow, pageCount > 0, pageCount <= Int(UInt32.max),
            let base = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            base != MAP_FAILED
        else {
            throw CacheError(
                .configuration,
                "The system has no \(pageCount) pages of \(pageSize) bytes for the memory pool: "
                    + "\(String(cString: strerror(errno))). Make the pool smaller."
            )
        }
        self.base = base
        self.pageSize = pageSize
        self.pageCount = pageCount
        self.state = Mutex(State(free: (0..<UInt32(pageCount)).reversed()))
        #if os(Linux)
        // Advice only: where it is not taken, pages are small ones.
        _ = madvise(base, byteCount, MADV_HUGEPAGE)
        #endif
        if preTouch {
            for offset in stride(from: 0, to: byteCount, by: 4 << 10) {
                base.storeBytes(of: 0, toByteOffset: offset, as: UInt8.self)
            }
        }
        ArenaRegistry.add(self)
    }

    deinit { munmap(self.base, self.pageSize * self.pageCount) }

    /// Hands out pages, all or none.
    ///
    /// - Parameter count: How many, more than 0.
    /// - Returns: The pages, with whatever bytes their last users left in them; `nil` where fewer are free.
    func take(_ count: Int) -> [Page]? {
        let numbers: [UInt32]? = self.state.withLock { state in
            guard state.free.count >= count else { return nil }
            let numbers = Array(state.free.suffix(count))
            state.free.removeLast(count)
            state.highWater = max(state.highWater, self.pageCount - state.free.count)
            return numbers
        }
        return numbers?.map { Page(self.base + Int($0) * self.pageSize, size: self.pageSize) }
    }

    /// How much is free and used.
    var usage: Usage {
        self.state.withLock { state in
            Usage(
                free: state.free.count,
                used: self.pageCount - state.free.count,
                highWater: state.highWater
            )
        }
    }

    /// Gives the memory back to the system as soon as nobody holds a page of it.
    func close() {
        let isDone = self.state.withLock { state in
            state.isClosed = true
            return state.free.count == self.pageCount
        }
        if isDone { ArenaRegistry.remove(self) }
    }

    /// Whether memory is one of this arena's pages.
    func contains(_ memory: UnsafeMutableRawPointer) -> Bool {
        memory >= self.base && memory < self.base + self.pageSize * self.pageCount
    }

    /// Takes a page back.
    func giveBack(_ memory: UnsafeMutableRawPointer) {
        let number = UInt32((memory - self.base) / self.pageSize)
        let isDone = self.state.withLock { state in
            state.free.append(number)
            return state.isClosed && state.free.count == self.pageCount
        }
        if isDone { ArenaRegistry.remove(self) }
    }
}
