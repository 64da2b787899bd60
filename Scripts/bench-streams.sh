#!/usr/bin/env bash
# Measures what grows with the number of streams that a gateway keeps: its start, START, the first page of a listing, and
# a GET; each backend that keeps files, in release. Prints a table (Scripts/bench-report.py).
#
#   Scripts/bench-streams.sh [--no-build] [--output FOLDER] [COUNT...]
#
#   --no-build  use the executables that are there
#   --output    where to leave the figures as lines of JSON, in streams.jsonl, as well
#   COUNT       how many streams to keep; default: 1000 10000 100000 1000000
set -euo pipefail
# shellcheck source=Scripts/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/support.sh"

builds=true
output=
counts=()
while [ $# -gt 0 ]; do
    case $1 in
    --no-build) builds=false ;;
    --output)
        [ $# -gt 1 ] || die "--output wants a folder"
        output=$2
        shift
        ;;
    [1-9]*) counts+=("$1") ;;
    *) die "unknown argument $1; there are --no-build, --output FOLDER, and numbers of streams" ;;
    esac
    shift
done
[ "${#counts[@]}" -gt 0 ] || counts=(1000 10000 100000 1000000)

prepare
cd "$root"
command -v python3 >/dev/null || install_packages python3
command -v curl >/dev/null || install_packages curl
if $builds; then
    timed "Release build of gateway" swift build -c release --product gateway
    timed "Release build of audio-client" swift build -c release --product audio-client
fi
binaries=$(swift build -c release --show-bin-path)
make_temporary_directory

start() { start_gateway "$temporary/log" "$binaries/gateway" --config "$temporary/config.json" --port 0; }
is_ready() { curl --silent --fail --output /dev/null "http://127.0.0.1:$gateway_port/readyz"; }
milliseconds_since() { echo $((($(date +%s%N) - $1) / 1000000)); }

# seconds_of PATH: how long each of 51 requests of it took.
seconds_of() {
    local number
    for ((number = 0; number < 51; number++)); do
        curl --silent --fail --output /dev/null --write-out '%{time_total}\n' "http://127.0.0.1:$gateway_port$1"
    done
}

# measure BACKEND COUNT: prints a line of JSON.
measure() {
    local backend=$1 count=$2 begun listening ready name
    cat >"$temporary/config.json" <<END
{
  "log": { "level": "notice" },
  "limits": { "maxStartsPerSecond": 1000000 },
  "backend": { "type": "$backend", "directory": "$temporary/$backend-$count", "minFreeBytes": 0 }
}
END
    # Each in a directory of its own, removed at the end: ext4 leaves inodes that were just freed alone for minutes, and
    # looks through them for each new file.
    start
    stop_gateway TERM
    Scripts/fill-index.py "$temporary/$backend-$count" "$count"
    begun=$(date +%s%N)
    start
    listening=$(milliseconds_since "$begun")
    wait_until 600 is_ready || die "a gateway over $count streams does not get ready: $(cat "$temporary/log")"
    ready=$(milliseconds_since "$begun")
    name=$(cd "$temporary/$backend-$count" && find . -name '*7.audio' -printf '%f\n' -quit)
    seconds_of "/streams?limit=100" >"$temporary/list"
    seconds_of "/streams/${name%.audio}" >"$temporary/get"
    "$binaries/audio-client" bench upload --server "ws://127.0.0.1:$gateway_port/audio" --size 0 --seconds 2 --warm-up 0.5 \
        --repeat 3 --gateway-pid "$gateway_pid" --json --quiet >"$temporary/start"
    python3 - "$backend" "$count" "$listening" "$ready" "$gateway_pid" "$temporary" <<'PYTHON'
import json, sys

backend, count, listening, ready, pid, folder = sys.argv[1:]


def times(name):
    with open(f"{folder}/{name}", encoding="utf-8") as file:
        values = sorted(float(line) * 1e3 for line in file)
    return {"p50": values[len(values) // 2], "most": values[-1]}


with open(f"{folder}/start", encoding="utf-8") as file:
    start = [result["latencyMicroseconds"]["start"] for result in json.load(file)["results"]]
with open(f"/proc/{pid}/status", encoding="utf-8") as file:
    memory = next(int(line.split()[1]) * 1024 for line in file if line.startswith("RssAnon"))
print(json.dumps({
    "backend": backend, "streams": int(count), "listeningMilliseconds": int(listening), "readyMilliseconds": int(ready),
    "listMilliseconds": times("list"), "getMilliseconds": times("get"),
    "startMilliseconds": {key: sorted(run[key] for run in start)[len(start) // 2] / 1e3 for key in ("p50", "p99")},
    "anonymousBytes": memory,
}))
PYTHON
    stop_gateway TERM
}

results=$temporary/streams.jsonl
[ -z "$output" ] || results=$output/streams.jsonl
: >"$results"
for backend in mmap sqlite; do
    for count in "${counts[@]}"; do
        say "$backend, $count streams"
        # Not in a pipeline: its gateway would not be known here, to be stopped whatever happens.
        measure "$backend" "$count" >"$temporary/row"
        tee -a "$results" <"$temporary/row"
    done
done
[ -n "$output" ] || python3 Scripts/bench-report.py "$temporary"
