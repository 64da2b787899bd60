import TestSupport
import Testing

@testable import FileStorage

@Suite("What a writer has handed over")
struct AppendQueueTests {
    /// A writer and its job, each doing its next step whenever chance has it.
    private struct Run {
        var queue: AppendQueue
        var random: SeededGenerator
        /// Up to where the job has taken bytes.
        var stored: Int64
        var accepted: Int64

        init(_ random: SeededGenerator) {
            self.random = random
            let size = Int64.random(in: 0...300_000, using: &self.random)
            self.queue = AppendQueue(size: size)
            self.stored = size
            self.accepted = size
        }

        mutating func append() -> Bool {
            var remaining = Int.random(in: 1...200_000, using: &self.random)
            var mustPause = false
            while remaining > 0 {
                let block: StagingBlock
                if let current = self.queue.current {
                    block = current
                } else {
                    let isSpare = Bool.random(using: &self.random)
                    block = StagingBlock(
                        capacity: isSpare ? StagingBlock.spareCapacity : StagingBlock.usualCapacity
                    )
                    self.queue.begin(block)
                }
                let count = min(remaining, block.capacity - self.queue.filled)
                mustPause = self.queue.publish(count)
                remaining -= count
            }
            return mustPause
        }

        /// The job does one thing; whether there was one.
        mutating func work() throws -> Bool {
            guard case .write(_, let range) = self.queue.next() else { return false }
            self.stored += Int64(range.count)
            self.queue.bytes -= range.count
            try #require(self.stored <= self.queue.end)
            return true
        }

        mutating func look() throws {
            let onItsWay = self.queue.onItsWay
            try #require(onItsWay >= self.accepted, "what readers may ask for has shrunk")
            self.accepted = onItsWay
            try #require(self.stored <= onItsWay, "bytes are stored that readers may not ask for")
        }
    }

    @Test(
        "whatever the sizes of the blocks, every byte comes once and in order, and what readers may ask for never shrinks"
    )
    func neverShrinks() throws {
        try checkProperty(runs: 300) { random throws in
            var run = Run(random)
            for _ in 0..<60 {
                switch Int.random(in: 0..<4, using: &run.random) {
                case 0, 1:
                    let mustPause = run.append()
                    try run.look()
                    guard mustPause else { continue }
                    // A writer that waits does nothing more until it is told to go on.
                    while !run.queue.hasRoom {
                        try #require(try run.work(), "the writer waits for bytes that nobody will store")
                        try run.look()
                    }
                case 2:
                    run.queue.due = run.queue.end
                    try run.look()
                default:
                    _ = try run.work()
                    try run.look()
                }
            }
            run.queue.due = run.queue.end
            while try run.work() {}
            try #require(run.stored == run.queue.end)
            try #require(run.queue.bytes == 0)
        }
    }
}
