import CacheProtocol

extension CacheDirectory {
    /// Writes the facts to the file.
    func remember(_ info: StreamInfo, in file: OpenFile) throws(SystemCallError) {
        try self.setRecord(StreamRecord(info).bytes, of: file)
    }

    /// Writes to the file why its stream must not be sealed; where not everything fits, without its labels.
    func remember(damage: String, of info: StreamInfo, in file: OpenFile) throws(SystemCallError) {
        var record = StreamRecord(info)
        record.damage = damage
        do throws(SystemCallError) {
            try self.setRecord(record.bytes, of: file)
        } catch {
            guard error.mayMeanTooLong else { throw error }
            record.metadata = nil
            try self.setRecord(record.bytes, of: file)
        }
    }

    private func setRecord(_ bytes: [UInt8], of file: OpenFile) throws(SystemCallError) {
        do throws(SystemCallError) {
            try self.calls.setAttribute(StreamRecord.attribute, to: bytes, of: file)
        } catch {
            // Without extended attributes a stream is a file and nothing more, which is what it would have been
            // anyway; refusing it would be worse than forgetting its labels.
            guard error.isUnsupported else { throw error }
        }
    }

    /// Writes to the file when its stream was last read.
    func remember(read time: Timestamp, of id: StreamID) throws(SystemCallError) {
        let file = try self.calls.open(StreamFileName.sealed(id), in: self.handle, .read)
        let digits = Array(String(time.millisecondsSinceEpoch).utf8)
        try self.calls.setAttribute(StreamRecord.readAttribute, to: digits, of: file)
    }
}
