import Wire

/// What a control message means to somebody who waits for an answer.
struct AnswerRule: Hashable, Sendable {
    /// The kind that answers.
    var expected: ServerMessage.Kind
    /// The mark of the question, where the server is one that echoes it.
    var requestID: RequestID?

    /// What a message means.
    enum Verdict: Hashable, Sendable {
        /// It is the answer.
        case answer
        /// It refuses.
        case refusal
        /// It has nothing to do with the question.
        case unrelated
    }

    /// Decides about a message.
    ///
    /// - Parameter message: What came.
    /// - Returns: What it means.
    func verdict(on message: ServerMessage) -> Verdict {
        if let mark = message.requestID, let own = self.requestID, mark != own { return .unrelated }
        if message.kind == .error { return .refusal }
        return message.kind == self.expected ? .answer : .unrelated
    }
}
