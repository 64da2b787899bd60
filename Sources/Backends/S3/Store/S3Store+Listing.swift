import CacheProtocol

extension S3Store {
    /// How many objects are asked about at a time.
    private static let width = 16

    /// One page of a listing; see ``CacheBackend/streams(matching:after:limit:)``.
    ///
    /// The store lists keys and sizes; the rest is asked for object by object, several at a time.
    func streams(
        matching filter: StreamFilter,
        after cursor: StreamID?,
        limit: Int
    ) async throws(CacheError) -> StreamPage {
        var page: [StreamInfo] = []
        var position = cursor
        var hasMore = true
        while hasMore {
            // Looked at first: what is sealed in between is in one of the two.
            let live = self.names.uploads(matching: filter, after: position).compactMap(\.info)
            let (ids, last, isTruncated) = try await self.ids(matching: filter, after: position, limit: limit + 1)
            hasMore = isTruncated
            var infos = try await self.facts(of: ids.filter { self.names.upload($0) == nil })
            // Beyond what was listed the store may have others in between.
            let known = Set(infos.map(\.id))
            infos += live.filter { info in
                !known.contains(info.id) && (last.map { !hasMore || info.id <= $0 } ?? true)
            }
            infos.sort { $0.id < $1.id }
            for info in infos where filter.matches(info) {
                if page.count == limit { return StreamPage(streams: page, next: page.last?.id) }
                page.append(info)
            }
            guard hasMore, let last else { break }
            position = last
        }
        return StreamPage(streams: page, next: nil)
    }

    /// One page of names and sizes.
    func listedCopies(
        after cursor: StreamID?,
        limit: Int
    ) async throws(CacheError) -> (copies: [ListedCopy], next: StreamID?) {
        do throws(S3Failure) {
            var start = cursor.map { self.key($0) }
            while true {
                let listing = try await self.client.list(prefix: self.streamsPrefix, after: start, limit: limit)
                let copies = listing.objects.compactMap { object in
                    self.id(object.key).map { ListedCopy(id: $0, size: object.size) }
                }
                // A page of nothing but other things' objects has no name to go on from.
                guard copies.isEmpty, listing.hasMore, let last = listing.objects.last else {
                    return (copies, listing.hasMore ? copies.last?.id : nil)
                }
                start = last.key
            }
        } catch {
            throw self.error(error)
        }
    }

    /// Names in the store, the last key that was looked at, and whether there are more.
    private func ids(
        matching filter: StreamFilter,
        after cursor: StreamID?,
        limit: Int
    ) async throws(CacheError) -> (ids: [StreamID], last: StreamID?, hasMore: Bool) {
        // A prefix that no name can have would be an address of something else.
        if let prefix = filter.prefix, !prefix.isEmpty, StreamID(validating: prefix) == nil,
            StreamID(validating: prefix + "0") == nil
        {
            return ([], nil, false)
        }
        do throws(S3Failure) {
            var start = cursor.map { self.key($0) }
            while true {
                let listing = try await self.client.list(
                    prefix: self.streamsPrefix + (filter.prefix ?? ""),
                    after: start,
                    limit: limit
                )
                let ids = listing.objects.compactMap { self.id($0.key) }
                // A page of nothing but other things' objects says nothing of where to go on.
                guard ids.isEmpty, listing.hasMore, let last = listing.objects.last else {
                    return (ids, ids.last, listing.hasMore && !ids.isEmpty)
                }
                start = last.key
            }
        } catch {
            throw self.error(error)
        }
    }

    /// What is known of streams; those that are gone since, or whose time is over, are left out.
    func facts(of ids: [StreamID]) async throws(CacheError) -> [StreamInfo] {
        var infos: [StreamInfo] = []
        for start in stride(from: 0, to: ids.count, by: Self.width) {
            let batch = ids[start..<min(start + Self.width, ids.count)]
            let results = await withTaskGroup(of: Result<StreamInfo?, CacheError>.self) { group in
                for id in batch { group.addTask { await self.facts(of: id) } }
                return await group.reduce(into: []) { $0.append($1) }
            }
            for result in results { if let info = try result.get() { infos.append(info) } }
        }
        return infos
    }

    /// An object that is not as long as it was sealed is listed as it is: who opens it is told, and the others of the page
    /// are none the worse.
    private func facts(of id: StreamID) async -> Result<StreamInfo?, CacheError> {
        do throws(CacheError) {
            guard let info = try await self.stored(id)?.facts.info, !self.isOver(info) else { return .success(nil) }
            return .success(info)
        } catch {
            return .failure(error)
        }
    }
}
