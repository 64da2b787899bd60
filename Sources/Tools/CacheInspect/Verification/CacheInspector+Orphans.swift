import CacheProtocol
import FileStorage
import SQLiteBackend

extension CacheInspector {
    /// How young a file may be that has no row yet while a gateway is at work: the file comes first.
    private static let youth: Int64 = 10_000

    /// How many files' rows are looked up together: a look for each would take most of the time.
    private static let batch = 500

    /// Calls `body` with each stream's file that has no row, until it returns `false` or nobody waits for it any more.
    func forEachOrphan(
        _ cancellation: BlockingWork.Cancellation,
        _ body: (Finding) -> Bool
    ) throws(InspectError) {
        let isHeld = try self.files.isHeld()
        var batch: [StreamFileName.Parsed] = []
        var mustGoOn = true
        var failure: InspectError?
        do throws(SystemCallError) {
            try self.files.calls.names(in: self.files.directory) { name in
                guard let parsed = StreamFileName.Parsed(name) else { return true }
                batch.append(parsed)
                guard batch.count == Self.batch else { return true }
                do throws(InspectError) {
                    mustGoOn = try self.forEachOrphan(of: batch, isHeld: isHeld, body)
                    batch.removeAll(keepingCapacity: true)
                } catch {
                    failure = error
                }
                mustGoOn = mustGoOn && !cancellation.isCancelled
                return mustGoOn && failure == nil
            }
        } catch {
            throw InspectError(.io, "\(error).")
        }
        if let failure { throw failure }
        if mustGoOn { _ = try self.forEachOrphan(of: batch, isHeld: isHeld, body) }
    }

    /// - Returns: Whether `body` wants to go on.
    private func forEachOrphan(
        of files: [StreamFileName.Parsed],
        isHeld: Bool,
        _ body: (Finding) -> Bool
    ) throws(InspectError) -> Bool {
        let states = try self.inventory.states(of: files.map(\.id))
        for file in files {
            switch states[file.id] {
            case .sealed where file.isSealed: continue
            case .live where !file.isSealed, .suspended where !file.isSealed: continue
            default: break
            }
            guard try self.isOrphan(file.name, of: file.id, isHeld: isHeld) else { continue }
            let detail = "\(self.files.path)/\(file.name) is not in the index"
            guard body(Finding(file.id, file: file.name, .orphanFile).with(detail: detail)) else { return false }
        }
        return true
    }

    private func isOrphan(_ name: String, of id: StreamID, isHeld: Bool) throws(InspectError) -> Bool {
        guard try !self.isKnown(name, of: id) else { return false }
        do throws(SystemCallError) {
            let status = try self.files.calls.status(of: try self.files.open(name))
            let age = self.clock().millisecondsSinceEpoch - status.modifiedMilliseconds
            if isHeld, age < Self.youth { return false }
        } catch {
            // Renamed or removed since its name was read.
            if error.isNotFound { return false }
        }
        return try !self.isKnown(name, of: id)
    }

    /// Whether a row is about the file; one that is not in the state that the row says is told with the row.
    private func isKnown(_ name: String, of id: StreamID) throws(InspectError) -> Bool {
        guard let row = try self.inventory.stream(id) else { return false }
        let expected = CacheFiles.name(of: id, row.fileState)
        if name == expected { return true }
        return (try? self.files.calls.exists(expected, in: self.files.directory)) == false
    }

    /// What there is to say about an id that no row has.
    func stranger(_ id: StreamID) -> Finding {
        for name in [StreamFileName.sealed(id), StreamFileName.unfinished(id)]
        where (try? self.files.calls.exists(name, in: self.files.directory)) == true {
            return Finding(id, file: name, .orphanFile).with(detail: "\(self.files.path)/\(name) is not in the index")
        }
        return Finding(id, file: StreamFileName.sealed(id), .noSuchStream)
    }
}

extension StreamFileName {
    /// A stream's file, by its name.
    fileprivate struct Parsed {
        let name: String
        let id: StreamID
        let isSealed: Bool

        init?(_ name: String) {
            guard let (id, isSealed) = StreamFileName.parse(name) else { return nil }
            (self.name, self.id, self.isSealed) = (name, id, isSealed)
        }
    }
}
