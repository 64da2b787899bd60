import GatewayServer

/// What a service manager is told, and when: decided from how the gateway is, without I/O (sd_notify(3)).
struct ServiceReport {
    /// How much longer the start may take after each sign that it goes on, in microseconds.
    static let extensionMicroseconds = 60_000_000

    private var isStarted = false
    private var isStopping = false

    /// The lines to send now that the gateway is so.
    ///
    /// READY is told once connections are accepted and recovery is over, even where the disk is full: a manager that
    /// ends the gateway for that would help nobody.
    mutating func lines(_ readiness: Readiness) -> [String] {
        var lines: [String] = []
        if readiness.isDraining { return self.stopping() }
        if !self.isStarted {
            if readiness.isListening, readiness.recovery == nil {
                self.isStarted = true
                lines.append("READY=1")
            } else {
                lines.append("EXTEND_TIMEOUT_USEC=\(Self.extensionMicroseconds)")
            }
        }
        let status = readiness.isReady ? "ready" : readiness.reasons.joined(separator: ", ")
        return lines + ["STATUS=\(status)"]
    }

    /// The lines to send when the gateway is told to stop, the first time that it is asked.
    mutating func stopping() -> [String] {
        guard !self.isStopping else { return [] }
        self.isStopping = true
        return ["STOPPING=1", "STATUS=draining"]
    }

    /// How often a watchdog is to be told that all is well, in nanoseconds: twice in the time that it gives.
    ///
    /// - Parameters:
    ///   - microseconds: `WATCHDOG_USEC`, if set.
    ///   - watched: `WATCHDOG_PID`, if set: who is to tell.
    ///   - process: This process.
    /// - Returns: `nil` where nobody waits for it.
    static func watchdogPause(microseconds: String?, watched: String?, process: Int32) -> Duration? {
        guard let microseconds = microseconds.flatMap({ Int64($0) }), microseconds > 1 else { return nil }
        if let watched, watched != "\(process)" { return nil }
        return .microseconds(microseconds / 2)
    }
}
