import CacheProtocol

/// What `GET /streams` asks for: the members of LIST, with the same names and ranges.
struct ListQuery: Hashable {
    var filter = StreamFilter()
    var after: StreamID?
    var limit = 100

    /// The least and the most streams of a page.
    static let limits = 1...1_000

    /// Reads the parameters of a query.
    ///
    /// - Parameter parameters: Names and decoded values.
    /// - Throws: ``CacheError`` with code `range` or `bad_stream_id` where a parameter is unknown, comes twice, or has a
    ///   value that it does not take: what was misspelt must not silently list everything.
    init(_ parameters: [(name: String, value: String)]) throws(CacheError) {
        var seen: Set<String> = []
        for (name, value) in parameters {
            guard seen.insert(name).inserted else {
                throw CacheError(.range, "A parameter of the query comes twice.")
            }
            switch name {
            case "prefix": self.filter.prefix = value
            case "state":
                guard let state = StreamState(rawValue: value), state != .removed else {
                    throw CacheError(.range, "state is to be live, suspended or sealed.")
                }
                self.filter.state = state
            case "limit":
                guard let limit = Int(value), Self.limits.contains(limit) else {
                    throw CacheError(.range, "limit is to be a whole number from 1 to 1000.")
                }
                self.limit = limit
            case "after": self.after = try StreamID(value)
            default: throw CacheError(.range, "A listing takes prefix, state, limit and after, and nothing else.")
            }
        }
    }
}
