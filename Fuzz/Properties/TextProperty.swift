import Wire

/// UTF-8 that comes in pieces is judged as the library judges the whole, and given up as soon as nothing can save it.
enum TextProperty {
    static func check(_ input: [UInt8]) throws(BrokenProperty) {
        var source = ByteSource(input)
        let cut = Int(source.byte()) % 5 + 1
        let bytes = source.remaining
        var validator = UTF8Validator()
        var read = 0
        while read < bytes.count {
            let piece = Array(bytes[read..<min(read + cut, bytes.count)])
            guard piece.withUnsafeBytes({ validator.accept($0) }) else {
                let isHopeless = !UTF8Oracle.isPrefix(bytes[..<(read + piece.count)])
                try BrokenProperty.unless(isHopeless, "given up within byte \(read + piece.count), though it may go on")
                return
            }
            read += piece.count
            try BrokenProperty.unless(UTF8Oracle.isPrefix(bytes[..<read]), "not given up at byte \(read)")
        }
        let isWhole = UTF8Oracle.isWhole(bytes)
        try BrokenProperty.unless(
            validator.isComplete == isWhole,
            "whole: \(validator.isComplete), library: \(isWhole)"
        )
    }
}
