import GatewayServer
import Logging

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Logs a line for each event, as text or as JSON.
struct LineLogHandler: LogHandler {
    let label: String
    let format: GatewayConfiguration.LogFormat
    let output: LogOutput
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    init(
        label: String,
        format: GatewayConfiguration.LogFormat,
        level: Logger.Level,
        output: LogOutput,
        metadataProvider: Logger.MetadataProvider? = nil
    ) {
        self.label = label
        self.format = format
        self.logLevel = level
        self.output = output
        self.metadataProvider = metadataProvider
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var all = self.metadataProvider?.get() ?? [:]
        all.merge(self.metadata) { $1 }
        if let own = event.metadata { all.merge(own) { $1 } }
        if let error = event.error { all["error"] = "\(error)" }
        let record = LogRecord(
            time: Self.now,
            level: event.level,
            label: self.label,
            message: event.message.description,
            metadata: all.sorted { $0.key < $1.key }.map { ($0.key, $0.value.description) }
        )
        self.output.add(self.line(record)) { dropped in
            self.line(
                LogRecord(
                    time: record.time,
                    level: .warning,
                    label: "log",
                    message: "lines were dropped: nobody took them in time",
                    metadata: [("lines", "\(dropped)")]
                )
            )
        }
    }

    private func line(_ record: LogRecord) -> String {
        switch self.format {
        case .text: record.text
        case .json: record.json
        }
    }

    private static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }
}
