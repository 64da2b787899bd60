import CacheProtocol

extension BackendCheck {
    static let listing: [BackendCheck] = [
        BackendCheck("the pages of a listing have every stream once, in order", when: \.lists) { bench in
            var names: [String] = []
            for index in 0..<25 {
                let name = ["b-", "a", "B", "a.", "c_"][index % 5] + "\(index * 7 % 25)"
                names.append(name)
                if index % 3 == 0 {
                    try await bench.writeAndDrop(name, SampleBytes(), count: index)
                } else {
                    try await bench.write(name, SampleBytes(), count: index)
                }
            }
            let sorted = try names.map { try bench.id($0) }.sorted()
            for limit in [1, 7, 24, 25, 26, 1_000] {
                let listed = try await bench.list(limit: limit).map(\.id)
                try require(listed == sorted, "By pages of \(limit) the listing is \(listed), not \(sorted).")
            }
            for info in try await bench.list() {
                let asked = try await bench.backend.info(info.id)
                try require(
                    asked.size == info.size && asked.state == info.state && asked.createdAt == info.createdAt,
                    "The listing says \(info), but info() says \(asked)."
                )
            }
        },
        BackendCheck("a listing is narrowed by prefix, by state and by the time of starting", when: \.lists) { bench in
            for name in ["a1", "a2", "b1", "b2", "b"] { try await bench.write(name, SampleBytes(), count: 3) }
            try await bench.writeAndDrop("b3", SampleBytes(), count: 3)
            let live = try await bench.start("b4")
            func names(_ filter: StreamFilter) async throws -> [String] {
                let whole = try await bench.list(filter).map(\.id.rawValue)
                let single = try await bench.list(filter, limit: 1).map(\.id.rawValue)
                try require(whole == single, "By pages of one it is \(single), else \(whole).")
                return whole
            }
            for (filter, expected) in [
                (StreamFilter(prefix: "a"), ["a1", "a2"]),
                (StreamFilter(prefix: "b"), ["b", "b1", "b2", "b3", "b4"]),
                (StreamFilter(prefix: "b1"), ["b1"]),
                (StreamFilter(prefix: "c"), []),
                (StreamFilter(prefix: "/"), []),
                (StreamFilter(state: .suspended), ["b3"]),
                (StreamFilter(state: .live), ["b4"]),
                (StreamFilter(prefix: "b", state: .sealed), ["b", "b1", "b2"]),
            ] {
                let found = try await names(filter)
                try require(found == expected, "\(filter) lists \(found), not \(expected).")
            }
            let start = try await bench.backend.info(bench.id("a1")).createdAt
            let future = start.advanced(bySeconds: 86_400)
            var found = try await names(StreamFilter(createdAfter: start, createdBefore: future)).count
            try require(found == 7, "\(found) of 7 streams were started since the first.")
            found = try await names(StreamFilter(createdAfter: future)).count
            try require(found == 0, "\(found) streams were started in the future.")
            found = try await names(StreamFilter(createdBefore: start)).count
            try require(found == 0, "\(found) streams were started before the first.")
            bench.drop(live)
        },
        BackendCheck("a listing goes on after a stream that is no longer there", when: \.lists) { bench in
            for name in ["a", "b", "c", "d"] { try await bench.write(name, SampleBytes(), count: 1) }
            let page = try await bench.backend.streams(matching: StreamFilter(), after: nil, limit: 2)
            try await bench.backend.remove(bench.id("b"))
            try await bench.backend.remove(bench.id("c"))
            let rest = try await bench.backend.streams(matching: StreamFilter(), after: page.next, limit: 2)
            try require(rest.streams.map(\.id.rawValue) == ["d"], "It goes on with \(rest.streams.map(\.id)).")
            try require(rest.next == nil, "There is nothing after the last stream, but a cursor.")
        },
    ]
}

extension Capabilities {
    var lists: Bool { self.listing != .none }
}
