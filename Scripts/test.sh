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
for target in $(test_targets); do
    # All tests are Swift Testing's, which runs those of a target in parallel; its summary is the last line.
    timed "$target" swift test --skip-build --disable-xctest --filter "^$target\." "$@" || failed+=("$target")
done
[ "${#failed[@]}" -eq 0 ] || die "failed: ${failed[*]}"
say "All targets passed"
