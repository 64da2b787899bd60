#!/usr/bin/env bash
# Feeds everything that reads bytes of strangers with bytes of libFuzzer's making. See Fuzz/README.md.
#
#   Scripts/fuzz.sh [--wire] SECONDS [TARGET...]
#
#   --wire   only what reads bytes from the network, built in a third of the time; and so many executions, from one seed,
#            that a change which has nothing to do with it does not fail for what was there before
#
# Every target runs for so many seconds, over what is in Fuzz/Corpus and what earlier runs have found, which is kept in
# .build-fuzz/corpus. It prints a table. A crash is kept in Fuzz/Crashes, where the tests replay it; exit status 1 then.
set -euo pipefail
# shellcheck source=Scripts/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/support.sh"

usage="Scripts/fuzz.sh [--wire] SECONDS [TARGET...]"
scratch=$root/.build-fuzz
options=()
if [ "${1-}" = --wire ]; then
    export FUZZ_WIRE_ONLY=yes
    options=(-seed=1 -runs=20000)
    scratch=$root/.build-fuzz-wire
    shift
fi
[ $# -ge 1 ] || die "$usage"
seconds=$1
shift
[[ $seconds =~ ^[1-9][0-9]*$ ]] || die "'$seconds' is no number of seconds; $usage"
prepare
cd "$root"
# Debug: arithmetic traps either way, and building it takes a third of the time.
swift build --package-path Fuzz --scratch-path "$scratch" --product fuzz \
    -Xswiftc -sanitize=fuzzer -Xlinker -lstdc++
fuzz=$(swift build --package-path Fuzz --scratch-path "$scratch" --show-bin-path)/fuzz
targets=("$@")
[ "${#targets[@]}" -gt 0 ] || mapfile -t targets < <(cd Fuzz/Corpus && ls)
[ -z "${FUZZ_WIRE_ONLY-}" ] || mapfile -t targets < <(printf '%s\n' "${targets[@]}" | grep -v -x -e config -e ranges)

# The runtime's crash reporter holds the process for minutes.
export SWIFT_BACKTRACE=enable=no
failures=0
printf '%-14s %12s %10s %8s  %s\n' target executions "per second" corpus result
for target in "${targets[@]}"; do
    [ -d "Fuzz/Corpus/$target" ] || die "there is no target '$target'; those that there are: $(cd Fuzz/Corpus && echo *)"
    mkdir -p "$scratch/corpus/$target" "Fuzz/Crashes/$target"
    log=$scratch/$target.log
    status=0
    FUZZ_TARGET=$target "$fuzz" -max_total_time="$seconds" -max_len=4096 -timeout=60 -rss_limit_mb=1024 \
        -artifact_prefix="Fuzz/Crashes/$target/" -print_final_stats=1 "${options[@]}" \
        "$scratch/corpus/$target" "Fuzz/Corpus/$target" >"$log" 2>&1 || status=$?
    count=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    rate=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log")
    found=$(find "$scratch/corpus/$target" -type f | wc -l)
    result=ok
    if [ "$status" -ne 0 ]; then
        result="FAILED: $(grep -E '^fuzz: |^SUMMARY' "$log" | tail -n 2 | tr '\n' ' ')"
        failures=$((failures + 1))
    fi
    printf '%-14s %12s %10s %8s  %s\n' "$target" "${count:--}" "${rate:--}" "$found" "$result"
    rmdir "Fuzz/Crashes/$target" 2>/dev/null || true
done
rmdir Fuzz/Crashes 2>/dev/null || true
[ "$failures" -eq 0 ] || die "$failures targets failed; the inputs are in Fuzz/Crashes, the logs in $scratch"
