#!/usr/bin/env bash
# What large numbers cost, measured in release: a gigabyte there and back, a thousand followers of one live stream,
# hundreds of open uploads, and an index of a million streams.
#
#   Scripts/scale.sh [--no-build]
set -euo pipefail
# shellcheck source=Scripts/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/support.sh"

readonly rows=${ROWS:-1000000} followers=${FOLLOWERS:-1000} uploads=${UPLOADS:-500} seconds=${SECONDS_A_RUN:-10}

# times NAME COMMAND...: runs a command 21 times and prints how long that took, process and all, and its memory.
times() {
    local name=$1
    shift
    python3 - "$name" "$@" <<'PYTHON'
import os, subprocess, sys, time

name, command = sys.argv[1], sys.argv[2:]
took, memory = [], 0
for _ in range(21):
    begin = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    took.append((time.monotonic() - begin) * 1000)
    memory = max(memory, usage.ru_maxrss)
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"{' '.join(command)} failed")
took.sort()
print(f"{name:44}  median {took[10]:7.1f} ms  slowest {took[-1]:7.1f} ms  {memory / 1024:6.1f} MiB")
PYTHON
}

# once NAME COMMAND...: runs a command once, and prints its line that says what was checked, its time and its memory.
once() {
    local name=$1
    shift
    python3 - "$name" "$@" <<'PYTHON'
import os, subprocess, sys, time

name, command = sys.argv[1], sys.argv[2:]
begin = time.monotonic()
process = subprocess.Popen(command, stdout=subprocess.PIPE)
checked = [line for line in process.stdout if b"checked" in line]
_, status, usage = os.wait4(process.pid, 0)
took = time.monotonic() - begin
if os.waitstatus_to_exitcode(status) != 0:
    sys.exit(f"{' '.join(command)} failed")
print(f"{name:44}  {took:7.1f} s  {usage.ru_maxrss / 1024:6.1f} MiB  {checked[-1].decode().strip()}")
PYTHON
}

prepare
command -v python3 >/dev/null || install_packages python3
cd "$root"
if [ "${1:-}" != --no-build ]; then
    for product in gateway audio-client cache-inspect; do
        timed "Release build of $product" swift build -c release --product "$product"
    done
fi
binaries=$(swift build -c release --show-bin-path)
make_temporary_directory
ulimit -n "$(ulimit -H -n)"

start_gateway "$temporary/log" \
    "$binaries/gateway" --config Configs/mmap.json --port 0 --cache-dir "$temporary/cache"
server=ws://127.0.0.1:$gateway_port/audio

say "A gigabyte there and back"
head -c $((1 << 30)) /dev/urandom >"$temporary/gigabyte"
"$binaries/audio-client" roundtrip --quiet --server "$server" "$temporary/gigabyte"
rm "$temporary/gigabyte"

say "One writer at 256 kbit/s, and $followers that follow it: from append to arrival"
"$binaries/audio-client" bench live --server "$server" --gateway-pid "$gateway_pid" \
    --connections 1 --tails "$followers" --seconds "$seconds"

say "$uploads uploads at 256 kbit/s at once: the gateway's memory"
"$binaries/audio-client" bench live --server "$server" --gateway-pid "$gateway_pid" \
    --connections "$uploads" --tails 0 --seconds "$seconds" --repeat 1
stop_gateway TERM
[ "$gateway_status" -eq 0 ] || die "the gateway ended with status $gateway_status; its log: $(cat "$temporary/log")"

say "An index of $rows streams"
sed "s|\"directory\": *\"[^\"]*\"|\"directory\": \"$temporary/indexed\"|" Configs/sqlite.json >"$temporary/sqlite.json"
start_gateway "$temporary/log" "$binaries/gateway" --config "$temporary/sqlite.json" --port 0
stop_gateway TERM
python3 Scripts/fill-index.py "$temporary/indexed" "$rows"
ls -l "$temporary/indexed/index.sqlite"
inspect=("$binaries/cache-inspect")
place=(--config "$temporary/sqlite.json")
times "list, the first page" "${inspect[@]}" list "${place[@]}"
times "list, as JSON" "${inspect[@]}" list --json "${place[@]}"
times "list --state suspended" "${inspect[@]}" list --state suspended "${place[@]}"
times "list --sort created" "${inspect[@]}" list --sort created "${place[@]}"
times "list --prefix stream-0000000f" "${inspect[@]}" list --prefix stream-0000000f "${place[@]}"
say "verify: time and memory"
once "a thousandth" "${inspect[@]}" verify --no-record --sample 1/1000 "${place[@]}"
once "all of them, read and compared" "${inspect[@]}" verify --no-record "${place[@]}"
