#!/usr/bin/env bash
# Measures the gateway from end to end over loopback, each backend with digests and without, and in the same run two peers:
# nginx, and a server on websocketpp. Writes a table (report.md), its numbers (report.json) and plots (*.svg).
#
#   Scripts/bench.sh [--quick] [--output FOLDER] [--no-build] [--no-peers]
#
# Servers and load share the machine's processors, so that gigabytes a second tell about the machine as a whole; what a
# server costs is told by its processor seconds for a gigabyte. The runs of one measurement are interleaved over all
# servers, so that whatever else the machine does meets all of them.
set -euo pipefail
# shellcheck source=Scripts/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/support.sh"

output=$root/.build/bench
is_quick=false
has_peers=true
builds=true
while [ $# -gt 0 ]; do
    case $1 in
    --quick) is_quick=true ;;
    --output)
        [ $# -gt 1 ] || die "--output wants a folder"
        output=$2
        shift
        ;;
    --no-build) builds=false ;;
    --no-peers) has_peers=false ;;
    *) die "unknown argument $1; there are --quick, --output FOLDER, --no-build, --no-peers" ;;
    esac
    shift
done

if $is_quick; then
    connections=(1 16) repetitions=1 seconds=0.6 warm_up=0.2
    backends=("mmap none" "mmap sha256" "memory none" "sqlite none")
    live_streams=(100) idle_connections=1000
else
    connections=(1 16 100 1000) repetitions=3 seconds=1.5 warm_up=0.3
    backends=("mmap none" "mmap sha256" "memory none" "memory sha256" "sqlite none" "sqlite sha256")
    live_streams=(100 500 1000) idle_connections=10000
fi

[ -e /proc/self/stat ] || die "this needs Linux: what processes use is read from /proc"
prepare
cd "$root"
command -v python3 >/dev/null || install_packages python3
command -v g++ >/dev/null || install_packages g++
if $builds; then
    timed "Release build of gateway" swift build -c release --product gateway
    timed "Release build of audio-client" swift build -c release --product audio-client
fi
binaries=$(swift build -c release --show-bin-path)
mkdir -p "$output"
output=$(cd "$output" && pwd)
rm -f "$output"/*.svg "$output"/report.* "$output"/*.jsonl
ulimit -n "$(ulimit -H -n)"
# The gateway takes no more connections than its descriptors are enough for, at four each.
descriptors=$(ulimit -n)
if [ "$descriptors" != unlimited ] && ((descriptors / 4 - 100 < idle_connections)); then
    idle_connections=$((descriptors / 4 - 100))
    echo "$descriptors descriptors are enough for $idle_connections idle connections"
fi

# Every process that is started here, and the servers in order: their names, addresses and processes.
started=()
servers=()
declare -A addresses=() processes=()

make_temporary_directory
trap end_servers EXIT
end_servers() {
    local pid
    for pid in "${started[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
    for pid in "${started[@]}"; do wait "$pid" 2>/dev/null || true; done
    rm -rf "$temporary"
}

# serve NAME ADDRESS PID...: remembers a server.
serve() {
    servers+=("$1")
    addresses[$1]=$2
    shift 2
    processes[${servers[-1]}]=$*
}

start_backend() {
    local backend=$1 digest=$2 name="$1, $2"
    [ "$digest" = none ] && name=$backend
    local file=$temporary/$backend-$digest.json
    local section="\"type\": \"$backend\", \"digest\": \"$digest\""
    if [ "$backend" = memory ]; then
        section+=", \"capacityBytes\": $((768 << 20))"
    else
        section+=", \"directory\": \"$temporary/$backend-$digest\", \"minFreeBytes\": 0"
    fi
    cat >"$file" <<END
{
  "listen": { "host": "127.0.0.1", "port": 0, "path": "/audio" },
  "log": { "level": "notice" },
  "limits": { "maxConnections": 20000, "maxStartsPerSecond": 1000000 },
  "backend": { $section }
}
END
    start_gateway "$temporary/$backend-$digest.log" "$binaries/gateway" --config "$file"
    started+=("$gateway_pid")
    serve "$name" "ws://127.0.0.1:$gateway_port/audio" "$gateway_pid"
    gateway_pid=
}

# The peers; where one can't be had, it is left out, and that is said.
start_websocketpp() {
    [ -e /usr/include/websocketpp/server.hpp ] || (install_packages libwebsocketpp-dev libboost-dev) || return 1
    g++ -O2 -std=c++17 -DBOOST_BIND_GLOBAL_PLACEHOLDERS -o "$temporary/websocketpp-server" \
        Benchmarks/Peers/websocketpp-server.cpp -lpthread || return 1
    mkdir "$temporary/websocketpp"
    "$temporary/websocketpp-server" "$temporary/websocketpp" >"$temporary/websocketpp.log" &
    started+=($!)
    wait_until 10 grep -q port= "$temporary/websocketpp.log" || return 1
    serve websocketpp "ws://127.0.0.1:$(sed -n 's/.*port=//p' "$temporary/websocketpp.log")/audio" "${started[-1]}"
}

start_nginx() {
    PATH=$PATH:/usr/sbin
    command -v nginx >/dev/null || (install_packages nginx-light) || return 1
    nginx -V 2>&1 | grep -q http_dav_module || return 1
    local folder=$temporary/nginx port user=
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    [ "$(id -u)" -ne 0 ] || user='user root;'
    mkdir -p "$folder/files" "$folder/temporary"
    sed -e "s|@DIRECTORY@|$folder|; s|@PORT@|$port|; s|@USER@|$user|; s|@WORKERS@|$(nproc)|" \
        Benchmarks/Peers/nginx.conf.in >"$folder/nginx.conf"
    nginx -p "$folder" -c "$folder/nginx.conf" 2>"$temporary/nginx.log" &
    started+=($!)
    wait_until 10 test -s "$folder/nginx.pid" || return 1
    local workers=()
    mapfile -t workers < <(tr ' ' '\n' <"/proc/${started[-1]}/task/${started[-1]}/children" | grep .)
    serve nginx "http://127.0.0.1:$port/" "${workers[@]}"
}

# measure NAME MODE CONNECTIONS [OPTION...]: one run; its line goes to the results.
measure() {
    local name=$1 mode=$2 count=$3 pids=() pid line
    shift 3
    for pid in ${processes[$name]}; do pids+=(--pid "$pid"); done
    line=$(timeout 120 "$temporary/load" "${addresses[$name]}" "$mode" --connections "$count" --seconds "$seconds" \
        --warm-up "$warm_up" "${pids[@]}" "$@") || {
        echo "    $name failed at $mode with $count connections" >&2
        return 0
    }
    printf '{"server":"%s",%s\n' "$name" "${line#\{}" >>"$output/transfers.jsonl"
}

# measure_live NAME STREAMS READERS: audio at its own rate, and how long it is under way.
measure_live() {
    local name=$1 line
    line=$(timeout 120 "$temporary/live" "${addresses[$name]}" --streams "$2" --readers "$3" --seconds 3 --warm-up 1 \
        --pid "${processes[$name]}") || {
        echo "    $name failed with $2 live streams" >&2
        return 0
    }
    printf '{"server":"%s",%s\n' "$name" "${line#\{}" >>"$output/live.jsonl"
}

# What receiving, one pass over the bytes and writing cost without a server.
measure_floor() {
    local line
    line=$("$temporary/measure-floor" "$temporary") || return 0
    printf '{"server":"recv, XOR, pwrite",%s\n' "${line#\{}" >>"$output/transfers.jsonl"
}

# observe NAME MODE OPTION...: a measurement by audio-client, which brings its own repetitions.
observe() {
    local name=$1 mode=$2 line
    shift 2
    line=$(timeout 300 "$binaries/audio-client" bench "$mode" --server "${addresses[$name]}" --gateway-pid \
        "${processes[$name]}" --json --quiet "$@") || {
        echo "    $name failed at $mode" >&2
        return 0
    }
    printf '{"server":"%s","mode":"%s","report":%s}\n' "$name" "$mode" "$(tr -d '\n' <<<"$line")" \
        >>"$output/observations.jsonl"
}

say "Build of the load generator"
g++ -O2 -std=c++17 -o "$temporary/load" Benchmarks/Peers/load.cpp
g++ -O2 -std=c++17 -o "$temporary/live" Benchmarks/Peers/live.cpp
g++ -O2 -std=c++17 -o "$temporary/measure-floor" Benchmarks/Peers/floor.cpp
for backend in "${backends[@]}"; do
    # shellcheck disable=SC2086 # Two words: the backend and its digest.
    start_backend $backend
done
gateways=("${servers[@]}")
if $has_peers; then
    start_websocketpp || echo "websocketpp can't be had or built here: left out"
    start_nginx || echo "nginx with WebDAV can't be had here: left out"
fi

# A virtual machine gets its memory from its host when it is first touched: that is to be none's cost.
head -c $((2 << 30)) /dev/zero >"$temporary/touched"
rm "$temporary/touched"

begun=$SECONDS
for mode in upload download; do
    for count in "${connections[@]}"; do
        say "$mode, $count connections"
        for ((run = 0; run < repetitions; run++)); do
            if [ "$mode $count" = "upload 1" ]; then measure_floor; fi
            for name in "${servers[@]}"; do measure "$name" "$mode" "$count"; done
        done
    done
done
say "whole files, and one GET at a time"
for ((run = 0; run < repetitions; run++)); do
    for name in "${servers[@]}"; do
        measure "$name" get 1
        if [ "$name" = nginx ]; then measure "$name" whole 1; fi
    done
done
say "live streams"
for ((run = 0; run < repetitions; run++)); do
    for name in "${gateways[@]}"; do
        case $name in *sha256) continue ;; esac
        for count in "${live_streams[@]}"; do measure_live "$name" "$count" 1; done
        measure_live "$name" 1 "${live_streams[-1]}"
    done
done
say "START, and idle connections"
for name in "${gateways[@]}"; do
    case $name in *sha256) continue ;; esac
    observe "$name" upload --size 0 --seconds 1 --warm-up 0.2 --repeat "$repetitions"
    observe "$name" idle --connections "$idle_connections" --seconds 1 --warm-up 0 --repeat 1
    if $is_quick; then break; fi
done
if ! $is_quick; then Scripts/bench-streams.sh --no-build --output "$output"; fi
say "Measured for $((SECONDS - begun)) s"
python3 Scripts/bench-report.py "$output"
say "The report is in $output"
