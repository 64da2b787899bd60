extension S3Client {
    /// Makes a request that is to make an object which is not there yet; without that condition once the store has said
    /// that it knows none.
    func performNew(_ request: S3Request, isNew: Bool) async throws(S3Failure) -> S3Answer {
        guard isNew, self.mayBeConditional(request) else { return try await self.perform(request) }
        var conditional = request
        conditional.headers.append(("if-none-match", "*"))
        do throws(S3Failure) {
            let answer = try await self.perform(conditional)
            // OpenStack Swift passes over a condition where an upload is completed, and refuses it where an object is put.
            if request.method == .put { self.noteConditions() }
            return answer
        } catch {
            guard error.isUnsupported else { throw error }
            self.forgetConditions()
            // Whoever sends what can't be made again here sends it again.
            guard request.isRepeatable else { throw error }
            return try await self.perform(request)
        }
    }

    /// Finds out whether the store knows conditional writes, where that is not known yet: for who is about to make an
    /// object by a request that can't be made again without the condition.
    ///
    /// - Parameter key: An object that is nobody's, and is there for no longer than this takes.
    func learnConditions(by key: String) async throws(S3Failure) {
        guard !self.hasLearntConditions else { return }
        var request = S3Request(method: .put, key: key)
        request.headers = [("if-none-match", "*")]
        do throws(S3Failure) {
            _ = try await self.perform(request)
        } catch {
            if error.isUnsupported { return self.forgetConditions() }
            // Another gateway is finding out, or did not get to taking it away: the store has compared.
            guard error.isPreconditionFailed else { throw error }
        }
        self.noteConditions()
        // One that stays is in nobody's way.
        try? await self.delete(key)
    }
}
