#!/usr/bin/env bash
# Runs the test suite under a sanitizer: address (reads and writes where nothing is) or thread (data races).
#
#   Scripts/sanitize.sh address|thread [TARGET...]
#
# A target is one of tests, such as WireTests; without, all of them are run, one after another. Everything is built in a
# directory of its own, which takes a quarter of an hour on two cores, and the tests another. Exit status 1 where
# a test failed or the sanitizer found something, which the log then has.
set -euo pipefail
# shellcheck source=Scripts/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/support.sh"

kind=${1:-}
case "$kind" in
    address) scratch=$root/.build-asan ;;
    thread) scratch=$root/.build-tsan ;;
    *) die "which one? Scripts/sanitize.sh address|thread [TARGET...]" ;;
esac
shift
targets=$*
prepare
cd "$root"
# Leaks are not looked for: what lives as long as the process, such as event loops, would be all that is found.
export ASAN_OPTIONS=detect_leaks=0
export TSAN_OPTIONS=halt_on_error=0:exitcode=66:history_size=4
TSAN_OPTIONS+=:suppressions=$root/Tests/Sanitizers/suppressions.txt
# The runtime's crash reporter would hold the process for minutes.
export SWIFT_BACKTRACE=enable=no
log=$scratch/$kind.log
mkdir -p "$scratch"
timed "Build" swift build --build-tests --scratch-path "$scratch" --sanitize="$kind"
preload=()
if [ "$kind" = thread ] && [ "$(uname)" = Linux ]; then
    clang -shared -fPIC -O1 -o "$scratch/LockAnnotations.so" Tests/Sanitizers/LockAnnotations.c
    preload=("LD_PRELOAD=$scratch/LockAnnotations.so")
fi
status=0
: >"$log"
for target in ${targets:-$(test_targets)}; do
    # Its servers are tasks among those of all tests, and a client in a process of its own gives up on one after 5 s.
    parallel=$([ "$target" = AudioClientTests ] && echo --no-parallel || echo --parallel)
    timed "$target" env "${preload[@]}" swift test --skip-build --scratch-path "$scratch" --sanitize="$kind" "$parallel" \
        --disable-xctest --filter "^$target\." 2>&1 | tee -a "$log" || status=1
done
findings=$(grep -c -E '(WARNING|ERROR): (Address|Thread)Sanitizer' "$log" || true)
echo "$kind sanitizer: $findings findings, the tests $([ "$status" -eq 0 ] && echo passed || echo failed); the log is $log"
[ "$status" -eq 0 ] && [ "$findings" -eq 0 ]
