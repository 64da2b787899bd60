import CacheProtocol

extension BackendCheck {
    private static let mebibyte = 1 << 20

    /// A check on a backend with room for 8 MiB.
    private init(small promise: String, body: @escaping @Sendable (Bench) async throws -> Void) {
        self.init(
            promise,
            when: { capabilities, hooks in capabilities.eviction != .none && hooks.contains(.capacity) },
            steps: [
                Step(
                    make: { fixture in
                        guard let make = fixture.makeSmall else {
                            throw BrokenPromise("The fixture has no `makeSmall`.")
                        }
                        return try await make(8 << 20)
                    },
                    body: body
                )
            ]
        )
    }

    /// A check whose fixture moves the clock.
    private init(
        timed promise: String,
        body: @escaping @Sendable (Bench, @Sendable (Int64) async -> Void) async throws -> Void
    ) {
        self.init(
            promise,
            when: { capabilities, hooks in capabilities.timeToLive != .none && hooks.contains(.clock) },
            steps: [
                Step(
                    make: { try await $0.make() },
                    body: { bench in
                        guard let advance = bench.fixture.advance else {
                            throw BrokenPromise("The fixture has no `advance`.")
                        }
                        try await body(bench, advance)
                    }
                )
            ]
        )
    }

    static let room: [BackendCheck] = [
        BackendCheck(small: "when room is needed, the stream that was not read for longest goes first") { bench in
            let sample = SampleBytes()
            for name in ["a", "b", "c"] { try await bench.write(name, sample, count: 2 * Self.mebibyte) }
            do {
                let reader = try await bench.reader("a")
                try await bench.expect(reader, 0..<1_000, of: sample)
            }
            try await bench.write("d", sample, count: 3 * Self.mebibyte)
            try await bench.expectNoStream("b")
            try await bench.expect("a", is: .sealed, with: sample, count: 2 * Self.mebibyte)
            try await bench.expect("d", is: .sealed, with: sample, count: 3 * Self.mebibyte)
        },
        BackendCheck(small: "a stream that is being read, written or kept for resuming is never evicted") { bench in
            let sample = SampleBytes()
            try await bench.write("read", sample, count: 2 * Self.mebibyte)
            let reader = try await bench.reader("read")
            try await bench.writeAndDrop("kept", sample, count: 2 * Self.mebibyte)
            var writer = try await bench.start("written")
            try await bench.append(sample, 0..<2 * Self.mebibyte, to: &writer)
            try await bench.expect(.storageFull, of: "a stream that does not fit") {
                try await bench.write("more", sample, count: 6 * Self.mebibyte)
            }
            try await bench.expect(reader, 0..<2 * Self.mebibyte, of: sample)
            try await bench.expect("kept", is: .suspended, with: sample, count: 2 * Self.mebibyte)
            try await bench.settle("more")
            try await bench.backend.remove(bench.id("more"))
            try await bench.append(sample, 2 * Self.mebibyte..<2 * Self.mebibyte + 10, to: &writer)
            _ = try await writer.finish().value()
            try await bench.expect("written", is: .sealed, with: sample, count: 2 * Self.mebibyte + 10)
        },
        BackendCheck(small: "a stream that met full storage keeps its bytes, and goes on once there is room") { bench in
            let sample = SampleBytes()
            try await bench.writeAndDrop("hog", sample, count: 6 * Self.mebibyte)
            var writer = try await bench.start("a")
            var count = 0
            do {
                while count < 8 * Self.mebibyte {
                    try await bench.append(sample.buffer(count..<count + 65_536), to: &writer)
                    count += 65_536
                }
                throw BrokenPromise("14 MiB fit into 8 MiB.")
            } catch let error as CacheError {
                try require(error.code == .storageFull, "It failed with \(error), not storage_full.")
            }
            bench.drop(writer)
            try await bench.settle("a")
            let size = Int(try await bench.backend.info(bench.id("a")).size)
            try require(size > 0 && size <= count, "\(size) bytes were kept of \(count).")
            try await bench.expect("a", is: .suspended, with: sample, count: size)
            try await bench.backend.remove(bench.id("hog"))
            guard bench.capabilities.resumes else { return }
            var again = try await bench.start("a", WriteOptions(mode: .resume))
            try await bench.append(sample, size..<4 * Self.mebibyte, to: &again)
            _ = try await again.finish().value()
            try await bench.expect("a", is: .sealed, with: sample, count: 4 * Self.mebibyte)
        },
        BackendCheck(timed: "a stream goes when its time is over, and not before") { bench, advance in
            let sample = SampleBytes()
            try await bench.write("brief", sample, count: 1_000, WriteOptions(timeToLiveSeconds: 3_600))
            try await bench.write("long", sample, count: 1_000, WriteOptions(timeToLiveSeconds: 1_000_000))
            // Ten minutes on either side: more than the check itself may take.
            await advance(3_000)
            try await bench.expect("brief", is: .sealed, with: sample, count: 1_000)
            await advance(601)
            try await eventually({ "The stream is still there after its time." }) {
                do {
                    _ = try await bench.backend.info(bench.id("brief"))
                    return false
                } catch let error as CacheError {
                    return error.code == .streamNotFound
                }
            }
            try await bench.expectNoStream("brief")
            try await bench.expect("long", is: .sealed, with: sample, count: 1_000)
        },
    ]
}
