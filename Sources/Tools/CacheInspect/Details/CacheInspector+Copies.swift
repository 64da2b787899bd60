public import CacheProtocol
import S3Backend
import SQLiteBackend
import TieredBackend

extension CacheInspector {
    /// Looks at one stream of a gateway with tiers; see ``details(_:)``. What only the cold tier has is shown, too.
    ///
    /// - Parameters:
    ///   - id: The stream.
    ///   - tiers: The gateway's tiers. A store that can't be asked is one of the details, and so is a ledger that can't be
    ///     read.
    ///   - environment: Where credentials are looked for that no file has; the process's own by default.
    /// - Returns: The details, with where the copies are.
    /// - Throws: ``InspectError`` with code `wrong` where no tier has the stream, as far as they can be asked.
    public func details(
        _ id: StreamID,
        tiers: TierLocation,
        environment: [String: String]? = nil
    ) async throws(InspectError) -> StreamDetails {
        let hot = try self.inventory.stream(id)
        let cold = await self.coldCopy(id, tiers, environment)
        var (record, failure): (LedgerReader.Record?, String?) = (nil, nil)
        do throws(CacheError) {
            if let ledger = tiers.ledger { record = try LedgerReader(path: ledger).record(of: id) }
        } catch {
            failure = error.message
        }
        let copies = StreamCopies(
            hot: hot?.state == .sealed ? hot : nil,
            record: record,
            ledgerFailure: failure,
            cold: cold,
            now: self.clock()
        )
        if hot != nil {
            var details = try self.details(id)
            details.copies = copies
            return details
        }
        guard case .found(let copy) = cold else {
            // As for a stream that nobody has; where the cold tier was not asked, that is said.
            guard case .unknown(let why) = cold else { return try self.details(id) }
            throw InspectError(.wrong, "There is no stream \(id) in \(self.location.directory). The cold tier \(why)")
        }
        return StreamDetails(
            stream: IndexedStream(copy.info, file: "", changedAt: copy.info.sealedAt ?? copy.info.createdAt),
            file: .failure(InspectError(.wrong, "none in \(self.location.directory)")),
            audio: nil,
            path: "",
            now: self.clock(),
            copies: copies
        )
    }

    private func coldCopy(
        _ id: StreamID,
        _ tiers: TierLocation,
        _ environment: [String: String]?
    ) async -> StreamCopies.Cold {
        if let directory = tiers.directory { return .unknown("is the directory \(directory): see --directory") }
        do {
            let store = try ColdStore(tiers, environment: environment)
            guard let copy = try await store.backend.storedCopy(of: id) else { return .nothing }
            return .found(copy)
        } catch {
            return .unknown("can't be asked: \(InspectError.from(error))")
        }
    }
}
