import CacheProtocol
import NIOCore

/// Names in the order in which they fell idle, first the one that has been so longest.
///
/// Leaving costs nothing: whoever keeps a ticket no longer just does not recognise it when it is drawn.
struct IdleQueue {
    private var tickets = CircularBuffer<(number: UInt64, id: StreamID)>()
    private var last: UInt64 = 0
    private var valid = 0

    /// Puts a name at the end.
    ///
    /// - Returns: The ticket's number; never 0.
    mutating func append(_ id: StreamID) -> UInt64 {
        self.last += 1
        self.valid += 1
        self.tickets.append((self.last, id))
        return self.last
    }

    /// A ticket is no longer kept.
    ///
    /// - Parameter isValid: Whether a ticket is still kept; asked only when most may not be.
    mutating func forget(isValid: (StreamID, UInt64) -> Bool) {
        self.valid -= 1
        guard self.tickets.count > 2 * self.valid + 64 else { return }
        self.tickets.removeAll { !isValid($0.id, $0.number) }
    }

    /// Draws the oldest ticket that is still kept.
    mutating func popFirst(isValid: (StreamID, UInt64) -> Bool) -> StreamID? {
        while let (number, id) = self.tickets.popFirst() {
            if isValid(id, number) {
                self.valid -= 1
                return id
            }
        }
        return nil
    }
}
