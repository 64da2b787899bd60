#!/usr/bin/env bash
# Runs the Autobahn testsuite (RFC 6455) against an echo server over the gateway's framing, against the client's WebSocket
# layer, and against the gateway itself. See docs/conformance.md.
#
#   Scripts/conformance.sh [--require] [--quick] [--no-build] [--configuration debug|release] [--output DIRECTORY]
#
#   --require        fail where Python 2.7 or the testsuite cannot be had; without it that prints SKIPPED and succeeds
#   --quick          leave out the long messages of group 9 and the compression of groups 12 and 13
#   --no-build       use the executables that are there
#   --configuration  which build to use; debug unless told
#   --output         where the reports go, HTML included; .build/conformance unless told
#
# Environment: PYTHON27, the interpreter to use; CONFORMANCE_CACHE, where the testsuite is kept between runs.
#
# Exit status: 0 no violation, or skipped; 1 violations, or a part that did not come to its end; 64 wrong usage;
# 69 skipped with --require.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly suite_version=25.10.1
# The last one that runs on 2.7.
readonly virtualenv_version=20.15.1
# No part takes longer, in seconds; group 9 takes about a minute on a slow machine.
readonly run_limit=900

require=no
quick=no
build=yes
configuration=debug
output=.build/conformance

usage() {
    sed -n '5,11p' "${BASH_SOURCE[0]}" | sed 's/^# \{0,1\}//' >&2
    exit 64
}

while [ $# -gt 0 ]; do
    case "$1" in
        --require) require=yes ;;
        --quick) quick=yes ;;
        --no-build) build=no ;;
        --configuration | --output)
            [ $# -ge 2 ] || usage
            if [ "$1" = --output ]; then output=$2; else configuration=$2; fi
            shift
            ;;
        *) usage ;;
    esac
    shift
done
case "$configuration" in debug | release) ;; *) usage ;; esac

skip() {
    echo "conformance: $1"
    if [ "$require" = yes ]; then
        echo "conformance: FAILED, because of --require"
        exit 69
    fi
    echo "conformance: SKIPPED"
    exit 0
}

# --- Processes: what this script starts, it ends.

work=$(mktemp -d "${TMPDIR:-/tmp}/conformance.XXXXXX")

stop() {
    kill "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}

cleanup() {
    local process
    for process in $(jobs -pr); do stop "$process"; done
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Runs a command for so many seconds at most, its output in a log; prints the log's end where it fails.
bounded() {
    local limit=$1 log=$2
    shift 2
    "$@" >"$log" 2>&1 &
    local process=$! status=0 deadline=$((SECONDS + limit))
    while kill -0 "$process" 2>/dev/null; do
        if [ "$SECONDS" -ge "$deadline" ]; then
            echo "conformance: ended after $limit s: $1" >&2
            stop "$process"
            tail -n 5 "$log" >&2
            return 1
        fi
        sleep 0.2
    done
    wait "$process" || status=$?
    if [ "$status" -ne 0 ]; then tail -n 5 "$log" >&2; fi
    return "$status"
}

# Starts a command in the background, its output in a log; its id is in $started.
start() {
    local log=$1
    shift
    "$@" >"$log" 2>&1 &
    started=$!
}

# Waits until a line of a log matches, and prints what the pattern's group holds.
await_line() {
    local log=$1 pattern=$2 found
    for _ in $(seq 150); do
        found=$(sed -nE "s#.*${pattern}.*#\\1#p" "$log" 2>/dev/null | head -n 1)
        if [ -n "$found" ]; then
            echo "$found"
            return 0
        fi
        sleep 0.1
    done
    echo "conformance: this never became ready:" >&2
    tail -n 5 "$log" >&2
    return 1
}

# --- The testsuite.

is_python27() { "$1" -c 'import sys; sys.exit(sys.version_info[:2] != (2, 7))' >/dev/null 2>&1; }

find_python() {
    local candidate
    for candidate in "${PYTHON27:-}" python2.7 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/2.7*/bin/python2.7; do
        if [ -n "$candidate" ] && is_python27 "$candidate"; then
            echo "$candidate"
            return 0
        fi
    done
    return 1
}

cache=${CONFORMANCE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/audio-stream-cache/autobahntestsuite-$suite_version}
wstest=$cache/environment/bin/wstest
export PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONWARNINGS=ignore

install_suite() {
    rm -rf "$cache/virtualenv" "$cache/environment"
    mkdir -p "$cache"
    bounded 300 "$work/install.log" \
        "$python" -m pip install --quiet --target "$cache/virtualenv" "virtualenv==$virtualenv_version" || return 1
    PYTHONPATH=$cache/virtualenv bounded 120 "$work/install.log" \
        "$python" -m virtualenv --quiet --no-download --no-periodic-update "$cache/environment" || return 1
    # Everything that it needs is pinned by it, or ended with 2.7.
    bounded 600 "$work/install.log" \
        "$cache/environment/bin/python" -m pip install --quiet "autobahntestsuite==$suite_version" || return 1
    "$wstest" --autobahnversion >/dev/null 2>&1
}

python=$(find_python) || skip "there is no Python 2.7, which the Autobahn testsuite needs (pyenv install 2.7.18)."
if ! { [ -x "$wstest" ] && "$wstest" --autobahnversion >/dev/null 2>&1; }; then
    echo "conformance: installing the Autobahn testsuite $suite_version into $cache"
    install_suite || skip "the Autobahn testsuite could not be installed from PyPI."
fi

# --- What is tested.

if [ "$build" = yes ]; then
    swift build --configuration "$configuration" --product conformance-peer
    swift build --configuration "$configuration" --product gateway
fi
binaries=$(swift build --configuration "$configuration" --show-bin-path)
for executable in conformance-peer gateway; do
    if [ ! -x "$binaries/$executable" ]; then
        echo "conformance: there is no $binaries/$executable; run this without --no-build" >&2
        exit 1
    fi
done

if [ "$quick" = yes ]; then
    echo_cases='"1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "10.*"'
else
    echo_cases='"1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "9.*", "10.*", "12.*", "13.*"'
fi
# The gateway does not echo, so these are the cases whose right answer is a pong, a Close, or nothing.
gateway_cases='"2.*", "3.1", "3.5", "3.6", "3.7", "4.1.1", "4.1.2", "4.2.1", "4.2.2", "5.1", "5.2", "5.9", "5.10", "5.11",
    "5.12", "5.13", "5.14", "5.16", "5.17", "5.18", "6.3.*", "6.4.*", "6.6.1", "6.6.3", "6.6.4", "6.6.6", "6.6.8",
    "6.6.10", "6.8.*", "6.10.*", "6.11.5", "6.12.*", "6.13.*", "6.14.*", "6.15.*", "6.16.*", "6.17.*", "6.18.*",
    "6.19.*", "6.20.*", "6.21.*", "7.1.2", "7.1.3", "7.1.4", "7.1.5", "7.3.*", "7.5.*", "7.7.*", "7.9.*", "7.13.*"'

# Nothing but what an earlier run has left here: the directory may be anybody's.
rm -rf "$output"/{server,client,gateway} "$output"/{server,client,gateway}.log
mkdir -p "$output"
output=$(cd "$output" && pwd)

# Runs the fuzzing client: its name for the peer, the peer's URL, the cases.
fuzz_server() {
    cat >"$work/$1.json" <<SPEC
{"outdir": "$output/$1", "servers": [{"agent": "$1", "url": "$2"}], "cases": [$3],
 "exclude-cases": [], "exclude-agent-cases": {}}
SPEC
    bounded "$run_limit" "$output/$1.log" "$wstest" --mode fuzzingclient --spec "$work/$1.json"
}

server_part() {
    local url
    start "$work/server.log" "$binaries/conformance-peer" server --port 0
    url=$(await_line "$work/server.log" 'listening on (ws://[0-9.:]+)') || return 1
    fuzz_server server "$url" "$echo_cases" || return 1
    stop "$started"
}

client_part() {
    local port
    port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])') \
        || return 1
    cat >"$work/client.json" <<SPEC
{"outdir": "$output/client", "url": "ws://127.0.0.1:$port", "cases": [$echo_cases],
 "exclude-cases": [], "exclude-agent-cases": {}}
SPEC
    start "$work/fuzzer.log" "$wstest" --mode fuzzingserver --webport 0 --spec "$work/client.json"
    "$python" - "$port" <<'PYTHON' || return 1
import socket, sys, time
for _ in range(150):
    try:
        socket.create_connection(("127.0.0.1", int(sys.argv[1]))).close()
        sys.exit(0)
    except socket.error:
        time.sleep(0.1)
sys.exit("conformance: the fuzzing server never became ready")
PYTHON
    bounded "$run_limit" "$output/client.log" \
        "$binaries/conformance-peer" client --server "ws://127.0.0.1:$port" || return 1
    stop "$started"
}

gateway_part() {
    local url
    cat >"$work/gateway.json" <<SPEC
{"listen": {"port": 0}, "greeting": "off", "backend": {"type": "mmap", "directory": "$work/cache"}}
SPEC
    start "$work/gateway.log" "$binaries/gateway" --config "$work/gateway.json"
    url=$(await_line "$work/gateway.log" 'url=(ws://[0-9.:]+/audio)') || return 1
    fuzz_server gateway "$url" "$gateway_cases" || return 1
    stop "$started"
}

status=0
run() {
    echo "conformance: running part $1"
    "$1_part" && return 0
    echo "conformance: part $1 did not come to its end"
    status=1
}
run server
run client
run gateway

if [ "$quick" = yes ]; then set -- --quick; fi
"$python" Scripts/conformance-report.py "$@" "$output" || status=1
exit "$status"
