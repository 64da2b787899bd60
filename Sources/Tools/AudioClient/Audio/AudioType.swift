/// The media types of audio files, by the ends of their names.
public enum AudioType {
    private static let types = [
        "aac": "audio/aac", "aif": "audio/aiff", "aiff": "audio/aiff", "flac": "audio/flac", "m4a": "audio/mp4",
        "mp3": "audio/mpeg", "oga": "audio/ogg", "ogg": "audio/ogg", "opus": "audio/ogg", "wav": "audio/wav",
        "weba": "audio/webm",
    ]

    /// The media type of a file.
    ///
    /// - Parameter path: The file's name or path.
    /// - Returns: The type, or `nil` where the name does not tell.
    public static func mediaType(ofFile path: String) -> String? {
        let name = path.split(separator: "/").last ?? ""
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return nil }
        return Self.types[name[name.index(after: dot)...].lowercased()]
    }
}
