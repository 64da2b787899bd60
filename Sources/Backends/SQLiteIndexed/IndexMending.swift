import FileStorage

/// What is to be done where a stream's row and its files may disagree. The bytes are right; the row follows them, except
/// that a row that says sealed tells of an unfinished file of the same length that its renaming was lost.
enum IndexMending: Hashable {
    /// They agree.
    case nothing
    /// Make the row from the file.
    case follow(RecoveryReport.Finding)
    /// Give the file the name of a sealed one.
    case rename
    /// Say that the file is not there.
    case markMissing
    /// Only tell.
    case report(RecoveryReport.Finding)

    /// Decides.
    ///
    /// - Parameters:
    ///   - row: What the index says.
    ///   - sealed: The length of the sealed file, if there is one.
    ///   - unfinished: The length of the unfinished file, if there is one.
    init(row: (state: IndexedStream.State, size: Int64)?, sealed: Int64?, unfinished: Int64?) {
        switch (row?.state, sealed, unfinished) {
        case (nil, nil, nil), (.missing, nil, nil): self = .nothing
        case (_, nil, nil): self = .markMissing
        case (nil, _, _): self = .follow(.adopted)
        case (.missing, _, _): self = .follow(.returned)
        case (.sealed, .some(let size), _): self = size == row?.size ? .nothing : .report(.damaged)
        case (.live, .some, _), (.suspended, .some, _): self = .follow(.sealed)
        case (.sealed, nil, .some(let size)): self = size == row?.size ? .rename : .follow(.unsealed)
        case (.live, nil, .some): self = .follow(.suspended)
        case (.suspended, nil, .some(let size)): self = size == row?.size ? .nothing : .follow(.resized)
        }
    }
}
