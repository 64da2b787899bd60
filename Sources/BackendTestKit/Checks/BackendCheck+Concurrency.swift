import CacheProtocol
import NIOCore

extension BackendCheck {
    static let concurrency: [BackendCheck] = [
        BackendCheck("64 readers follow one writer, and get the same bytes", when: \.readsLive) { bench in
            let sample = SampleBytes()
            let count = 400_000
            try await withThrowingTaskGroup(of: Void.self) { group in
                var writer = try await bench.start("a")
                for number in 0..<64 {
                    group.addTask { try await bench.follow("a", sample, count: count, reader: number) }
                }
                for start in stride(from: 0, to: count, by: 20_000) {
                    try await bench.append(sample, start..<start + 20_000, to: &writer)
                    writer.flush()
                    await Task.yield()
                }
                _ = try await writer.finish().value()
                try await group.waitForAll()
            }
        },
        BackendCheck("64 readers of a sealed stream get the same bytes") { bench in
            let sample = SampleBytes()
            try await bench.write("a", sample, count: 400_000)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<64 {
                    group.addTask {
                        let reader = try await bench.reader("a")
                        for start in stride(from: number * 97, to: 400_000, by: 65_536) {
                            try await bench.expect(reader, start..<min(start + 65_536, 400_000), of: sample)
                        }
                    }
                }
                try await group.waitForAll()
            }
        },
        BackendCheck("removing a stream while it is read gives no reader a wrong byte") { bench in
            let sample = SampleBytes()
            for round in 0..<10 {
                try await bench.write("a", sample, count: 200_000)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    let reader = try await bench.reader("a")
                    for number in 0..<8 {
                        group.addTask {
                            for start in stride(from: number, to: 200_000, by: 40_000) {
                                do {
                                    try await bench.expect(reader, start..<start + 1_000, of: sample)
                                } catch let error as CacheError where error.code == .aborted {
                                    return
                                }
                                await Task.yield()
                            }
                        }
                    }
                    group.addTask {
                        for _ in 0..<round { await Task.yield() }
                        try await bench.backend.remove(bench.id("a"))
                    }
                    try await group.waitForAll()
                }
                try await bench.expectNoStream("a")
            }
        },
        BackendCheck("of 100 makers of one stream exactly one writes it") { bench in
            let winners = try await withThrowingTaskGroup(of: Int?.self) { group in
                for number in 0..<100 {
                    group.addTask {
                        do {
                            var writer = try await bench.start("a")
                            try await bench.append(SampleBytes(seed: UInt64(number)).buffer(0..<1_000), to: &writer)
                            _ = try await writer.finish().value()
                            return number
                        } catch let error as CacheError {
                            try require(
                                error.code == .streamBusy || error.code == .streamExists,
                                "A loser was told \(error)."
                            )
                            return nil
                        }
                    }
                }
                return try await group.reduce(into: [Int]()) { if let number = $1 { $0.append(number) } }
            }
            try require(winners.count == 1, "\(winners.count) of 100 wrote the stream.")
            for winner in winners {
                try await bench.expect("a", is: .sealed, with: SampleBytes(seed: UInt64(winner)), count: 1_000)
            }
        },
        BackendCheck("a stream that is being written can't be removed: stream_busy") { bench in
            var writer = try await bench.start("a")
            try await bench.append(SampleBytes(), 0..<10, to: &writer)
            let id = try bench.id("a")
            try await bench.expect(.streamBusy, of: "removing a live stream") { try await bench.backend.remove(id) }
            try await bench.append(SampleBytes(), 10..<20, to: &writer)
            _ = try await writer.finish().value()
            try await bench.expect("a", is: .sealed, with: SampleBytes(), count: 20)
        },
        BackendCheck("of many that remove one stream exactly one does") { bench in
            try await bench.write("a", SampleBytes(), count: 10)
            let id = try bench.id("a")
            let removals = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        do {
                            try await bench.backend.remove(id)
                            return 1
                        } catch let error as CacheError {
                            try require(error.code == .streamNotFound, "A removal failed with \(error).")
                            return 0
                        }
                    }
                }
                return try await group.reduce(0, +)
            }
            try require(removals == 1, "\(removals) of 20 removed the stream.")
        },
        BackendCheck("many streams are written at once without disturbing each other") { bench in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<16 {
                    group.addTask {
                        let sample = SampleBytes(seed: UInt64(number))
                        let name = "s\(number)"
                        try await bench.write(name, sample, count: 100_000 + number * 4_096, chunk: 7_000 + number)
                        try await bench.expect(name, is: .sealed, with: sample, count: 100_000 + number * 4_096)
                    }
                }
                try await group.waitForAll()
            }
        },
    ]
}

extension Bench {
    /// Reads a stream to its end while it grows.
    fileprivate func follow(_ name: String, _ sample: SampleBytes, count: Int, reader number: Int) async throws {
        let reader = try await self.reader(name)
        var position = 0
        while true {
            let past = Int64(position)
            let status = try await within("Reader \(number) waits for ever at \(position) of \(count).") {
                try await reader.grown(past: past)
            }
            if Int(status.size) > position {
                try await self.expect(reader, position..<Int(status.size), of: sample)
                position = Int(status.size)
            } else if status.state != .live {
                break
            }
        }
        try require(position == count, "Reader \(number) got \(position) of \(count) bytes.")
        try require(reader.status.state == .sealed, "Reader \(number) sees a stream that is \(reader.status.state).")
    }
}
