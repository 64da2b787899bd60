import NIOCore
import Wire

/// A load generator: opens connections to a server, keeps them busy, and reports how fast that went.
///
/// Works with any server of the original system too, where what is measured needs no extension; only a server of ours is
/// asked to remove the streams afterwards.
public struct Bench: Sendable {
    /// How many connections are opened at once.
    private static let openingAtOnce = 64

    let plan: BenchPlan
    private let client: WebSocketClient
    private let processID: Int32?
    private let tell: @Sendable (String) -> Void

    /// Makes a load generator.
    ///
    /// - Parameters:
    ///   - plan: What to measure.
    ///   - client: What opens the connections.
    ///   - processID: The gateway's process, where what it uses is to be measured too.
    ///   - tell: Is told what is being done.
    /// - Throws: ``ClientError`` with code `usage`.
    public init(
        _ plan: BenchPlan,
        client: WebSocketClient,
        gatewayProcess processID: Int32? = nil,
        tell: @escaping @Sendable (String) -> Void = { _ in }
    ) throws(ClientError) {
        try plan.validate()
        self.plan = plan
        self.client = client
        self.processID = processID
        self.tell = tell
    }

    /// Measures.
    ///
    /// - Returns: What came of it.
    /// - Throws: ``ClientError`` where a connection failed, or with cause `cancelled`: then nothing was measured. What the
    ///   measurement had in a gateway of ours is removed; what can't be in a few seconds is named by the error.
    public func run() async throws(ClientError) -> BenchReport {
        var report = BenchReport(plan: self.plan, streamSize: self.plan.streamSize)
        if let processID = self.processID {
            report.anonymousBytesBefore = try ProcessUse.of(processID).anonymousBytes
        }
        let begin = ContinuousClock.now
        let connections = try await self.open(self.plan.totalConnections)
        report.connectSeconds = (ContinuousClock.now - begin).inSeconds
        let streams = BenchStreams()
        var failure: ClientError?
        do throws(ClientError) {
            report.runs = try await self.measure(connections, streams)
        } catch {
            failure = error
        }
        await self.close(connections)
        let left = connections.first?.isOurGateway == true ? await self.remove(streams) : []
        if let failure { throw failure.leaving(left, in: self.client.server) }
        if !left.isEmpty { self.tell("left in the gateway: \(left.joined(separator: " "))") }
        return report
    }

    /// Removes what is left.
    ///
    /// - Returns: What is left all the same.
    private func remove(_ streams: BenchStreams) async -> [String] {
        guard !streams.left.isEmpty else { return [] }
        // Said before it is tried, for who does not wait for its end.
        self.tell("removing \(streams.left.joined(separator: " "))")
        let limit = self.plan.removalLimit
        await BenchRemoval(client: self.client, streams: streams, limit: limit).run()
        return streams.left
    }

    private func measure(
        _ connections: [ClientConnection],
        _ streams: BenchStreams
    ) async throws(ClientError) -> [BenchReport.Run] {
        let load = try await self.makeLoad(connections, streams)
        var runs: [BenchReport.Run] = []
        if self.plan.warmUp > .zero {
            self.tell("warming up")
            _ = try await load.run(self.plan.warmUp)
        }
        for number in 1...self.plan.repetitions {
            self.tell("run \(number) of \(self.plan.repetitions)")
            runs.append(
                try await self.observe { () async throws(ClientError) in try await load.run(self.plan.duration) }
            )
        }
        await load.cleanUp()
        return runs
    }

    private func makeLoad(
        _ connections: [ClientConnection],
        _ streams: BenchStreams
    ) async throws(ClientError) -> any BenchLoad {
        switch self.plan.mode {
        case .upload: UploadLoad(plan: self.plan, connections: connections, streams: streams)
        case .download, .get: try await ReadLoad.storing(self.plan, connections, streams)
        case .live: LiveLoad(plan: self.plan, connections: connections, streams: streams)
        case .idle: IdleLoad(connections: connections)
        }
    }

    /// Times a run, and looks at the gateway's process before, after and during it.
    private func observe(
        _ body: @escaping @Sendable () async throws(ClientError) -> BenchReport.Run
    ) async throws(ClientError) -> BenchReport.Run {
        let before = try self.use()
        let own = ProcessUse.ownProcessorSeconds
        let begin = ContinuousClock.now
        let (outcome, peak) = await withTaskGroup(of: Int64?.self) { group in
            if let processID = self.processID {
                group.addTask {
                    var peak: Int64 = 0
                    while !Task.isCancelled {
                        peak = max(peak, (try? ProcessUse.of(processID))?.anonymousBytes ?? 0)
                        try? await Task.sleep(for: .milliseconds(50))
                    }
                    return peak
                }
            }
            let outcome: Result<BenchReport.Run, ClientError>
            do throws(ClientError) {
                outcome = .success(try await body())
            } catch {
                outcome = .failure(error)
            }
            group.cancelAll()
            return (outcome, await group.next() ?? nil)
        }
        var run = try outcome.get()
        run.seconds = (ContinuousClock.now - begin).inSeconds
        run.ownProcessorSeconds = ProcessUse.ownProcessorSeconds - own
        if let before, let after = try self.use() {
            run.processorSeconds = after.processorSeconds - before.processorSeconds
            run.anonymousBytes = max(peak ?? 0, after.anonymousBytes)
        }
        return run
    }

    private func use() throws(ClientError) -> ProcessUse? {
        guard let processID = self.processID else { return nil }
        return try ProcessUse.of(processID)
    }

    private func open(_ count: Int) async throws(ClientError) -> [ClientConnection] {
        self.tell("opening \(count) connections")
        let client = self.client
        var connections: [ClientConnection] = []
        var remaining = count
        while remaining > 0 {
            let opened = await withTaskGroup(of: Result<ClientConnection, ClientError>.self) { group in
                for _ in 0..<min(remaining, Self.openingAtOnce) {
                    group.addTask {
                        do throws(ClientError) {
                            return .success(try await client.connect())
                        } catch {
                            return .failure(error)
                        }
                    }
                }
                return await group.reduce(into: [Result<ClientConnection, ClientError>]()) { $0.append($1) }
            }
            var failure: ClientError?
            for result in opened {
                switch result {
                case .success(let connection): connections.append(connection)
                case .failure(let error): failure = error
                }
            }
            if Task.isCancelled {
                failure = failure ?? ErrorHandler.clientError(CancellationError(), while: "opening connections")
            }
            if let failure {
                await self.close(connections)
                throw failure
            }
            remaining -= opened.count
        }
        return connections
    }

    private func close(_ connections: [ClientConnection]) async {
        await withTaskGroup(of: Void.self) { group in
            for connection in connections { group.addTask { await connection.close() } }
        }
    }
}

extension Duration {
    /// Seconds.
    var inSeconds: Double { Double(self.components.seconds) + Double(self.components.attoseconds) * 1e-18 }
}
