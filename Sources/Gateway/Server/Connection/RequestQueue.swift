import DequeModule
import NIOCore
import Wire

/// What a connection has asked to be told, answered one at a time in the order in which it came.
struct RequestQueue {
    /// How many requests may wait before nothing more is read from the peer.
    static let capacity = 64

    private struct Waiting {
        let request: ClientRequest
        var since: NIODeadline
    }

    private var requests: Deque<Waiting> = []
    private var deletions = 0

    /// Whether the peer is to wait: too much is outstanding, or what it says next may depend on a removal.
    var isBlocked: Bool { self.requests.count >= Self.capacity || self.deletions > 0 }

    var isEmpty: Bool { self.requests.isEmpty }

    /// What is to be answered next, or is being answered.
    var first: ClientRequest? { self.requests.first?.request }

    /// Since when the first request waits, if that is a GET.
    var firstGetAt: NIODeadline? {
        guard let first = self.requests.first, case .get = first.request.message else { return nil }
        return first.since
    }

    mutating func append(_ request: ClientRequest, at time: NIODeadline) {
        if case .delete = request.message { self.deletions += 1 }
        self.requests.append(Waiting(request: request, since: time))
    }

    /// What the first request waits for has come only now.
    mutating func restartClock(at time: NIODeadline) {
        guard !self.requests.isEmpty else { return }
        self.requests[self.requests.startIndex].since = time
    }

    /// The first request was answered.
    mutating func removeFirst() {
        if case .delete = self.requests.popFirst()?.request.message { self.deletions -= 1 }
    }

    mutating func removeAll() {
        self.requests = []
        self.deletions = 0
    }
}
