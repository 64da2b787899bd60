import CacheProtocol

extension BackendCheck {
    /// A check of what is there when the backend comes back.
    private init(
        _ promise: String,
        when applies: @escaping @Sendable (Capabilities) -> Bool = { _ in true },
        before: @escaping @Sendable (Bench) async throws -> Void,
        afterReopening: @escaping @Sendable (Bench) async throws -> Void
    ) {
        self.init(
            promise,
            when: { capabilities, _ in capabilities.isPersistent && applies(capabilities) },
            steps: [
                Step(make: { try await $0.make() }, body: before),
                Step(
                    make: { fixture in
                        guard let reopen = fixture.reopen else {
                            throw BrokenPromise("The backend is persistent: its fixture needs `reopen`.")
                        }
                        return try await reopen()
                    },
                    body: afterReopening
                ),
            ]
        )
    }

    static let persistence: [BackendCheck] = [
        BackendCheck(
            "a sealed stream is there again, with its bytes and facts",
            before: { bench in
                let options = WriteOptions(contentType: "audio/wav", timeToLiveSeconds: 1_000, metadata: ["k": "v"])
                try await bench.write("a", SampleBytes(), count: 300_001, options)
                try await bench.write("empty", SampleBytes(), count: 0)
            },
            afterReopening: { bench in
                try await bench.expect("a", is: .sealed, with: SampleBytes(), count: 300_001)
                try await bench.expect("empty", is: .sealed, with: SampleBytes(), count: 0)
                let info = try await bench.backend.info(bench.id("a"))
                if bench.capabilities.digests != .none {
                    try require(info.sha256 == SampleBytes().sha256(300_001), "The digest is not the same.")
                }
                if bench.capabilities.metadata != .none {
                    try require(info.contentType == "audio/wav", "The type is \(info.contentType ?? "nil").")
                    try require(info.metadata == ["k": "v"], "The labels are \(info.metadata).")
                    try require(info.timeToLiveSeconds == 1_000, "The time to live was lost.")
                }
                guard let sealedAt = info.sealedAt else { throw BrokenPromise("The time of sealing was lost.") }
                try require(sealedAt >= info.createdAt, "The times are not the same.")
            }
        ),
        BackendCheck(
            "an unfinished stream is there again, suspended, with its bytes",
            before: { bench in try await bench.writeAndDrop("a", SampleBytes(), count: 200_001) },
            afterReopening: { bench in
                try await bench.expect("a", is: .suspended, with: SampleBytes(), count: 200_001)
            }
        ),
        BackendCheck(
            "an unfinished stream can be gone on with after the backend came back",
            when: \.resumes,
            before: { bench in try await bench.writeAndDrop("a", SampleBytes(), count: 200_001) },
            afterReopening: { bench in
                let sample = SampleBytes()
                let writer = try bench.backend.makeWriter(for: bench.id("a"), options: WriteOptions(mode: .resume))
                let position = try await writer.opened().value()
                try require(position.offset == 200_001, "It goes on at \(position.offset), not at 200001.")
                var open = writer
                try await bench.append(sample, 200_001..<400_000, to: &open)
                let expected = bench.capabilities.digests == .none ? nil : sample.sha256(400_000)
                _ = try await open.finish(expecting: expected).value()
                try await bench.expect("a", is: .sealed, with: sample, count: 400_000)
            }
        ),
        BackendCheck(
            "what was removed or aborted stays away",
            before: { bench in
                try await bench.write("a", SampleBytes(), count: 1_000)
                try await bench.backend.remove(bench.id("a"))
                var writer = try await bench.start("b")
                try await bench.append(SampleBytes(), 0..<1_000, to: &writer)
                try await writer.abort().value()
                try await bench.write("c", SampleBytes(seed: 1), count: 1_000)
                try await bench.write("c", SampleBytes(seed: 2), count: 500, WriteOptions(mode: .overwrite))
            },
            afterReopening: { bench in
                try await bench.expectNoStream("a")
                try await bench.expectNoStream("b")
                try await bench.expect("c", is: .sealed, with: SampleBytes(seed: 2), count: 500)
            }
        ),
    ]
}
