import Wire

/// Frames are read the same whole, cut anywhere, and by a slow reader of the same RFC.
enum FrameProperty {
    private static var limits: FrameParser.Limits {
        var limits = FrameParser.Limits()
        limits.frameLength = 300
        limits.binaryMessageLength = 400
        limits.textMessageLength = 250
        limits.textFragments = 4
        return limits
    }

    static func check(_ input: [UInt8], role: FrameParser.Role) throws(BrokenProperty) {
        var source = ByteSource(input)
        let cut = Int(source.byte()) % 17 + 1
        let bytes = source.remaining
        let whole = FrameParser.observe([bytes], role: role, limits: Self.limits)
        let pieces = stride(from: 0, to: bytes.count, by: cut).map { Array(bytes[$0..<min($0 + cut, bytes.count)]) }
        var parser = FrameParser(role: role, limits: Self.limits)
        let cutUp = parser.observe(pieces)
        try BrokenProperty.unless(whole == cutUp, "whole \(whole), in pieces of \(cut) \(cutUp)")
        let reference = ReferenceParser.read(bytes, role: role, limits: Self.limits)
        try BrokenProperty.unless(whole.withoutReason == reference, "\(whole), by the reference \(reference)")
        // A parser that has said no must not trap when it is asked again.
        if whole.violation != nil { _ = parser.observe(pieces) }
    }
}
