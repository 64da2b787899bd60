import CacheProtocol
import NIOCore
import Synchronization

extension BackendCheck {
    static let writing: [BackendCheck] = [
        BackendCheck("a finished stream is sealed, listed, and has every byte") { bench in
            let sample = SampleBytes()
            let info = try await bench.write("a", sample, count: 300_000)
            try require(info.state == .sealed, "finish() returned a stream that is \(info.state).")
            try require(info.size == 300_000, "finish() returned a stream of \(info.size) bytes, not 300000.")
            try await bench.expect("a", is: .sealed, with: sample, count: 300_000)
            guard bench.capabilities.listing != .none else { return }
            let listed = try await bench.list()
            try require(listed.map(\.id.rawValue) == ["a"], "The listing has \(listed.map(\.id)).")
            try require(listed.first?.state == .sealed, "The listing does not say that the stream is sealed.")
        },
        BackendCheck("a dropped writer leaves its stream suspended and readable") { bench in
            let sample = SampleBytes()
            try await bench.writeAndDrop("a", sample, count: 150_001)
            try await bench.expect("a", is: .suspended, with: sample, count: 150_001)
        },
        BackendCheck("an aborted stream leaves nothing, and its name is free") { bench in
            let sample = SampleBytes()
            var writer = try await bench.start("a")
            try await bench.append(sample, 0..<100_000, to: &writer)
            try await writer.abort().value()
            try await bench.expectNoStream("a")
            try await bench.write("a", SampleBytes(seed: 2), count: 10)
            try await bench.expect("a", is: .sealed, with: SampleBytes(seed: 2), count: 10)
        },
        BackendCheck("a second writer is refused with stream_busy") { bench in
            var writer = try await bench.start("a")
            try await bench.append(SampleBytes(), 0..<10, to: &writer)
            for mode in [WriteOptions.Mode.create, .overwrite] {
                try await bench.expect(.streamBusy, of: "a second writer (\(mode))") {
                    bench.drop(try await bench.start("a", WriteOptions(mode: mode)))
                }
            }
            try await bench.append(SampleBytes(), 10..<20, to: &writer)
            _ = try await writer.finish().value()
            try await bench.expect("a", is: .sealed, with: SampleBytes(), count: 20)
        },
        BackendCheck("a sealed stream's name is refused with stream_exists, and the stream is left alone") { bench in
            try await bench.write("a", SampleBytes(), count: 70_000)
            for mode in [WriteOptions.Mode.create, .resume] {
                try await bench.expect(.streamExists, of: "another writer (\(mode))") {
                    bench.drop(try await bench.start("a", WriteOptions(mode: mode)))
                }
            }
            try await bench.expect("a", is: .sealed, with: SampleBytes(), count: 70_000)
        },
        BackendCheck("a suspended stream's name is refused with stream_exists to who does not resume it") { bench in
            try await bench.writeAndDrop("a", SampleBytes(), count: 70_000)
            try await bench.expect(.streamExists, of: "another writer") { bench.drop(try await bench.start("a")) }
            try await bench.expect("a", is: .suspended, with: SampleBytes(), count: 70_000)
        },
        BackendCheck("overwriting replaces a sealed stream, a suspended one, and none") { bench in
            let options = WriteOptions(mode: .overwrite)
            try await bench.write("a", SampleBytes(seed: 1), count: 200_000)
            try await bench.write("a", SampleBytes(seed: 2), count: 1_000, options)
            try await bench.expect("a", is: .sealed, with: SampleBytes(seed: 2), count: 1_000)
            try await bench.writeAndDrop("b", SampleBytes(seed: 3), count: 200_000)
            try await bench.write("b", SampleBytes(seed: 4), count: 1_000, options)
            try await bench.expect("b", is: .sealed, with: SampleBytes(seed: 4), count: 1_000)
            try await bench.write("c", SampleBytes(seed: 5), count: 1_000, options)
            try await bench.expect("c", is: .sealed, with: SampleBytes(seed: 5), count: 1_000)
            guard bench.capabilities.listing != .none else { return }
            let names = try await bench.list().map(\.id.rawValue)
            try require(names == ["a", "b", "c"], "The listing has \(names).")
        },
        BackendCheck("a writer that was never opened changes nothing") { bench in
            try await bench.write("a", SampleBytes(), count: 1_000)
            bench.drop(try bench.backend.makeWriter(for: bench.id("a"), options: WriteOptions(mode: .overwrite)))
            bench.drop(try bench.backend.makeWriter(for: bench.id("b"), options: WriteOptions()))
            try await bench.expect("a", is: .sealed, with: SampleBytes(), count: 1_000)
            try await bench.expectNoStream("b")
            try await bench.write("b", SampleBytes(), count: 1_000)
        },
        BackendCheck("an empty stream is a stream") { bench in
            try await bench.write("a", SampleBytes(), count: 0)
            try await bench.expect("a", is: .sealed, with: SampleBytes(), count: 0)
            try await bench.writeAndDrop("b", SampleBytes(), count: 0)
            try await bench.expect("b", is: .suspended, with: SampleBytes(), count: 0)
        },
        BackendCheck("a declared size is no limit, and need not be reached") { bench in
            try await bench.write("a", SampleBytes(), count: 100_000, WriteOptions(expectedSize: 50_000))
            try await bench.expect("a", is: .sealed, with: SampleBytes(), count: 100_000)
            try await bench.write("b", SampleBytes(), count: 10, WriteOptions(expectedSize: 1_000_000))
            try await bench.expect("b", is: .sealed, with: SampleBytes(), count: 10)
        },
        BackendCheck("bytes arrive whole in chunks of any size") { bench in
            let sample = SampleBytes()
            var writer = try await bench.start("a")
            var count = 0
            let sizes = [1, 2, 3, 7, 4_095, 4_096, 4_097, 1, 65_535, 65_536, 65_537, 100_003, 262_144, 1 << 20, 1]
            for size in sizes {
                try await bench.append(sample.buffer(count..<count + size), to: &writer)
                count += size
            }
            _ = try await writer.finish().value()
            try await bench.expect("a", is: .sealed, with: sample, count: count)
            try await bench.write("b", sample, count: 6_000, chunk: 1)
            try await bench.expect("b", is: .sealed, with: sample, count: 6_000)
        },
        BackendCheck("bytes are asked for in order, and exactly as many as were announced") { bench in
            let sample = SampleBytes()
            var writer = try await bench.start("a")
            var position = 0
            for count in [1, 4_096, 70_000, 300_001] {
                let end = position + count
                let result = try writer.append(count: count) { span in
                    let room = span.freeCapacity
                    let bytes = sample.buffer(position..<min(position + room, end))
                    position += room
                    span.withUnsafeMutableBytes { target, initialized in
                        bytes.withUnsafeReadableBytes { target.copyMemory(from: $0) }
                        initialized += bytes.readableBytes
                    }
                }
                try require(
                    position == end,
                    "\(count) bytes were announced, but \(position - end) more were asked for."
                )
                if case .pause(let readiness) = result { try await readiness.value() }
            }
            _ = try await writer.finish().value()
            try await bench.expect("a", is: .sealed, with: sample, count: position)
        },
        BackendCheck("a stream longer than 16 MiB keeps every byte", when: { $0.hasRoom(for: 17 << 20) }) { bench in
            let sample = SampleBytes()
            let count = (16 << 20) + 65_537
            try await bench.write("a", sample, count: count, chunk: 1 << 20)
            let reader = try await bench.reader("a")
            try require(reader.status.size == Int64(count), "The stream has \(reader.status.size) bytes.")
            try await bench.expect(reader, 0..<count, of: sample)
            let border = 16 << 20
            for range in [border - 1..<border + 1, border - 70_000..<border + 60_000, border..<border + 1] {
                try await bench.expect(reader, range, of: sample)
            }
        },
    ]
}

extension Capabilities {
    func hasRoom(for size: Int64) -> Bool { self.maximumStreamSize.map { $0 >= size } ?? true }
}
