import CacheProtocol
import FileStorage
import SQLiteBackend

extension CacheInspector {
    /// Makes the index agree with the files, or says what that would take. Files are never changed, moved or removed.
    ///
    /// Only names, sizes and states are looked at; ``verify(_:observer:)`` looks at the bytes.
    ///
    /// - Parameters:
    ///   - options: Whether it is done, and what may be.
    ///   - observer: Told each step, before it is done, on a thread that may wait.
    /// - Returns: What came of it; where the task was cancelled, as far as it had got: each step is done or is not.
    /// - Throws: ``InspectError`` with code `noIndex` where there is none, `busy` where something is to be done and a
    ///   gateway holds the directory, or `io`.
    public func repair(
        _ options: RepairOptions,
        observer: @escaping @Sendable (RepairStep) -> Void = { _ in }
    ) async throws(InspectError) -> RepairSummary {
        try await BlockingWork.attempt { cancellation throws(InspectError) in
            try self.mend(options, cancellation, observer)
        }
    }

    private func mend(
        _ options: RepairOptions,
        _ cancellation: BlockingWork.Cancellation,
        _ observer: (RepairStep) -> Void
    ) throws(InspectError) -> RepairSummary {
        guard let inventory = self.inventory as? IndexInventory else {
            throw InspectError(
                .noIndex,
                "\(self.location.directory) has no index, so there is nothing that files could disagree with.",
                remedy: "verify looks whether the bytes are those that were stored."
            )
        }
        // Held to the end, so that no gateway starts while rows are changed.
        let lock = options.isApplied ? try self.files.lock() : nil
        var summary = RepairSummary()
        summary.isApplied = options.isApplied
        try self.forEachFault(options, cancellation) { (step) throws(InspectError) in
            observer(step)
            guard step.isMendable else {
                summary.left += 1
                return
            }
            if options.isApplied {
                guard lock != nil else { throw Self.held(self.location.directory) }
                try inventory.apply(step)
            }
            summary.mended += 1
        }
        summary.isInterrupted = cancellation.isCancelled
        return summary
    }

    private static func held(_ directory: String) -> InspectError {
        InspectError(
            .busy,
            "A gateway holds \(directory), so the index is not changed.",
            remedy: "Stop the gateway and try again; or start it anew: it mends most of this by itself as it starts."
        )
    }

    /// Calls `body` with what is wrong, rows first, then files without rows, until nobody waits for it any more.
    private func forEachFault(
        _ options: RepairOptions,
        _ cancellation: BlockingWork.Cancellation,
        _ body: (RepairStep) throws(InspectError) -> Void
    ) throws(InspectError) {
        var check = StreamCheck(inventory: self.inventory, files: self.files) { _ in }
        check.readsBytes = false
        try self.inventory.forEach(StreamIndexQuery()) { (stream) throws(InspectError) in
            let (finding, row) = try check.check(stream, cancellation)
            guard !cancellation.isCancelled else { return false }
            if let step = self.step(for: finding, row, options) { try body(step) }
            return true
        }
        guard !cancellation.isCancelled else { return }
        var failure: InspectError?
        try self.forEachOrphan(cancellation) { finding in
            do throws(InspectError) {
                try body(self.adoption(finding))
                return !cancellation.isCancelled
            } catch {
                failure = error
                return false
            }
        }
        if let failure { throw failure }
    }

    private func step(for finding: Finding, _ row: IndexedStream, _ options: RepairOptions) -> RepairStep? {
        switch finding.verdict {
        case .ok: return self.earlierStep(row)
        case .removedMeanwhile, .noSuchStream, .orphanFile: return nil
        case .orphanRow:
            return RepairStep(row.id, .orphanRow, .forget, "forget the row of an unfinished stream that has no file")
        case .missingFile:
            if options.forgetsMissing {
                return RepairStep(row.id, .missingFile, .forget, "forget the row; its bytes are lost")
            }
            guard row.state != .missing else {
                let advice = "the bytes are lost: restore \(finding.file) from a backup, or use --forget-missing"
                return RepairStep(row.id, .missingFile, .none, advice)
            }
            var marked = row
            marked.state = .missing
            marked.changedAt = self.clock()
            return RepairStep(row.id, .missingFile, .put(marked), "mark the row as missing; its bytes are lost")
        case .stateDiffers: return self.stateStep(finding, row)
        case .sizeDiffers where row.state != .sealed: return self.asFileTells(row, .sizeDiffers)
        case .sizeDiffers, .digestDiffers, .unreadable:
            let sides = [
                finding.expected.map { "expected \($0)" }, finding.found.map { "found \($0)" }, finding.detail,
            ]
            let text = sides.compactMap { $0 }.joined(separator: ", ")
            return RepairStep(row.id, finding.verdict, .none, "\(text): restore \(finding.file), or remove the stream")
        }
    }

    /// What verifying found earlier, and nobody has done anything about.
    private func earlierStep(_ row: IndexedStream) -> RepairStep? {
        guard row.verification == .digestDiffers else { return nil }
        let name = CacheFiles.name(of: row.id, row.fileState)
        return RepairStep(row.id, .digestDiffers, .none, "verify found so: restore \(name), or remove the stream")
    }

    /// The name of the file says something else than the row.
    private func stateStep(_ finding: Finding, _ row: IndexedStream) -> RepairStep? {
        if row.state == .sealed {
            // The row was written, and the file was about to be renamed: the gateway knows how to go on from there.
            let advice = "sealing was broken off: start the gateway, which finishes it"
            return RepairStep(row.id, .stateDiffers, .none, advice)
        }
        return self.asFileTells(row, .stateDiffers)
    }

    /// The row as the file has it, with what only the row knows.
    private func asFileTells(_ row: IndexedStream, _ fault: Finding.Verdict) -> RepairStep? {
        if row.state == .missing, row.sealedAt != nil { return self.returned(row) }
        for state in [StreamState.sealed, .suspended] {
            guard var told = try? self.files.row(of: row.id, state) else { continue }
            told.lastReadAt = row.lastReadAt
            told.changedAt = self.clock()
            return RepairStep(
                row.id,
                fault,
                .put(told),
                "make the row say what the file does: \(told.state.rawValue), \(told.size) bytes"
            )
        }
        return RepairStep(row.id, fault, .none, "the file can't be looked at")
    }

    /// A sealed stream's file is there again. What the row knows is what it was: a copy from elsewhere may have come without
    /// the file's own record, and may be another.
    private func returned(_ row: IndexedStream) -> RepairStep {
        guard let told = try? self.files.row(of: row.id, .sealed) else {
            return RepairStep(row.id, .stateDiffers, .none, "the file can't be looked at")
        }
        guard told.size == row.size else {
            let sizes = "\(told.file) is back with \(told.size) bytes, and had \(row.size)"
            let advice = "\(sizes): restore it, or remove the stream"
            return RepairStep(row.id, .sizeDiffers, .none, advice)
        }
        var sealed = row
        sealed.state = .sealed
        sealed.changedAt = self.clock()
        return RepairStep(row.id, .stateDiffers, .put(sealed), "the file is back: sealed, \(row.size) bytes; verify it")
    }

    private func adoption(_ finding: Finding) -> RepairStep {
        let isSealed = finding.file.hasSuffix(StreamFileName.sealedSuffix)
        let hasRow = (try? self.inventory.stream(finding.id)) != nil
        guard !hasRow else {
            let advice = "\(finding.file) lies beside the file that the row is about: move one of them away"
            return RepairStep(finding.id, .orphanFile, .none, advice)
        }
        guard var told = try? self.files.row(of: finding.id, isSealed ? .sealed : .suspended) else {
            return RepairStep(finding.id, .orphanFile, .none, "\(finding.file) can't be opened")
        }
        told.changedAt = self.clock()
        return RepairStep(
            finding.id,
            .orphanFile,
            .put(told),
            "take \(finding.file) into the index: \(told.state.rawValue), \(told.size) bytes"
        )
    }
}

extension IndexInventory {
    /// Does what a step says.
    fileprivate func apply(_ step: RepairStep) throws(InspectError) {
        do throws(CacheError) {
            switch step.change {
            case .put(let row): try self.index.put([row])
            case .forget: try self.index.forget([step.id])
            case .none: break
            }
        } catch {
            throw InspectError.from(error)
        }
    }
}
