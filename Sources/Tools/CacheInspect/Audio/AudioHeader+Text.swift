extension AudioHeader {
    /// The header in one line: `Opus in Ogg, 1 channel, 48000 Hz, 0:13.3`.
    public var sentence: String {
        var parts = [
            self.codec == self.container.rawValue || self.container == .mpeg
                ? self.codec : "\(self.codec) in \(self.container.rawValue)"
        ]
        if let channels = self.channels { parts.append("\(channels) channel\(channels == 1 ? "" : "s")") }
        if let rate = self.sampleRate { parts.append("\(rate) Hz") }
        if let bits = self.bitsPerSample { parts.append("\(bits) bits") }
        if let duration = self.durationText { parts.append((self.isDurationEstimated ? "about " : "") + duration) }
        return parts.joined(separator: ", ")
    }

    /// The duration as `m:ss.t`, or `h:mm:ss`; `nil` where it isn't known.
    private var durationText: String? {
        guard let duration = self.duration, duration.isFinite, duration >= 0, duration < 1e12 else { return nil }
        let tenths = Int64((duration * 10).rounded())
        let (seconds, minutes, hours) = (tenths / 10 % 60, tenths / 600 % 60, tenths / 36_000)
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        if hours > 0 { return "\(hours):\(two(minutes)):\(two(seconds))" }
        return "\(minutes):\(two(seconds)).\(tenths % 10)"
    }
}
