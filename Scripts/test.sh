#!/usr/bin/env bash
# Installs what is missing, builds everything, and runs all tests, one target after another, so that those of one do not
# starve those of the next on a small machine. Arguments go to each `swift test`.
set -euo pipefail
# shellcheck source=Scripts/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/support.sh"

prepare
cd "$root"
timed "Build" swift build --build-tests
failed=()
readonly alone=HTTPSlowReaderTests
for folder in Tests/*Tests Fuzz/Replay; do
    grep -rq "@Test" "$folder" || continue
    target=$(basename "$folder")
    [ "$target" != Replay ] || target=FuzzReplayTests
    # All tests are Swift Testing's, which runs those of a target in parallel; its summary is the last line.
    timed "$target" swift test --skip-build --disable-xctest --filter "^$target\." --skip "$alone" "$@" \
        || failed+=("$target")
done
# What waits in sockets is measured here, and three hundred other tests beside it on two processors change that.
timed "$alone" swift test --skip-build --disable-xctest --filter "$alone" "$@" || failed+=("$alone")
[ "${#failed[@]}" -eq 0 ] || die "failed: ${failed[*]}"
say "All targets passed"
