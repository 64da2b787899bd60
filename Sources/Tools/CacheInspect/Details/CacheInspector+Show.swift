public import CacheProtocol
import FileStorage
import SQLiteBackend

extension CacheInspector {
    /// Looks at one stream: what is remembered about it, its file, and what the header of the audio says.
    ///
    /// - Parameter id: The stream.
    /// - Returns: The details; a missing file is one of them.
    /// - Throws: ``InspectError`` with code `wrong` where there is no such stream.
    public func details(_ id: StreamID) throws(InspectError) -> StreamDetails {
        let row = try self.row(id)
        let name = CacheFiles.name(of: id, row.fileState)
        var audio: AudioHeader?
        var size: Result<Int64, InspectError>
        do throws(SystemCallError) {
            let file = try self.files.open(name)
            let length = try self.files.calls.status(of: file).size
            size = .success(length)
            audio = try self.files.audioHeader(of: file, size: length)
        } catch {
            size = .failure(InspectError(.wrong, "\(error)"))
        }
        return StreamDetails(
            stream: row,
            file: size,
            audio: audio,
            path: "\(self.files.path)/\(name)",
            now: self.clock()
        )
    }
}

extension CacheFiles {
    /// What the header of an audio file says, from the few places that tell.
    func audioHeader(of file: OpenFile, size: Int64) throws(SystemCallError) -> AudioHeader? {
        var probe = AudioProbe(size: size)
        while true {
            switch probe.step() {
            case .found(let header): return header
            case .unknown: return nil
            case .read(let offset, let count): probe.add(try self.read(file, at: offset, count: count), at: offset)
            }
        }
    }
}
