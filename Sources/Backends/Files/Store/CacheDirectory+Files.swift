public import CacheProtocol

extension CacheDirectory {
    /// Whether the directory has a file of its own of this name, such as an index.
    ///
    /// - Parameter name: A name inside the directory.
    /// - Returns: `false` where there is nothing.
    /// - Throws: ``CacheError`` with code `io` where something else than a file has the name.
    public func hasFile(_ name: String) throws(CacheError) -> Bool {
        do throws(SystemCallError) {
            _ = try self.calls.status(of: name, in: self.handle)
            return true
        } catch {
            if error.isNotFound { return false }
            throw error.cacheError()
        }
    }

    /// Renames a file of the directory's own.
    ///
    /// - Parameters:
    ///   - name: A name inside the directory.
    ///   - newName: The name that it gets; a file of that name is replaced.
    /// - Throws: ``CacheError`` with code `io` or `storage_full`.
    public func rename(_ name: String, to newName: String) throws(CacheError) {
        try calling { () throws(SystemCallError) in try self.calls.rename(name, to: newName, in: self.handle) }
    }

    /// Makes an empty file, as a mark; one that is there is left as it is.
    ///
    /// - Parameter name: A name inside the directory.
    /// - Throws: ``CacheError`` with code `io` or `storage_full`.
    public func mark(_ name: String) throws(CacheError) {
        _ = try calling { () throws(SystemCallError) in try self.calls.open(name, in: self.handle, .openOrCreate) }
    }

    /// Removes a file of the directory's own.
    ///
    /// - Parameter name: A name inside the directory.
    /// - Throws: ``CacheError`` with code `io`.
    public func removeFile(_ name: String) throws(CacheError) {
        try calling { () throws(SystemCallError) in try self.calls.unlink(name, in: self.handle) }
    }
}
