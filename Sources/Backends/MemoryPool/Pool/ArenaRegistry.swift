import Synchronization

/// The arenas of this process that somebody may still hold a page of, so that a page finds its way home by its address
/// alone: a `ByteBuffer` tells no more when it lets go of its memory.
enum ArenaRegistry {
    private static let arenas = Mutex<[PageArena]>([])

    /// Keeps an arena until it is removed.
    static func add(_ arena: PageArena) { self.arenas.withLock { $0.append(arena) } }

    /// Lets go of an arena.
    static func remove(_ arena: PageArena) {
        // Returned from the lock, so that the memory is unmapped outside it.
        _ = self.arenas.withLock { arenas in
            arenas.firstIndex { $0 === arena }.map { arenas.remove(at: $0) }
        }
    }

    /// The arena that memory is a page of, or `nil` where it is other memory.
    static func arena(of memory: UnsafeMutableRawPointer) -> PageArena? {
        // No arena can go away meanwhile: it stays while one of its pages is out, and this one is.
        self.arenas.withLock { arenas in arenas.first { $0.contains(memory) } }
    }
}
