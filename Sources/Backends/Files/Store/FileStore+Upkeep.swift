import CacheProtocol

extension FileStore {
    /// See ``CacheBackend/run()``: waits to be told to stop, then until every writer's bytes are stored.
    public func run() async throws {
        let (wait, end) = AsyncStream<Never>.makeStream()
        await withTaskCancellationHandler {
            for await _ in wait {}
        } onCancel: {
            end.finish()
        }
        await self.drained()
    }
}
