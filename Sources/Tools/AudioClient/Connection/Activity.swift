import NIOCore
import Wire

/// One thing that a connection does: a question and its answer, an upload's bytes, a download.
///
/// Lives on the event loop. It ends itself by calling ``ConnectionHandler/finished()`` and fulfilling its own promise,
/// or is ended by ``failed(_:)``, once.
protocol Activity: AnyObject {
    /// What is being done, as it reads after "while".
    var name: String { get }
    /// Grows with every sign of life of the server; a connection on which it stands still for too long has failed.
    var progress: Int64 { get }
    /// Whether it is right at the moment that nothing comes and nothing is sent.
    var isPatient: Bool { get }
    /// Begins.
    func begin(on line: ConnectionHandler)
    /// A text message came, of which nothing was made yet.
    ///
    /// - Returns: Whether it was dealt with; else it is read as a control message, or as bytes.
    func takes(_ text: ByteBuffer, on line: ConnectionHandler) -> Bool
    /// A control message came.
    func received(_ message: ServerMessage, on line: ConnectionHandler)
    /// Some bytes of a message came that is none of control.
    func received(_ payload: ByteBuffer, endsMessage: Bool, on line: ConnectionHandler)
    /// All that had arrived was handed on.
    func batchEnded(on line: ConnectionHandler)
    /// The connection can take more.
    func becameWritable(on line: ConnectionHandler)
    /// It is over. Nothing is called after this.
    func failed(_ error: ClientError)
}

extension Activity {
    var isPatient: Bool { false }
    func takes(_ text: ByteBuffer, on line: ConnectionHandler) -> Bool { false }
    func batchEnded(on line: ConnectionHandler) {}
    func becameWritable(on line: ConnectionHandler) {}
}
