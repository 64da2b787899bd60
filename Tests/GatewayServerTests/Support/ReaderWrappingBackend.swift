import CacheProtocol
import TestSupport

/// A backend in front of another one, whose readers are something else's.
struct ReaderWrappingBackend: ForwardingBackend {
    let base: any CacheBackend
    let wrap: @Sendable (StreamReader) -> any StreamSource

    func makeReader(for id: StreamID) throws(CacheError) -> StreamReader {
        StreamReader(self.wrap(try self.base.makeReader(for: id)))
    }
}
