import ArgumentParser
import AudioClient

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// `audio-client bench [MODE…]`
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure a gateway: throughput, latency, and what it costs.",
        discussion: """
            upload    START, bytes, STOP, DELETE, over and over; --size 0 for the messages alone
            download  a stream, whole, over and over, with many GETs under way
            get       one GET at a time, anywhere in a stream: latency
            live      writers at the rate of audio, and readers that follow them: added latency
            idle      connections that say nothing: memory

            Each is warmed up first, and run several times; the median is reported, and how far the runs are apart. Give \
            --gateway-pid to learn what the gateway uses; it must run on this machine. The gateway's disk is written to, \
            and what was written removed, also at Ctrl-C; what can't be removed is named.
            """
    )

    /// What to measure, as an argument.
    enum Mode: String, ExpressibleByArgument, CaseIterable {
        case upload, download, get, live, idle

        /// As the plan has it.
        var mode: BenchPlan.Mode {
            switch self {
            case .upload: .upload
            case .download: .download
            case .get: .get
            case .live: .live
            case .idle: .idle
            }
        }
    }

    @Argument(help: "What to measure (default: upload, download and get).")
    var modes: [Mode] = [.upload, .download, .get]

    @Option(help: "How many connections; with live, how many writers.")
    var connections = 1

    @Option(help: "With live: how many readers follow each writer.")
    var tails = 1

    @Option(help: "Bytes of a stream, such as 64MiB (default: 64MiB, less with many connections).")
    var size: ByteCount?

    @Option(help: "How long a run takes at least, in seconds.")
    var seconds = 3.0

    @Option(help: "How long to warm up, in seconds.")
    var warmUp = 1.0

    @Option(name: .customLong("repeat"), help: "How many runs are measured.")
    var repetitions = 3

    @Option(help: "How long removing what was written may take at Ctrl-C, in seconds.")
    var removalSeconds = 5.0

    @Option(help: "How many GETs of a download are under way at once.")
    var pipeline = 32

    @Option(help: "With live: bits a second of each writer.")
    var bitRate = 256_000

    @Option(help: "The gateway's process, to measure its processor time and memory.")
    var gatewayPid: Int32?

    @OptionGroup
    var options: ServerOptions

    func run() async throws {
        var options = self.options
        // A gateway under load takes its time, which is what is to be measured.
        options.answerTimeoutMs = options.answerTimeoutMs ?? 120_000
        let session = Session(options)
        let plans = self.modes.map { self.plan($0.mode) }
        let processID = self.gatewayPid
        try await session.console.run {
            for plan in plans { try plan.validate() }
            Self.allowManyConnections()
            try await session.withClient { client, _ in
                var documents: [BenchDocument] = []
                for plan in plans {
                    session.console.notice("\(plan.mode.rawValue), \(plan.connections) connections")
                    let bench = try Bench(plan, client: client, gatewayProcess: processID) { step in
                        session.console.notice("  \(step)")
                    }
                    let document = BenchDocument(try await bench.run())
                    documents.append(document)
                    if !session.console.isJSON { try session.console.result(document, lines: document.lines) }
                }
                if session.console.isJSON {
                    try session.console.result(
                        BenchDocuments(server: client.server.text, results: documents),
                        lines: []
                    )
                }
            }
        }
    }

    private func plan(_ mode: BenchPlan.Mode) -> BenchPlan {
        var plan = BenchPlan(mode)
        plan.connections = self.connections
        plan.tails = self.tails
        plan.size = self.size?.bytes
        plan.chunkSize = self.options.chunkSize ?? plan.chunkSize
        plan.pipelineDepth = self.pipeline
        plan.duration = .milliseconds(Int64(min(max(0, self.seconds), 86_400) * 1_000))
        plan.warmUp = .milliseconds(Int64(min(max(0, self.warmUp), 86_400) * 1_000))
        plan.repetitions = self.repetitions
        plan.removalLimit = .milliseconds(Int64(min(max(0, self.removalSeconds), 3_600) * 1_000))
        plan.bitRate = self.bitRate
        return plan
    }

    /// As many descriptors as the system lets this process have (setrlimit(2)).
    private static func allowManyConnections() {
        var limit = rlimit()
        #if canImport(Glibc)
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
        let resource = RLIMIT_NOFILE
        #endif
        guard getrlimit(resource, &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        // Where that is refused, connecting says what is missing.
        _ = setrlimit(resource, &limit)
    }
}

/// An amount of bytes, as an option: `65536`, `64KiB`, `64MiB`, `1GB`.
struct ByteCount: ExpressibleByArgument {
    let bytes: Int64

    private static let units: [(String, Int64)] = [
        ("kib", 1 << 10), ("mib", 1 << 20), ("gib", 1 << 30), ("kb", 1_000), ("mb", 1_000_000), ("gb", 1_000_000_000),
        ("k", 1 << 10), ("m", 1 << 20), ("g", 1 << 30), ("b", 1), ("", 1),
    ]

    init?(argument: String) {
        let text = argument.lowercased()
        for (suffix, factor) in Self.units where text.hasSuffix(suffix) {
            guard let number = Int64(text.dropLast(suffix.count)), number >= 0 else { return nil }
            let (bytes, overflows) = number.multipliedReportingOverflow(by: factor)
            guard !overflows else { return nil }
            self.bytes = bytes
            return
        }
        return nil
    }
}
