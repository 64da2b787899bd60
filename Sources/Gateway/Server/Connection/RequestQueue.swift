import DequeModule
import Wire

/// What a connection has asked to be told, answered one at a time in the order in which it came.
struct RequestQueue {
    /// How many requests may wait before nothing more is read from the peer.
    static let capacity = 64

    private var requests: Deque<ClientRequest> = []
    private var deletions = 0

    /// Whether the peer is to wait: too much is outstanding, or what it says next may depend on a removal.
    var isBlocked: Bool { self.requests.count >= Self.capacity || self.deletions > 0 }

    var isEmpty: Bool { self.requests.isEmpty }

    /// What is to be answered next, or is being answered.
    var first: ClientRequest? { self.requests.first }

    mutating func append(_ request: ClientRequest) {
        if case .delete = request.message { self.deletions += 1 }
        self.requests.append(request)
    }

    /// The first request was answered.
    mutating func removeFirst() {
        if case .delete = self.requests.popFirst()?.message { self.deletions -= 1 }
    }

    mutating func removeAll() {
        self.requests = []
        self.deletions = 0
    }
}
