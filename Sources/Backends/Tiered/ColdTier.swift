import CacheProtocol
import Synchronization

/// The cold tier as the others see it: once it does not answer, nobody waits for it for a while, so that what the hot
/// tier can do alone goes on at its own speed.
final class ColdTier: Sendable {
    let backend: any CacheBackend
    private let clock: TierClock
    private let pauseMilliseconds: Int64
    private let checkMilliseconds: Int64
    /// Called when the tier answers that did not before.
    private let onReturn: @Sendable () -> Void
    private let state = Mutex(State())
    /// Who waits so long for an answer, in milliseconds, has not gone before it could have come.
    private static let patience: Int64 = 30_000

    private struct State {
        /// When it first did not answer, and did not since.
        var awaySince: Int64?
        var pausedUntil: Int64?
        /// Until when nobody waits for an answer that he can do without: the last of them took too long.
        var slowUntil: Int64?
        var failure: CacheError?
        var failures: Int64 = 0
        /// Which store it is, as far as it could tell since it last was away.
        var identity: String?
        var wasAskedForIdentity = false
        /// Since when it has had no room, and when it is tried again.
        var fullSince: Int64?
        var fullUntil: Int64 = 0
    }

    init(
        _ backend: any CacheBackend,
        clock: TierClock,
        pauseMilliseconds: Int64,
        checkMilliseconds: Int64,
        onReturn: @escaping @Sendable () -> Void
    ) {
        self.onReturn = onReturn
        self.backend = backend
        self.clock = clock
        self.pauseMilliseconds = pauseMilliseconds
        self.checkMilliseconds = checkMilliseconds
    }

    /// For how long it has been out of reach, in milliseconds, and why; `nil` where it is not.
    var outage: (milliseconds: Int64, failure: CacheError)? {
        self.state.withLock { state in
            guard let since = state.awaySince, let failure = state.failure else { return nil }
            return (self.clock.monotonic() - since, failure)
        }
    }

    /// How often it did not answer, or not well.
    var failures: Int64 { self.state.withLock { $0.failures } }

    /// How long the pause still is in which nobody asks, in milliseconds.
    var pause: Int64 { self.state.withLock { $0.pausedUntil.map { max(0, $0 - self.clock.monotonic()) } ?? 0 } }

    // MARK: Room

    /// For how long it has had no room for streams, in milliseconds; `nil` where it has, as far as is known.
    var fullMilliseconds: Int64? {
        self.state.withLock { state in state.fullSince.map { self.clock.monotonic() - $0 } }
    }

    /// How long nothing is to be copied, in milliseconds: it does not answer, or has no room.
    var copyPause: Int64 {
        let now = self.clock.monotonic()
        return max(self.pause, self.state.withLock { $0.fullSince == nil ? 0 : max(0, $0.fullUntil - now) })
    }

    /// It had no room for a stream.
    ///
    /// - Parameter milliseconds: How long it is left alone with others.
    func hadNoRoom(for milliseconds: Int64) {
        let now = self.clock.monotonic()
        self.state.withLock { state in
            if state.fullSince == nil { state.fullSince = now }
            state.fullUntil = now + milliseconds
        }
    }

    /// It had room for a stream.
    ///
    /// - Returns: Whether it had none before.
    func hadRoom() -> Bool { self.state.withLock { $0.fullSince.take() != nil } }

    // MARK: Asking

    /// Asks the cold tier.
    ///
    /// - Parameters:
    ///   - id: The stream that it is about.
    ///   - isPatient: Whether to ask even while nobody should.
    ///   - body: Asks.
    /// - Throws: ``CacheError``: what the tier answers; with ``isAway(_:)`` where it is out of reach.
    func ask<Value: Sendable>(
        about id: StreamID?,
        isPatient: Bool = false,
        _ body: (any CacheBackend) async throws(CacheError) -> Value
    ) async throws(CacheError) -> Value {
        if !isPatient, self.pause > 0, let outage = self.outage {
            throw CacheError(
                outage.failure.code,
                "The cold tier is out of reach: \(outage.failure.message)",
                streamID: id,
                cause: outage.failure
            )
        }
        let begun = self.clock.monotonic()
        do throws(CacheError) {
            let value = try await body(self.backend)
            self.answered(since: begun)
            return value
        } catch {
            if Task.isCancelled {
                // Whoever asked has given up, which says nothing of the tier unless he was patient.
                if self.clock.monotonic() - begun >= Self.patience { self.wasAway(error) }
                throw error
            }
            if await self.isOutOfReach(error) {
                self.wasAway(error)
            } else {
                if Self.isAway(error) { self.state.withLock { $0.failures += 1 } }
                self.answered(since: begun)
            }
            throw error
        }
    }

    /// Whether an error says that what was asked can't be had, and not that the answer is no.
    static func isAway(_ error: CacheError) -> Bool { error.code == .io || error.code == .configuration }

    /// Whether it is the tier that can't be asked, and not one stream of it that can't be had: asked for itself, where it can
    /// be.
    private func isOutOfReach(_ error: CacheError) async -> Bool {
        guard Self.isAway(error) else { return false }
        guard let store = self.backend as? any IdentifiedStore else { return true }
        do throws(CacheError) {
            _ = try await store.storeIdentity()
            return false
        } catch {
            return true
        }
    }

    private func answered(since begun: Int64) {
        let wasQuick = self.clock.monotonic() - begun <= self.checkMilliseconds
        let hasReturned = self.state.withLock { state in
            if wasQuick { state.slowUntil = nil }
            let wasAway = state.awaySince != nil
            state.awaySince = nil
            state.failure = nil
            state.pausedUntil = nil
            return wasAway
        }
        if hasReturned { self.onReturn() }
    }

    /// Notes that the tier did not answer.
    func wasAway(_ error: CacheError) {
        let now = self.clock.monotonic()
        self.state.withLock { state in
            state.failures += 1
            state.failure = error
            // It may be another when it is back.
            state.identity = nil
            state.wasAskedForIdentity = false
            if state.awaySince == nil { state.awaySince = now }
            state.pausedUntil = now + self.pauseMilliseconds
        }
    }

    // MARK: What is asked

    /// A stream's facts, for who can do without them: not waited for longer than a moment. Where one was not enough the next
    /// ones do not wait at all for a while, so that they go on at their own speed; the tier is slow then, and not away.
    ///
    /// - Throws: As ``info(_:)``; code `io` where the moment is over.
    func check(_ id: StreamID) async throws(CacheError) -> StreamInfo? {
        let limit = self.checkMilliseconds
        let slow = CacheError(.io, "The cold tier did not answer within \(limit) ms.", streamID: id)
        if self.isSlow { throw slow }
        let result = await withTaskGroup(of: Result<StreamInfo?, CacheError>.self) { group in
            group.addTask {
                do throws(CacheError) { return .success(try await self.info(id)) } catch { return .failure(error) }
            }
            group.addTask {
                do {
                    try await self.clock.sleep(limit)
                    self.wasSlow()
                } catch {
                    // The answer was there first, or whoever asked has given up.
                }
                return .failure(slow)
            }
            let first = await group.next()
            group.cancelAll()
            return first
        }
        return try result?.get() ?? nil
    }

    private var isSlow: Bool {
        let now = self.clock.monotonic()
        return self.state.withLock { state in state.slowUntil.map { now < $0 } ?? false }
    }

    private func wasSlow() {
        let now = self.clock.monotonic()
        self.state.withLock { state in
            state.failures += 1
            state.slowUntil = now + self.pauseMilliseconds
        }
    }

    /// Which store it is now; `nil` where it can't tell, or can't be asked.
    func identity() async -> String? {
        guard let store = self.backend as? any IdentifiedStore, self.pause == 0 else { return nil }
        // One that does not let us in here may do so for streams: that is no outage.
        let identity = try? await store.storeIdentity()
        self.state.withLock { state in
            state.identity = identity
            state.wasAskedForIdentity = true
        }
        return identity
    }

    /// Which store it is, as far as it could tell since it last was away: what a copy is noted with.
    func knownIdentity() async -> String? {
        let (identity, wasAsked) = self.state.withLock { ($0.identity, $0.wasAskedForIdentity) }
        return wasAsked ? identity : await self.identity()
    }
}
