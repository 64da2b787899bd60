public import CacheProtocol

/// What a backend's author gives the kit: how to make the backend, and what is needed to look behind it.
///
/// A fixture serves one check: storage that its closures share, such as a temporary directory, belongs to it alone.
///
/// ```swift
/// var fixture = BackendFixture { try MyBackend(directory: directory.path) }
/// fixture.reopen = { try MyBackend(directory: directory.path) }
/// fixture.residue = { directory.files }
/// try await check.run(fixture)
/// ```
public struct BackendFixture: Sendable {
    /// Makes a backend on empty storage, with room for at least 64 MiB.
    public var make: @Sendable () async throws -> any CacheBackend
    /// Makes the backend again, on the storage of the one before, which has ended. Required where the backend is
    /// persistent.
    public var reopen: (@Sendable () async throws -> any CacheBackend)?
    /// What is left of streams when all were removed, one phrase each: descriptors, mappings, files, rows, pages.
    /// Asked repeatedly for a while, since some of it may go in the background.
    public var residue: @Sendable () async -> [String]
    /// Makes a backend on empty storage with room for so many bytes; see ``Hooks/capacity``.
    public var makeSmall: (@Sendable (_ capacity: Int64) async throws -> any CacheBackend)?
    /// Lets the backend's clocks jump forward by so many seconds, and does what upkeep is then due; see
    /// ``Hooks/clock``.
    public var advance: (@Sendable (_ seconds: Int64) async -> Void)?
    /// Makes the storage fail from now on, or work again; see ``Hooks/faults``.
    public var inject: (@Sendable (Fault?) async -> Void)?
    /// How long an event that is due may take before the kit says that it will not happen; nothing that is in order
    /// takes nearly so long.
    public var patience: Duration = .seconds(20)

    /// Makes a fixture without hooks.
    ///
    /// - Parameter make: Makes a backend on empty storage, with room for at least 64 MiB.
    public init(make: @escaping @Sendable () async throws -> any CacheBackend) {
        self.make = make
        self.residue = { [] }
    }

    /// The hooks that a fixture may offer, for choosing the checks that need them.
    public struct Hooks: OptionSet, Sendable {
        /// The set as bits.
        public let rawValue: Int

        /// Makes a set of its bits.
        ///
        /// - Parameter rawValue: The bits.
        public init(rawValue: Int) { self.rawValue = rawValue }

        /// ``BackendFixture/makeSmall`` is there.
        public static let capacity = Hooks(rawValue: 1)
        /// ``BackendFixture/advance`` is there.
        public static let clock = Hooks(rawValue: 2)
        /// ``BackendFixture/inject`` is there.
        public static let faults = Hooks(rawValue: 4)
    }

    /// A way in which storage fails.
    public enum Fault: Hashable, Sendable {
        /// Everything that needs room fails, as with `ENOSPC`.
        case storageFull
        /// Writing bytes fails, as with `EIO`.
        case writesFail
        /// Every write takes fewer bytes than it was given, as write(2) may.
        case shortWrites
    }
}
