import AllocationCounter
import Testing

/// Counts how often this thread asks for memory in a call.
///
/// - Parameters:
///   - warmUps: How often `body` is called before: what is allocated once is none of its cost.
///   - body: What to count.
/// - Returns: The number, or `nil` where nothing is counted (see `AllocationCounter.h`).
func allocations(afterWarmUps warmUps: Int = 2, in body: () throws -> Void) rethrows -> Int? {
    for _ in 0..<warmUps { try body() }
    let before = allocation_counter_of_thread()
    try body()
    let after = allocation_counter_of_thread()
    return before < 0 ? nil : Int(after - before)
}

@Suite("The counter of allocations")
struct AllocationCounterTests {
    /// An object, that the optimizer can't put on the stack.
    private final class Object {
        @inline(never) init() {}
    }

    @Test("it counts what is allocated, exactly, and nothing where nothing is")
    func counts() {
        var kept: [Object] = []
        kept.reserveCapacity(1_000)
        let some = allocations(afterWarmUps: 0) {
            for _ in 0..<100 { kept.append(Object()) }
        }
        guard let some else { return }
        #expect(some == 100)
        #expect(allocations { kept.swapAt(0, 1) } == 0)
    }
}
