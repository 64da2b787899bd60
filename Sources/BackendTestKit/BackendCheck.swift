public import CacheProtocol

/// One promise of ``/CacheProtocol/CacheBackend``, checked on a fresh backend.
///
/// ```swift
/// @Test(arguments: BackendCheck.all(for: MyBackend.capabilities))
/// func keepsItsPromises(_ check: BackendCheck) async throws {
///     try await check.run { try MyBackend(directory: temporaryDirectory()) }
/// }
/// ```
///
/// The kit depends on no testing library: a promise that is not kept is a thrown ``BrokenPromise``.
public struct BackendCheck: Sendable, Identifiable, CustomStringConvertible {
    /// The promise, as a sentence.
    public let promise: String
    private let applies: @Sendable (Capabilities, BackendFixture.Hooks) -> Bool
    private let steps: [Step]

    /// What is done with one backend, from its start to its end.
    struct Step: Sendable {
        var make: @Sendable (BackendFixture) async throws -> any CacheBackend
        var body: @Sendable (Bench) async throws -> Void
    }

    init(
        _ promise: String,
        when applies: @escaping @Sendable (Capabilities, BackendFixture.Hooks) -> Bool = { _, _ in true },
        steps: [Step]
    ) {
        self.promise = promise
        self.applies = applies
        self.steps = steps
    }

    /// A check on one backend.
    init(
        _ promise: String,
        when applies: @escaping @Sendable (Capabilities) -> Bool = { _ in true },
        body: @escaping @Sendable (Bench) async throws -> Void
    ) {
        self.init(
            promise,
            when: { capabilities, _ in applies(capabilities) },
            steps: [Step(make: { try await $0.make() }, body: body)]
        )
    }

    /// Tells checks apart.
    public var id: String { self.promise }

    /// The promise.
    public var description: String { self.promise }

    /// The checks that apply to a backend.
    ///
    /// - Parameters:
    ///   - capabilities: What the backend can do.
    ///   - hooks: What its fixture offers.
    /// - Returns: The checks, each to be run on a fixture of its own.
    public static func all(for capabilities: Capabilities, hooks: BackendFixture.Hooks = []) -> [BackendCheck] {
        [
            self.writing, self.facts, self.reading, self.liveReads, self.resuming, self.concurrency, self.listing,
            self.persistence, self.room, self.faults, self.model,
        ]
        .flatMap { $0 }
        .filter { $0.applies(capabilities, hooks) }
    }

    /// Runs the check on a backend without hooks; see ``run(_:)-(BackendFixture)``.
    ///
    /// - Parameter make: Makes a backend on empty storage.
    /// - Throws: ``BrokenPromise``.
    public func run(_ make: @escaping @Sendable () async throws -> any CacheBackend) async throws {
        try await self.run(BackendFixture(make: make))
    }

    /// Runs the check, with the backend's `run()` beside it, then removes every stream and looks that nothing is left.
    ///
    /// - Parameter fixture: Makes the backend; for this check alone.
    /// - Throws: ``BrokenPromise`` where the promise is not kept, or something is left.
    public func run(_ fixture: BackendFixture) async throws {
        do {
            try await Patience.$wait.withValue(fixture.patience) {
                try await within("The check did not end.", limit: Patience.check) { try await self.perform(fixture) }
            }
        } catch var broken as BrokenPromise {
            broken.promise = self.promise
            throw broken
        } catch {
            throw BrokenPromise("It threw: \(error).", promise: self.promise)
        }
    }

    private func perform(_ fixture: BackendFixture) async throws {
        for (index, step) in self.steps.enumerated() {
            try await Bench.withBackend(fixture, step.make) { bench in
                try await step.body(bench)
                if index == self.steps.count - 1 { try await bench.removeEverything() }
            }
        }
        try await eventually({ "Left behind: \(await fixture.residue().joined(separator: ", "))." }) {
            await fixture.residue().isEmpty
        }
    }
}
