extension DashboardFile {
    /// What every path of the dashboard but `/` begins with.
    static let prefix = "/dashboard"

    /// The dashboard's files, the page itself first. They are part of the executable: there is no directory beside it
    /// that could be missing.
    ///
    /// - Parameter webSocketPath: `listen.path`, which the page is told.
    static func all(webSocketPath: String) -> [DashboardFile] {
        let page = String(decoding: PackageResources.index_html, as: UTF8.self)
            .replacing("content=\"/audio\"", with: "content=\"\(webSocketPath)\"")
        return [DashboardFile("index.html", at: "/", Array(page.utf8))]
            + Self.parts.map { DashboardFile($0.name, at: "\(Self.prefix)/\($0.name)", $0.bytes) }
    }

    private static let parts: [(name: String, bytes: [UInt8])] = [
        ("access.js", PackageResources.access_js), ("app.js", PackageResources.app_js),
        ("catalogue.js", PackageResources.catalogue_js), ("charts.js", PackageResources.charts_js),
        ("connection.js", PackageResources.connection_js), ("dom.js", PackageResources.dom_js),
        ("download.js", PackageResources.download_js), ("formats.js", PackageResources.formats_js),
        ("health.js", PackageResources.health_js), ("icon.svg", PackageResources.icon_svg),
        ("inspector.js", PackageResources.inspector_js), ("list-view.js", PackageResources.list_view_js),
        ("peaks.js", PackageResources.peaks_js), ("player.js", PackageResources.player_js),
        ("recorder.js", PackageResources.recorder_js), ("sha256.js", PackageResources.sha256_js),
        ("sources.js", PackageResources.sources_js), ("style.css", PackageResources.style_css),
        ("tail.js", PackageResources.tail_js), ("tail-outputs.js", PackageResources.tail_outputs_js),
        ("upload.js", PackageResources.upload_js), ("upload-view.js", PackageResources.upload_view_js),
        ("waveform.js", PackageResources.waveform_js), ("words.js", PackageResources.words_js),
    ]
}
