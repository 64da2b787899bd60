/// The metrics that the gateway has, whatever it is doing: names, kinds, labels and meaning, as docs/operations.md
/// tells them. Names follow <https://prometheus.io/docs/practices/naming/>.
enum MetricCatalogue {
    enum Name: String, CaseIterable {
        case buildInfo = "audiocache_build_info"
        case ready = "audiocache_ready"
        case connections = "audiocache_connections"
        case connectionsTotal = "audiocache_connections_total"
        case streamsOpen = "audiocache_streams_open"
        case streamsStarted = "audiocache_streams_started_total"
        case streamsSealed = "audiocache_streams_sealed_total"
        case streamsAborted = "audiocache_streams_aborted_total"
        case streamsSuspended = "audiocache_streams_suspended_total"
        case receivedBytes = "audiocache_received_bytes_total"
        case sentBytes = "audiocache_sent_bytes_total"
        case unsentBytes = "audiocache_unsent_bytes"
        case getDuration = "audiocache_get_duration_seconds"
        case errors = "audiocache_errors_total"
        case eventLoopLag = "audiocache_event_loop_lag_seconds"
        case residentMemory = "process_resident_memory_bytes"
        case virtualMemory = "process_virtual_memory_bytes"
        case openDescriptors = "process_open_fds"
        case maximumDescriptors = "process_max_fds"
        case processorTime = "process_cpu_seconds_total"
        case startTime = "process_start_time_seconds"

        /// The names of its labels.
        var labels: [String] {
            switch self {
            case .buildInfo: ["version"]
            case .connectionsTotal: ["result"]
            case .receivedBytes, .sentBytes: ["protocol"]
            case .errors: ["code"]
            default: []
            }
        }

        var help: String {
            switch self {
            case .buildInfo: "1, with the version of this build."
            case .ready: "1 where /readyz says so, else 0."
            case .connections: "WebSocket connections that are open."
            case .connectionsTotal: "Requests for a WebSocket connection, by result."
            case .streamsOpen: "Uploads that are under way."
            case .streamsStarted: "Uploads that began or were resumed."
            case .streamsSealed: "Uploads that were completed."
            case .streamsAborted: "Uploads that their writer took back."
            case .streamsSuspended: "Uploads whose writer went away before their end."
            case .receivedBytes: "Bytes of streams that came in."
            case .sentBytes: "Bytes of streams that were handed to sockets."
            case .unsentBytes: "Bytes that wait for peers to take them, as of the last second."
            case .getDuration:
                "From a GET's arrival, or that of the bytes that it waited for, until its answer was handed to the socket."
            case .errors: "Errors that peers were told, by code."
            case .eventLoopLag: "How much later than wanted an event loop did what was due, four times a second."
            case .residentMemory: "Resident memory in bytes."
            case .virtualMemory: "Virtual memory in bytes."
            case .openDescriptors: "Open file descriptors."
            case .maximumDescriptors: "The most file descriptors that may be open."
            case .processorTime: "Processor time in user and system mode, in seconds."
            case .startTime: "When the process started, in seconds since 1970."
            }
        }
    }

    /// What comes before the name of a backend's figure; the label is `backend`, its type in the configuration.
    static let storagePrefix = "audiocache_storage_"

    /// What the registry is told of a metric.
    static func description(_ name: String) -> MetricRegistry.Description {
        switch Name(rawValue: name) {
        // Most GETs are answered from memory, in far less than a millisecond.
        case .getDuration:
            .init(
                help: Name.getDuration.help,
                bounds: [0.000_05, 0.000_1, 0.000_25, 0.000_5] + MetricRegistry.defaultBounds
            )
        case .eventLoopLag:
            .init(
                help: Name.eventLoopLag.help,
                bounds: [0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5]
            )
        case .some(let known): .init(help: known.help)
        case .none where name.hasPrefix(Self.storagePrefix):
            .init(help: "The backend's \(name.dropFirst(Self.storagePrefix.count)).")
        case .none: .init()
        }
    }
}
