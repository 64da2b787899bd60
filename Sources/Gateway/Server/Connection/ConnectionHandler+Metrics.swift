extension ConnectionHandler {
    /// Counts the bytes that came since the last time: once for what a socket had at hand, not for each frame.
    func countReceived() {
        guard self.uncountedBytes > 0 else { return }
        self.service.metrics.received(self.uncountedBytes, over: .websocket)
        self.uncountedBytes = 0
    }

    /// Sees that the upload is counted as open exactly while it is: to be called wherever that may have changed.
    func countUpload() {
        let isOpen = self.upload.streamID != nil
        guard isOpen != self.isUploadCounted else { return }
        self.isUploadCounted = isOpen
        self.service.metrics.uploadIsOpen(isOpen)
    }
}
