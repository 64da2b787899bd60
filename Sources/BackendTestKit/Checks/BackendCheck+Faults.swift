import CacheProtocol
import NIOCore

extension BackendCheck {
    /// A check whose fixture makes the storage fail.
    private init(
        fault promise: String,
        body: @escaping @Sendable (Bench, @Sendable (BackendFixture.Fault?) async -> Void) async throws -> Void
    ) {
        self.init(
            promise,
            when: { _, hooks in hooks.contains(.faults) },
            steps: [
                Step(
                    make: { try await $0.make() },
                    body: { bench in
                        guard let inject = bench.fixture.inject else {
                            throw BrokenPromise("The fixture has no `inject`.")
                        }
                        do {
                            try await body(bench, inject)
                        } catch {
                            await inject(nil)
                            throw error
                        }
                        await inject(nil)
                    }
                )
            ]
        )
    }

    static let faults: [BackendCheck] = [
        BackendCheck(fault: "full storage is storage_full, and loses nothing that was there") { bench, inject in
            try await bench.survives(.storageFull, as: .storageFull, inject)
        },
        BackendCheck(fault: "failing writes are io, and lose nothing that was there") { bench, inject in
            try await bench.survives(.writesFail, as: .io, inject)
        },
        BackendCheck(fault: "short writes lose and double nothing") { bench, inject in
            let sample = SampleBytes()
            await inject(.shortWrites)
            try await bench.write("a", sample, count: 700_001)
            await inject(nil)
            try await bench.expect("a", is: .sealed, with: sample, count: 700_001)
        },
        BackendCheck(fault: "streams can be removed while storage is full") { bench, inject in
            try await bench.write("a", SampleBytes(), count: 100_000)
            try await bench.writeAndDrop("b", SampleBytes(), count: 100_000)
            await inject(.storageFull)
            for name in ["a", "b"] {
                try await bench.backend.remove(bench.id(name))
                try await bench.expectNoStream(name)
            }
        },
        BackendCheck(fault: "streams are read while storage is full") { bench, inject in
            try await bench.write("a", SampleBytes(), count: 300_000)
            await inject(.storageFull)
            try await bench.expect("a", is: .sealed, with: SampleBytes(), count: 300_000)
        },
    ]
}

extension Bench {
    /// Has storage fail in the midst of an upload, and looks what is left and whether it goes on.
    fileprivate func survives(
        _ fault: BackendFixture.Fault,
        as code: CacheError.Code,
        _ inject: @Sendable (BackendFixture.Fault?) async -> Void
    ) async throws {
        let sample = SampleBytes()
        try await self.write("sealed", sample, count: 100_000)
        var writer = try await self.start("a")
        try await self.append(sample, 0..<300_000, to: &writer)
        writer.flush()
        if self.capabilities.readsLive {
            let reader = try await self.reader("a")
            _ = try await within("Flushed bytes did not become readable.") { try await reader.grown(past: 299_999) }
        }
        await inject(fault)
        var held = Optional(writer)
        try await self.expect(code, of: "an upload to storage that fails (\(fault))") {
            guard var writer = held.take() else { return }
            try await self.append(sample, 300_000..<20_000_000, chunk: 256 << 10, to: &writer)
            _ = try await writer.finish().value()
        }
        await inject(nil)
        try await self.settle("a")
        let size = Int(try await self.backend.info(self.id("a")).size)
        if self.capabilities.readsLive {
            try require(size >= 300_000, "300000 bytes were readable, but only \(size) are left.")
        }
        try await self.expect("a", is: .suspended, with: sample, count: size)
        try await self.expect("sealed", is: .sealed, with: sample, count: 100_000)
        try await self.write("new", sample, count: 100_000)
        guard self.capabilities.resumes else { return }
        var again = try await self.start("a", WriteOptions(mode: .resume))
        try await self.append(sample, size..<size + 100_000, to: &again)
        let expected = self.capabilities.digests == .none ? nil : sample.sha256(size + 100_000)
        _ = try await again.finish(expecting: expected).value()
        try await self.expect("a", is: .sealed, with: sample, count: size + 100_000)
    }
}
