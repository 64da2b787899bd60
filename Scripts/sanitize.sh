#!/usr/bin/env bash
# Runs the test suite under a sanitizer: address (reads and writes where nothing is) or thread (data races).
#
#   Scripts/sanitize.sh address|thread [ARGUMENTS OF swift test...]
#
# Everything is built anew, in a directory of its own, so it takes a quarter of an hour on two cores. Exit status 1 where
# a test failed or the sanitizer found something, which the log then has.
set -euo pipefail
# shellcheck source=Scripts/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/support.sh"

kind=${1:-}
case "$kind" in
    address) scratch=$root/.build-asan ;;
    thread) scratch=$root/.build-tsan ;;
    *) die "which one? Scripts/sanitize.sh address|thread [ARGUMENTS OF swift test...]" ;;
esac
shift
prepare
cd "$root"
# Leaks are not looked for: what lives as long as the process, such as event loops, would be all that is found.
export ASAN_OPTIONS=detect_leaks=0
export TSAN_OPTIONS=halt_on_error=0:exitcode=66:history_size=4
[ ! -e Tests/tsan-suppressions.txt ] || TSAN_OPTIONS+=":suppressions=$root/Tests/tsan-suppressions.txt"
# The runtime's crash reporter would hold the process for minutes.
export SWIFT_BACKTRACE=enable=no
log=$scratch/$kind.log
mkdir -p "$scratch"
status=0
swift test --scratch-path "$scratch" --sanitize="$kind" --disable-xctest "$@" 2>&1 | tee "$log" || status=$?
findings=$(grep -c -E '(WARNING|ERROR): (Address|Thread)Sanitizer' "$log" || true)
echo "$kind sanitizer: $findings findings, tests ended with $status; the log is $log"
[ "$status" -eq 0 ] && [ "$findings" -eq 0 ]
