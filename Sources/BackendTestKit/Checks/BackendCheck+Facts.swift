import CacheProtocol
import NIOCore

extension BackendCheck {
    static let facts: [BackendCheck] = [
        BackendCheck("content type, labels and time to live are kept", when: { $0.metadata != .none }) { bench in
            let options = WriteOptions(
                contentType: "audio/ogg; codecs=opus",
                timeToLiveSeconds: 86_400,
                metadata: ["title": "Grüße, \"Welt\"\n", "empty": ""]
            )
            func look(_ info: StreamInfo, _ from: String) throws {
                try require(
                    info.contentType == options.contentType,
                    "\(from): the type is \(info.contentType ?? "nil")."
                )
                try require(info.metadata == options.metadata, "\(from): the labels are \(info.metadata).")
                try require(
                    info.timeToLiveSeconds == options.timeToLiveSeconds,
                    "\(from): the time to live is \(info.timeToLiveSeconds ?? -1)."
                )
            }
            var writer = try await bench.start("a", options)
            try look(try await bench.backend.info(bench.id("a")), "While live")
            try await bench.append(SampleBytes(), 0..<10, to: &writer)
            try look(try await writer.finish().value(), "finish()")
            try look(try await bench.backend.info(bench.id("a")), "Sealed")
        },
        BackendCheck("a stream's facts follow its life") { bench in
            let sample = SampleBytes()
            var writer = try await bench.start("a")
            let live = try await bench.backend.info(bench.id("a"))
            try require(live.id.rawValue == "a" && live.state == .live, "A new stream is '\(live.id)', \(live.state).")
            try require(live.sealedAt == nil && live.sha256 == nil, "A live stream has facts of a sealed one.")
            try await bench.append(sample, 0..<1_000, to: &writer)
            let sealed = try await writer.finish().value()
            let asked = try await bench.backend.info(bench.id("a"))
            try require(asked.state == .sealed && asked.size == 1_000, "It is \(asked.state) with \(asked.size) bytes.")
            try require(sealed.createdAt == live.createdAt, "The time of starting changed.")
            guard let sealedAt = asked.sealedAt else { throw BrokenPromise("A sealed stream has no time of sealing.") }
            try require(sealedAt >= asked.createdAt, "The stream was sealed before it was started.")
            try require(asked.durability != nil, "A sealed stream does not say against what it is safe.")
        },
        BackendCheck("a sealed stream has the digest of its bytes", when: { $0.digests != .none }) { bench in
            let sample = SampleBytes()
            for (index, count) in [0, 1, 65_536, 65_537, 3_000_001].enumerated() {
                let info = try await bench.write("a\(index)", sample, count: count)
                try require(
                    info.sha256 == sample.sha256(count),
                    "The digest of \(count) bytes is \(info.sha256.map(\.description) ?? "missing")."
                )
                let asked = try await bench.backend.info(bench.id("a\(index)"))
                try require(asked.sha256 == info.sha256, "info() does not have the digest that finish() had.")
            }
        },
        BackendCheck("a declared digest that is right seals the stream", when: { $0.digests != .none }) { bench in
            let sample = SampleBytes()
            var writer = try await bench.start("a")
            try await bench.append(sample, 0..<500_000, to: &writer)
            let info = try await writer.finish(expecting: sample.sha256(500_000)).value()
            try require(info.state == .sealed, "The stream is \(info.state).")
        },
        BackendCheck(
            "a declared digest that is wrong suspends the stream and keeps its bytes",
            when: { $0.digests != .none }
        ) { bench in
            let sample = SampleBytes()
            var writer = try await bench.start("a")
            try await bench.append(sample, 0..<500_000, to: &writer)
            let end = writer.finish(expecting: sample.sha256(499_999))
            try await bench.expect(.digestMismatch, of: "finish() with another digest") { _ = try await end.value() }
            try await bench.expect("a", is: .suspended, with: sample, count: 500_000)
        },
    ]
}
