import BackendTestKit
import CacheProtocol
import Testing

@Suite("The kit passes a backend whose every answer comes later")
struct ToyBackendTests {
    @Test("it keeps the promise", arguments: BackendCheck.all(for: ToyBackend.capabilities, hooks: [.faults]))
    func keeps(_ check: BackendCheck) async throws { try await check.run(ToyBackend.fixture()) }

    @Test("it keeps them over many random operations", arguments: [1, 2, 3] as [UInt64])
    func model(_ seed: UInt64) async throws {
        try await ModelCheck(seed: seed, operations: 1_000).run(ToyBackend.fixture())
    }
}

@Suite("The kit catches a broken backend at the promise that names the fault")
struct BrokenBackendTests {
    /// For each defect, a promise that it breaks: the one whose sentence a person would look for.
    static let expectations: [(ToyBackend.Defect, String)] = [
        (.dropForgetsTheLastBytes, "a dropped writer leaves its stream suspended and readable"),
        (.secondWriterAllowed, "a second writer is refused with stream_busy"),
        (.readsOffByOneAtPageBorder, "every kind of range reads back exactly"),
        (.waitsDoNotEndAtSealing, "a wait for growth ends when the stream is sealed"),
        (.removalLeavesTheListing, "a removed stream is gone, and its name is free"),
        (.cancelledWaitGoesOn, "a wait for growth ends when it is cancelled"),
        (.oldWriterStillLands, "a stream that is taken over takes nothing more from its old writer"),
        (.digestLeavesOutTheLastByte, "a sealed stream has the digest of its bytes"),
        (.mismatchForgetsTheBytes, "a declared digest that is wrong suspends the stream and keeps its bytes"),
        (.pagesSkipAStream, "the pages of a listing have every stream once, in order"),
        (.reopeningForgetsTheUnfinished, "an unfinished stream is there again, suspended, with its bytes"),
        (.abortLeavesRoomTaken, "an aborted stream leaves nothing, and its name is free"),
        (.fullStorageLosesTheStream, "full storage is storage_full, and loses nothing that was there"),
        (.watchersGetOldBytes, "who watches a stream is told once of growth and once of the end"),
    ]

    @Test("caught", arguments: expectations)
    func caught(_ defect: ToyBackend.Defect, _ promise: String) async throws {
        let checks = BackendCheck.all(for: ToyBackend.capabilities, hooks: [.faults])
        let check = try #require(checks.first { $0.promise == promise })
        var fixture = ToyBackend.fixture(defect)
        // What does not come at once from memory does not come at all.
        fixture.patience = .seconds(2)
        let broken = fixture
        let error = await #expect(throws: BrokenPromise.self) { try await check.run(broken) }
        #expect(error?.promise == promise)
    }

    /// Defects that show in few places: all other promises are kept all the same.
    @Test(
        "and only there",
        arguments: [
            (ToyBackend.Defect.pagesSkipAStream, ["pages of a listing", "a listing is narrowed", "a listing goes on"]),
            (.mismatchForgetsTheBytes, ["a declared digest that is wrong"]),
            (.fullStorageLosesTheStream, ["full storage is storage_full"]),
            (.reopeningForgetsTheUnfinished, ["an unfinished stream"]),
        ] as [(ToyBackend.Defect, [String])]
    )
    func onlyThere(_ defect: ToyBackend.Defect, _ phrases: [String]) async throws {
        for check in BackendCheck.all(for: ToyBackend.capabilities, hooks: [.faults]) {
            let isConcerned = phrases.contains { check.promise.contains($0) } || check.promise.hasPrefix("thousands of")
            guard !isConcerned else { continue }
            try await check.run(ToyBackend.fixture(defect))
        }
    }

    @Test(
        "random operations find it too, and say for which seed",
        arguments: [
            ToyBackend.Defect.dropForgetsTheLastBytes, .secondWriterAllowed, .readsOffByOneAtPageBorder,
            .oldWriterStillLands, .digestLeavesOutTheLastByte, .pagesSkipAStream,
        ]
    )
    func model(_ defect: ToyBackend.Defect) async throws {
        let error = await #expect(throws: BrokenPromise.self) {
            try await ModelCheck(seed: 4_711, operations: 2_000).run(ToyBackend.fixture(defect))
        }
        #expect(error?.finding.contains("Seed 4711") == true)
    }

    @Test("a hook that was promised but is not there is said to be missing")
    func missingHook() async throws {
        let checks = BackendCheck.all(for: ToyBackend.capabilities, hooks: [.faults])
        let check = try #require(checks.first { $0.promise.hasPrefix("short writes") })
        let error = await #expect(throws: BrokenPromise.self) {
            try await check.run { ToyBackend(storage: ToyStorage(), defect: nil) }
        }
        #expect(error?.description.contains("`inject`") == true)
    }

    @Test("checks are chosen by capabilities, and each has a sentence of its own")
    func choice() {
        let none = BackendCheck.all(for: Capabilities())
        let all = BackendCheck.all(for: ToyBackend.capabilities, hooks: [.faults])
        #expect(none.count < all.count)
        #expect(!none.contains { $0.promise.contains("wait for growth") })
        #expect(Set(all.map(\.promise)).count == all.count)
    }
}
