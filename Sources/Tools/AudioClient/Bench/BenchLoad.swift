import NIOCore
import Wire

/// What keeps connections busy.
protocol BenchLoad: Sendable {
    /// Keeps them busy for a while, and a little longer where something is to be completed.
    func run(_ duration: Duration) async throws(ClientError) -> BenchReport.Run
    /// Removes what is left when all runs are done.
    func cleanUp() async
}

extension BenchLoad {
    func cleanUp() async {}
}

extension BenchReport.Run {
    /// Runs something for each of many, all at once, and adds up what comes of it.
    static func sum<Element: Sendable>(
        over elements: [Element],
        _ body: @escaping @Sendable (Element) async throws(ClientError) -> BenchReport.Run
    ) async throws(ClientError) -> BenchReport.Run {
        let outcome = await withTaskGroup(of: Result<BenchReport.Run, ClientError>.self) { group in
            for element in elements {
                group.addTask {
                    do throws(ClientError) {
                        return .success(try await body(element))
                    } catch {
                        return .failure(error)
                    }
                }
            }
            var total = BenchReport.Run()
            var failure: ClientError?
            for await result in group {
                switch result {
                case .success(let run): total.add(run)
                case .failure(let error):
                    // The others fail because of this one being cancelled; it is the first that tells.
                    failure = failure ?? error
                    group.cancelAll()
                }
            }
            return failure.map { Result<BenchReport.Run, ClientError>.failure($0) } ?? .success(total)
        }
        return try outcome.get()
    }
}

/// Does one thing, and takes its time.
private func timed<Value>(
    _ histogram: inout LatencyHistogram,
    _ body: () async throws(ClientError) -> Value
) async throws(ClientError) -> Value {
    let begin = NIODeadline.now()
    let value = try await body()
    histogram.record((NIODeadline.now() - begin).nanoseconds)
    return value
}

/// Uploads: START, bytes, STOP, DELETE, over and over.
struct UploadLoad: BenchLoad {
    let plan: BenchPlan
    let connections: [ClientConnection]
    let streams: BenchStreams

    func run(_ duration: Duration) async throws(ClientError) -> BenchReport.Run {
        let frames = BenchFrames(chunkSize: self.plan.chunkSize)
        let (plan, streams) = (self.plan, self.streams)
        let deadline = ContinuousClock.now + duration
        return try await .sum(over: self.connections) { connection throws(ClientError) in
            var run = BenchReport.Run()
            var (start, stop, delete) = (LatencyHistogram(), LatencyHistogram(), LatencyHistogram())
            repeat {
                let id = streams.begin()
                var message = ClientMessage.Start(streamID: id)
                if connection.isOurGateway, plan.streamSize > 0 { message.size = plan.streamSize }
                let request = message
                _ = try await timed(&start) { () async throws(ClientError) in try await connection.start(request) }
                try await connection.send(frames, of: plan.streamSize)
                _ = try await timed(&stop) { () async throws(ClientError) in try await connection.stop(id) }
                if connection.isOurGateway {
                    try await timed(&delete) { () async throws(ClientError) in try await connection.delete(id) }
                }
                streams.removed(id)
                run.bytes += plan.streamSize
                run.operations += 1
            } while ContinuousClock.now < deadline
            run.latencies = ["start": start, "stop": stop]
            if delete.count > 0 { run.latencies["delete"] = delete }
            return run
        }
    }
}

extension ClientConnection {
    /// Sends frames that were made before.
    func send(_ frames: BenchFrames, of size: Int64) async throws(ClientError) {
        guard size > 0 else { return }
        let count = size / Int64(frames.chunkSize)
        let _: Void = try await self.perform("uploading") { promise in
            BenchUploadPump(frames, frames: count, promise: promise)
        }
    }
}

/// Reads of one stream: whole and pipelined, or a range at a time.
struct ReadLoad: BenchLoad {
    let plan: BenchPlan
    let connections: [ClientConnection]
    let streams: BenchStreams
    let streamID: String

    /// Uploads the stream that is to be read.
    static func storing(
        _ plan: BenchPlan,
        _ connections: [ClientConnection],
        _ streams: BenchStreams
    ) async throws(ClientError) -> ReadLoad {
        let id = streams.begin()
        if let connection = connections.first {
            _ = try await connection.start(ClientMessage.Start(streamID: id))
            try await connection.send(BenchFrames(chunkSize: plan.chunkSize), of: plan.streamSize)
            _ = try await connection.stop(id)
        }
        return ReadLoad(plan: plan, connections: connections, streams: streams, streamID: id)
    }

    func run(_ duration: Duration) async throws(ClientError) -> BenchReport.Run {
        let (plan, id) = (self.plan, self.streamID)
        guard plan.mode == .get else { return try await self.download(duration) }
        let deadline = NIODeadline.now() + duration.timeAmount
        return try await .sum(over: self.connections) { connection throws(ClientError) in
            let outcome: BenchGetPump.Outcome = try await connection.perform("reading ranges") { promise in
                BenchGetPump(id, size: plan.streamSize, length: plan.chunkSize, until: deadline, promise: promise)
            }
            var run = BenchReport.Run()
            run.bytes = outcome.bytes
            run.operations = outcome.latencies.count
            run.latencies = ["get": outcome.latencies]
            return run
        }
    }

    private func download(_ duration: Duration) async throws(ClientError) -> BenchReport.Run {
        let (plan, id) = (self.plan, self.streamID)
        let deadline = ContinuousClock.now + duration
        return try await .sum(over: self.connections) { connection throws(ClientError) in
            var run = BenchReport.Run()
            repeat {
                let result: PumpResult<DiscardingSink> = try await connection.perform("downloading") { promise in
                    DownloadPump(
                        streamID: id,
                        plan: DownloadPlan(size: plan.streamSize, chunkSize: plan.chunkSize, depth: plan.pipelineDepth),
                        sink: DiscardingSink(),
                        name: "downloading",
                        observer: { _ in },
                        promise: promise
                    )
                }
                if let error = result.error { throw error }
                run.bytes += plan.streamSize
                run.operations += 1
            } while ContinuousClock.now < deadline
            return run
        }
    }

    func cleanUp() async {
        guard let connection = self.connections.first, connection.isOurGateway else { return }
        do throws(ClientError) {
            try await connection.delete(self.streamID)
            self.streams.removed(self.streamID)
        } catch {
            // It may be done over another connection.
        }
    }
}

/// Writers at the rate of audio, each with readers that follow it.
struct LiveLoad: BenchLoad {
    let plan: BenchPlan
    let connections: [ClientConnection]
    let streams: BenchStreams

    /// One stream's connections.
    private struct Stream: Sendable {
        let id: String
        let writer: ClientConnection
        let tails: ArraySlice<ClientConnection>
    }

    func run(_ duration: Duration) async throws(ClientError) -> BenchReport.Run {
        for connection in self.connections.prefix(1) { try connection.requireOurGateway(for: "live tail") }
        let plan = self.plan
        let streams = (0..<plan.connections).map { index in
            let first = index * (1 + plan.tails)
            return Stream(
                id: self.streams.begin(),
                writer: self.connections[first],
                tails: self.connections[(first + 1)..<(first + 1 + plan.tails)]
            )
        }
        let deadline = NIODeadline.now() + duration.timeAmount
        return try await .sum(over: streams) { stream throws(ClientError) in
            let run = try await Self.run(stream, plan, until: deadline)
            self.streams.removed(stream.id)
            return run
        }
    }

    private enum Role: Sendable {
        case writer(ClientConnection)
        case tail(ClientConnection)
    }

    private static func run(
        _ stream: Stream,
        _ plan: BenchPlan,
        until deadline: NIODeadline
    ) async throws(ClientError) -> BenchReport.Run {
        let id = stream.id
        _ = try await stream.writer.start(ClientMessage.Start(streamID: id))
        let roles = [Role.writer(stream.writer)] + stream.tails.map { Role.tail($0) }
        let run = try await BenchReport.Run.sum(over: roles) { role throws(ClientError) in
            switch role {
            case .writer(let connection): try await Self.write(id, plan, over: connection, until: deadline)
            case .tail(let connection): try await Self.follow(id, plan, over: connection)
            }
        }
        try await stream.writer.delete(id)
        return run
    }

    private static func write(
        _ id: String,
        _ plan: BenchPlan,
        over connection: ClientConnection,
        until deadline: NIODeadline
    ) async throws(ClientError) -> BenchReport.Run {
        let packets: Int64 = try await connection.perform("writing live") { promise in
            BenchLiveWriter(
                packetLength: plan.packetLength,
                interval: BenchPlan.packetDuration.timeAmount,
                until: deadline,
                promise: promise
            )
        }
        _ = try await connection.stop(id)
        var run = BenchReport.Run()
        run.bytes = packets * Int64(plan.packetLength)
        run.operations = packets
        return run
    }

    private static func follow(
        _ id: String,
        _ plan: BenchPlan,
        over connection: ClientConnection
    ) async throws(ClientError) -> BenchReport.Run {
        let sink = TimestampSink(packetLength: plan.packetLength)
        let result = try await connection.tail(id, TailPlan(id, from: .offset(0)), into: sink, { _ in })
        if let error = result.error { throw error }
        var run = BenchReport.Run()
        run.latencies = ["arrival": result.sink.packets.latencies]
        return run
    }
}

/// Connections that say nothing, and are asked at the end whether they are still there.
struct IdleLoad: BenchLoad {
    let connections: [ClientConnection]

    func run(_ duration: Duration) async throws(ClientError) -> BenchReport.Run {
        do {
            try await Task.sleep(for: duration)
        } catch {
            throw ErrorHandler.clientError(error, while: "holding connections open")
        }
        return try await .sum(over: self.connections) { connection throws(ClientError) in
            guard connection.isOurGateway else { return BenchReport.Run() }
            var ping = LatencyHistogram()
            _ = try await timed(&ping) { () async throws(ClientError) in
                try await connection.ask(.ping, for: .pong, name: "asking whether the gateway works")
            }
            var run = BenchReport.Run()
            run.operations = 1
            run.latencies = ["ping": ping]
            return run
        }
    }
}
