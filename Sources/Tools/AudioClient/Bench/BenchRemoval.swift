import Wire

/// Removes what a measurement that broke off has left in a gateway of ours, over a connection of its own: those of the
/// measurement are closed, which is what lets a stream go that has a writer.
///
/// Somebody waits for the process to end, so it takes no longer than it may.
struct BenchRemoval: Sendable {
    let client: WebSocketClient
    let streams: BenchStreams
    /// How long it may take in all.
    let limit: Duration

    /// Removes what can be removed in time. That the task is cancelled does not end it: that is when it is needed.
    func run() async {
        // A task of its own is out of reach of the cancellation, and this one waits for it.
        await Task { await self.race() }.value
    }

    private func race() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.removeAll() }
            group.addTask { try? await Task.sleep(for: self.limit) }
            _ = await group.next()
            group.cancelAll()
        }
    }

    private func removeAll() async {
        // Connecting can't be cancelled, but may be given less time.
        let client = self.client.hurried(self.limit / 3)
        // Whatever fails here leaves streams behind, and those are told.
        try? await client.withConnection { connection throws(ClientError) in
            for id in self.streams.left { try await self.remove(id, over: connection) }
        }
    }

    private func remove(_ id: String, over connection: ClientConnection) async throws(ClientError) {
        while true {
            do throws(ClientError) {
                try await connection.delete(id)
                return self.streams.removed(id)
            } catch {
                switch error.cause {
                case .server(.streamNotFound, _): return self.streams.removed(id)
                // The gateway is about to notice that the writer is gone.
                case .server(.streamBusy, _): break
                // The others may be removed all the same.
                case .server: return
                default: throw error
                }
            }
            do {
                try await Task.sleep(for: .milliseconds(20))
            } catch {
                throw ErrorHandler.clientError(error, while: "waiting to delete stream \(id)")
            }
        }
    }
}

extension ClientError {
    /// The same failure, with what it has left behind.
    ///
    /// - Parameters:
    ///   - ids: The streams that are left; the error stays what it is where there are none.
    ///   - server: Where they are.
    /// - Returns: The error to report.
    func leaving(_ ids: [String], in server: ServerURL) -> ClientError {
        guard !ids.isEmpty else { return self }
        let names = ids.joined(separator: " ")
        var error = self
        // Where the connection broke before the interruption was noticed, what is left is told all the same.
        if Task.isCancelled { error.cause = .cancelled }
        error.sentence += ids.count == 1 ? " A stream is left in the gateway:" : " Streams are left in the gateway:"
        error.sentence += " \(names)."
        let advice = "Remove what is left by audio-client delete --server \(server) \(names)"
        error.remedy = self.remedy.isEmpty ? advice : "\(self.remedy) \(advice)"
        return error
    }
}
