import NIOCore

/// Who is let go where more waits to be sent than may: those for whom most waits, one after the other, until the rest is
/// no more than may. Decided from amounts and times that it is told, without a clock.
///
/// Each event loop has one. It knows what waits for each connection of its own, and of the other loops only how much that
/// is at the most: where somebody elsewhere has more waiting, it is the turn of that loop.
struct OutboundRelief {
    /// For how long too much may wait. Until then connections only get no more than their share, and those that read make
    /// room; what is still too much waits for those that don't.
    static let patience = TimeAmount.seconds(1)

    private var overSince: NIODeadline?

    /// Whether too much waited at the last look.
    var isOver: Bool { self.overSince != nil }

    /// Looks at what waits.
    ///
    /// - Parameters:
    ///   - now: The time.
    ///   - waiting: How many bytes wait for all connections together.
    ///   - limit: How many may.
    ///   - own: How many wait for each of the loop's own connections.
    ///   - elsewhere: How many wait for any connection of another loop at the most.
    /// - Returns: Which of its own go: their places in `own`, that first for which most waits.
    mutating func look(at now: NIODeadline, waiting: Int64, limit: Int64, own: [Int64], elsewhere: Int64) -> [Int] {
        guard waiting > limit else {
            self.overSince = nil
            return []
        }
        let since = self.overSince ?? now
        self.overSince = since
        guard now - since >= Self.patience else { return [] }
        var excess = waiting - limit
        var victims: [Int] = []
        for place in own.indices.sorted(by: { own[$0] > own[$1] }) {
            guard excess > 0, own[place] > 0, own[place] >= elsewhere else { break }
            victims.append(place)
            excess -= own[place]
        }
        return victims
    }
}
