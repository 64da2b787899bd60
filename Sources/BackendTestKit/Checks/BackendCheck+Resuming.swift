import CacheProtocol
import NIOCore

extension BackendCheck {
    private static let resume = WriteOptions(mode: .resume)

    static let resuming: [BackendCheck] = [
        BackendCheck("resuming goes on where the stream had got to, as a later writer", when: \.resumes) { bench in
            let sample = SampleBytes()
            var count = 0
            var epoch: Int64 = 0
            for size in [0, 100_000, 1, 65_536, 0, 12_345] {
                let writer = try bench.backend.makeWriter(for: bench.id("a"), options: Self.resume)
                let position = try await writer.opened().value()
                try require(
                    position.offset == count,
                    "It goes on at \(position.offset), but \(count) bytes were taken."
                )
                try require(position.epoch > epoch, "The epoch is \(position.epoch), after \(epoch).")
                epoch = position.epoch
                var open = writer
                try await bench.append(sample, count..<count + size, to: &open)
                count += size
                bench.drop(open)
                try await bench.settle("a")
                try await bench.expect("a", is: .suspended, with: sample, count: count)
            }
        },
        BackendCheck("a resumed stream seals as a whole", when: \.resumes) { bench in
            let sample = SampleBytes()
            try await bench.writeAndDrop("a", sample, count: 150_000)
            var writer = try await bench.start("a", Self.resume)
            try await bench.append(sample, 150_000..<400_000, to: &writer)
            let expected = sample.sha256(400_000)
            let info = try await writer.finish(expecting: bench.capabilities.digests == .none ? nil : expected).value()
            if bench.capabilities.digests != .none {
                try require(info.sha256 == expected, "The digest is not that of the whole stream.")
            }
            try await bench.expect("a", is: .sealed, with: sample, count: 400_000)
        },
        BackendCheck("a stream that is taken over takes nothing more from its old writer", when: \.resumes) { bench in
            let sample = SampleBytes()
            var old = try bench.backend.makeWriter(for: bench.id("a"), options: WriteOptions())
            let first = try await old.opened().value()
            try await bench.append(sample, 0..<100_000, to: &old)
            var new = try bench.backend.makeWriter(for: bench.id("a"), options: Self.resume)
            let second = try await new.opened().value()
            try require(second.epoch > first.epoch, "The newcomer's epoch is \(second.epoch), after \(first.epoch).")
            try require(second.offset == 100_000, "The newcomer goes on at \(second.offset), not at 100000.")
            let garbage = SampleBytes(seed: 66).buffer(0..<70_000)
            for _ in 0..<3 {
                do {
                    try await bench.append(garbage, to: &old)
                    throw BrokenPromise("The old writer's bytes were taken after the stream was taken over.")
                } catch let error as CacheError {
                    try require(error.code == .streamBusy, "The old writer's append failed with \(error).")
                }
                old.flush()
                try await bench.append(sample, 100_000..<100_000, to: &new)
            }
            try await bench.append(sample, 100_000..<200_000, to: &new)
            bench.drop(old)
            try await bench.append(sample, 200_000..<300_000, to: &new)
            _ = try await new.finish().value()
            try await bench.expect("a", is: .sealed, with: sample, count: 300_000)
        },
        BackendCheck("the old writer's end does not end a stream that was taken over", when: \.resumes) { bench in
            let sample = SampleBytes()
            var writer = try await bench.start("a")
            try await bench.append(sample, 0..<10, to: &writer)
            var count = 10
            for end in ["drop", "finish", "abort"] {
                let new = try await bench.start("a", Self.resume)
                let old = consume writer
                writer = new
                switch end {
                case "drop": bench.drop(old)
                case "finish":
                    let finish = old.finish()
                    try await bench.expect(.streamBusy, of: "the old writer's finish") { _ = try await finish.value() }
                default:
                    do {
                        try await old.abort().value()
                    } catch let error as CacheError {
                        try require(error.code == .streamBusy, "The old writer's abort failed with \(error).")
                    }
                }
                let info = try await bench.backend.info(bench.id("a"))
                try require(info.state == .live, "After the old writer's \(end) the stream is \(info.state).")
                try await bench.append(sample, count..<count + 1_000, to: &writer)
                count += 1_000
            }
            _ = try await writer.finish().value()
            try await bench.expect("a", is: .sealed, with: sample, count: count)
        },
        BackendCheck("readers see a stream grow across its being taken over", when: { $0.resumes && $0.readsLive }) {
            bench in
            let sample = SampleBytes()
            var old = try await bench.start("a")
            try await bench.append(sample, 0..<1_000, to: &old)
            old.flush()
            let reader = try await bench.reader("a")
            var new = try await bench.start("a", Self.resume)
            try await bench.append(sample, 1_000..<2_000, to: &new)
            new.flush()
            var size: Int64 = 0
            while size < 2_000 {
                let past = size
                let status = try await within("The reader does not see the newcomer's bytes.") {
                    try await reader.grown(past: past)
                }
                try require(status.size > size, "The reader sees \(status) of a stream of 2000 bytes that is live.")
                size = status.size
            }
            try await bench.expect(reader, 0..<2_000, of: sample)
            bench.drop(old)
            bench.drop(new)
        },
    ]
}

extension Capabilities {
    var resumes: Bool { self.resume != .none }
}
