import CacheProtocol
import NIOCore
import Testing
import Wire

@testable import GatewayServer

@Suite("What a connection remembers")
struct QueueAndCacheTests {
    private func get(_ number: Int64) -> ClientRequest {
        ClientRequest(.get(.init(streamID: "s", offset: number, length: 1)), requestID: .integer(number))
    }

    @Test("requests are answered in the order in which they came")
    func order() {
        var queue = RequestQueue()
        #expect(queue.isEmpty && queue.first == nil)
        for number in 0..<10 { queue.append(self.get(Int64(number)), at: .now()) }
        for number in 0..<10 {
            #expect(queue.first?.requestID == .integer(Int64(number)))
            queue.removeFirst()
        }
        #expect(queue.isEmpty)
        queue.removeFirst()
        #expect(queue.isEmpty && !queue.isBlocked)
    }

    @Test("nothing more is read from a peer that has asked as much as may wait")
    func capacity() {
        var queue = RequestQueue()
        for number in 0..<RequestQueue.capacity {
            #expect(!queue.isBlocked)
            queue.append(self.get(Int64(number)), at: .now())
        }
        #expect(queue.isBlocked)
        queue.removeFirst()
        #expect(!queue.isBlocked)
        queue.append(self.get(0), at: .now())
        queue.removeAll()
        #expect(queue.isEmpty && !queue.isBlocked)
    }

    @Test("what comes after a removal waits for it, however many there are")
    func removals() {
        var queue = RequestQueue()
        queue.append(self.get(0), at: .now())
        queue.append(ClientRequest(.delete(streamID: "a")), at: .now())
        queue.append(ClientRequest(.delete(streamID: "b")), at: .now())
        #expect(queue.isBlocked)
        queue.removeFirst()
        #expect(queue.isBlocked)
        queue.removeFirst()
        #expect(queue.isBlocked)
        queue.removeFirst()
        #expect(!queue.isBlocked)
        queue.append(ClientRequest(.delete(streamID: "c")), at: .now())
        queue.removeAll()
        #expect(!queue.isBlocked)
    }

    /// A stream of which only the status matters.
    private final class FixedSource: StreamSource {
        let status: StreamStatus
        init(_ size: Int64, _ state: StreamState = .sealed) { self.status = StreamStatus(size: size, state: state) }
        func open() -> Answer<StreamStatus> { .now(self.status) }
        func read(at offset: Int64, count: Int) throws(CacheError) -> Answer<ByteBuffer> { .now(ByteBuffer()) }
        func grown(past offset: Int64, while state: StreamState) async throws(CacheError) -> StreamStatus {
            self.status
        }
    }

    private func reader(_ size: Int64, _ state: StreamState = .sealed) -> StreamReader {
        StreamReader(FixedSource(size, state))
    }

    private let start = NIODeadline.uptimeNanoseconds(1)

    @Test("the reader that was not used for longest makes room for a new one")
    func leastRecentlyUsed() {
        var cache = ReaderCache()
        for (size, name) in ["a", "b", "c", "d"].enumerated() {
            cache.insert(self.reader(Int64(size)), for: name, at: self.start)
        }
        // a is the oldest, and is used again: then b is.
        #expect(cache.reader(of: "a", at: self.start)?.status.size == 0)
        cache.insert(self.reader(4), for: "e", at: self.start)
        #expect(cache.reader(of: "b", at: self.start) == nil)
        #expect(cache.reader(of: "a", at: self.start)?.status.size == 0)
        #expect(cache.reader(of: "c", at: self.start)?.status.size == 2)
        // Now d, then e, were not used for longest.
        cache.insert(self.reader(5), for: "f", at: self.start)
        #expect(cache.reader(of: "d", at: self.start) == nil)
        cache.insert(self.reader(6), for: "g", at: self.start)
        #expect(cache.reader(of: "e", at: self.start) == nil)
        #expect(
            cache.reader(of: "a", at: self.start) != nil && cache.reader(of: "c", at: self.start) != nil
                && cache.reader(of: "f", at: self.start) != nil
        )
    }

    @Test("a reader of a stream that is gone is not used again: another stream may have the name")
    func removed() {
        var cache = ReaderCache()
        cache.insert(self.reader(1, .removed), for: "a", at: self.start)
        #expect(cache.reader(of: "a", at: self.start) == nil)
        cache.insert(self.reader(2), for: "a", at: self.start)
        #expect(cache.reader(of: "a", at: self.start)?.status.size == 2)
        cache.insert(self.reader(3), for: "a", at: self.start)
        #expect(cache.reader(of: "a", at: self.start)?.status.size == 3)
        cache.removeAll()
        #expect(cache.reader(of: "a", at: self.start) == nil)
    }

    @Test("a name that only looks the same to Unicode is another name")
    func kelvin() {
        var cache = ReaderCache()
        cache.insert(self.reader(1), for: "stream-K", at: self.start)
        #expect(cache.reader(of: "stream-\u{212A}", at: self.start) == nil)
        #expect(cache.reader(of: "stream-K", at: self.start) != nil)
    }

    @Test("a reader is kept for two seconds after its last use, one whose stream is gone no longer")
    func unused() {
        var cache = ReaderCache()
        cache.insert(self.reader(1), for: "a", at: self.start)
        cache.insert(self.reader(2), for: "b", at: self.start + .seconds(1))
        cache.insert(self.reader(3, .removed), for: "c", at: self.start + .seconds(1))
        #expect(cache.dropUnused(at: self.start + .milliseconds(1_999)) == self.start + .seconds(2))
        #expect(cache.reader(of: "a", at: self.start + .milliseconds(1_999)) != nil)
        #expect(cache.dropUnused(at: self.start + .seconds(3)) == self.start + .milliseconds(3_999))
        #expect(cache.reader(of: "b", at: self.start + .seconds(3)) == nil)
        #expect(cache.dropUnused(at: self.start + .milliseconds(3_999)) == nil)
    }

    @Test("a hundred pings in ten seconds are fine, and then no more until the ten seconds are over")
    func pings() {
        let start = NIODeadline.uptimeNanoseconds(1)
        var budget = PingBudget(now: start)
        func admitted(_ milliseconds: Int64) -> Bool { budget.admit(at: start + .milliseconds(milliseconds)) }
        for number in 0..<100 {
            let isAdmitted = admitted(Int64(number))
            #expect(isAdmitted)
        }
        let more = [admitted(100), admitted(9_999)]
        #expect(more == [false, false])
        for number in 0..<100 {
            let isAdmitted = admitted(10_000 + Int64(number))
            #expect(isAdmitted)
        }
        let evenMore = [admitted(11_000), admitted(20_000)]
        #expect(evenMore == [false, true])
    }

    @Test("one ping every ten milliseconds is a flood, one every hundred is not")
    func steadyPings() {
        let start = NIODeadline.uptimeNanoseconds(1)
        var slow = PingBudget(now: start)
        var fast = PingBudget(now: start)
        var refused = 0
        var refusedSlow = 0
        for number in 0..<1_000 {
            if !slow.admit(at: start + .milliseconds(Int64(100 * number))) { refusedSlow += 1 }
            if !fast.admit(at: start + .milliseconds(Int64(10 * number))) { refused += 1 }
        }
        #expect(refused == 900 && refusedSlow == 0)
    }
}
