import AudioClient
import NIOCore
import NIOPosix
import Synchronization

/// A server that does what a script says, one script for each connection, in the order in which they come.
enum ScriptedServer {
    /// What one connection's server does.
    typealias Script = @Sendable (ScriptedPeer) async throws -> Void

    /// The scripts' failures.
    final class Failures: Sendable {
        private let list = Mutex<[any Error]>([])
        func add(_ error: any Error) { self.list.withLock { $0.append(error) } }
        var first: (any Error)? { self.list.withLock { $0.first } }
    }

    /// Runs a server for the time of a call. What a script throws, the call throws.
    ///
    /// - Parameters:
    ///   - script: What the server of the only connection does.
    ///   - body: Uses the server.
    static func run<Value: Sendable>(
        _ script: @escaping Script,
        body: @Sendable (ServerURL) async throws -> Value
    ) async throws -> Value {
        try await self.inTurn([script], body: body)
    }

    /// Runs a server for the time of a call. What a script throws, the call throws.
    ///
    /// - Parameters:
    ///   - scripts: What each connection's server does; each must get one, and those beyond are dropped.
    ///   - body: Uses the server.
    static func inTurn<Value: Sendable>(
        _ scripts: [Script],
        body: @Sendable (ServerURL) async throws -> Value
    ) async throws -> Value {
        let failures = Failures()
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        let port = listener.channel.localAddress?.port ?? 0
        let url = try ServerURL("ws://127.0.0.1:\(port)/audio")
        let value = try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await listener.executeThenClose { connections in
                    try await Self.serve(connections, scripts, failures)
                }
            }
            let outcome: Result<Value, any Error>
            do {
                outcome = .success(try await body(url))
            } catch {
                outcome = .failure(error)
            }
            // The scripts go on to their ends: what they expect last is part of the test.
            try await listener.channel.close()
            try await group.waitForAll()
            if let failure = failures.first { throw failure }
            return try outcome.get()
        }
        return value
    }

    private static func serve(
        _ connections: NIOAsyncChannelInboundStream<NIOAsyncChannel<ByteBuffer, ByteBuffer>>,
        _ scripts: [Script],
        _ failures: Failures
    ) async throws {
        try await withThrowingDiscardingTaskGroup { group in
            var next = 0
            defer {
                if next < scripts.count { failures.add(ScriptedPeer.Surprise(description: "\(next) connections came")) }
            }
            for try await connection in connections {
                let script = next < scripts.count ? scripts[next] : nil
                next += 1
                group.addTask {
                    do {
                        try await connection.executeThenClose { inbound, outbound in
                            let peer = ScriptedPeer(connection.channel, inbound, outbound)
                            guard let script else { return try await peer.drop() }
                            try await script(peer)
                            try await peer.sayGoodbye()
                        }
                    } catch let error as ScriptedPeer.Surprise {
                        failures.add(error)
                    } catch {
                        // A connection that ends under a script is for the client to judge, unless it broke the rules.
                        if !(error is IOError), !(error is ChannelError), !(error is CancellationError) {
                            failures.add(error)
                        }
                    }
                }
            }
        }
    }
}
