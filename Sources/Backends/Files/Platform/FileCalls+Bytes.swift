extension FileCalls {
    /// Writes a few bytes to the beginning of a file.
    func write(_ bytes: [UInt8], toStartOf file: OpenFile) throws(SystemCallError) {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        defer { memory.deallocate() }
        memory.copyBytes(from: bytes)
        var written = 0
        while written < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: memory[written...])
            written += try self.writeSome(rest, to: file, at: Int64(written))
        }
    }

    /// Writes at least one byte: a device that takes none, again and again, must not hold a thread for ever.
    func writeSome(
        _ bytes: UnsafeRawBufferPointer,
        to file: OpenFile,
        at offset: Int64
    ) throws(SystemCallError) -> Int {
        let count = try self.write(bytes, to: file, at: offset)
        guard count > 0 || bytes.isEmpty else { throw .tookNothing("pwrite", file.path) }
        return count
    }

    /// Reads a few bytes from the beginning of a file.
    func readStart(of file: OpenFile, count: Int) throws(SystemCallError) -> [UInt8] {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
        defer { memory.deallocate() }
        return Array(memory[..<(try self.read(into: memory, from: file, at: 0))])
    }
}
