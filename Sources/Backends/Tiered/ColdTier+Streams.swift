import CacheProtocol

extension ColdTier {
    /// A stream's facts; `nil` where the tier has none of that name.
    func info(_ id: StreamID) async throws(CacheError) -> StreamInfo? {
        do throws(CacheError) {
            return try await self.ask(about: id) { backend throws(CacheError) in try await backend.info(id) }
        } catch {
            if error.code == .streamNotFound { return nil }
            throw error
        }
    }

    /// A reader of a stream that fetches what it is asked for, since blocks are fetched ahead for all readers together.
    func makeReader(of id: StreamID) throws(CacheError) -> StreamReader {
        if let backend = self.backend as? any ReadingAhead { return try backend.makeExactReader(for: id) }
        return try self.backend.makeReader(for: id)
    }

    /// Such a reader, opened, for who will be told by others what is wrong where there is none.
    func openReader(of id: StreamID) async -> StreamReader? {
        guard self.pause == 0, let reader = try? self.makeReader(of: id) else { return nil }
        do throws(CacheError) {
            _ = try await reader.opened().value()
            return reader
        } catch {
            return nil
        }
    }

    /// Removes a stream.
    ///
    /// - Returns: Whether there was one.
    func remove(_ id: StreamID) async throws(CacheError) -> Bool {
        do throws(CacheError) {
            try await self.ask(about: id) { backend throws(CacheError) in try await backend.remove(id) }
            return true
        } catch {
            if error.code == .streamNotFound { return false }
            throw error
        }
    }
}
