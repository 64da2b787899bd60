import CacheProtocol
import FileStorage
import SQLiteBackend

extension CacheInspector {
    /// How young a file may be that has no row yet while a gateway is at work: the file comes first.
    private static let youth: Int64 = 10_000

    /// Calls `body` with each stream's file that has no row, until it returns `false`.
    func forEachOrphan(_ body: (Finding) -> Bool) throws(InspectError) {
        let isHeld = try self.files.isHeld()
        var failure: InspectError?
        do throws(SystemCallError) {
            try self.files.calls.names(in: self.files.directory) { name in
                guard let (id, isSealed) = StreamFileName.parse(name) else { return true }
                do throws(InspectError) {
                    guard try self.isOrphan(name, of: id, isSealed: isSealed, isHeld: isHeld) else { return true }
                    return body(
                        Finding(id, file: name, .orphanFile).with(
                            detail: "\(self.files.path)/\(name) is not in the index"
                        )
                    )
                } catch {
                    failure = error
                    return false
                }
            }
        } catch {
            throw InspectError(.io, "\(error).")
        }
        if let failure { throw failure }
    }

    private func isOrphan(
        _ name: String,
        of id: StreamID,
        isSealed: Bool,
        isHeld: Bool
    ) throws(InspectError) -> Bool {
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
