# What the scripts share: to be sourced by bash, not run.
# shellcheck shell=bash disable=SC2034

# The root of the package, wherever the caller stands.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Ends the script, saying why.
die() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

# Says what comes next.
say() { printf '\n==> %s\n' "$*"; }

# Runs a step and prints how long it took.
timed() {
    local name=$1 start=$SECONDS status=0
    shift
    say "$name"
    "$@" || status=$?
    printf '==> %s: %d s\n' "$name" $((SECONDS - start))
    return "$status"
}

# Installs packages of a Debian-like system, as root or through sudo.
install_packages() {
    command -v apt-get >/dev/null \
        || die "missing: $*. This system has no apt-get: install what corresponds to these Debian packages, then run me again."
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || die "missing: $*. Install them as root, then run me again."
        as_root=(sudo)
    fi
    printf 'Installing %s\n' "$*"
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# Makes sure that the package can be built: a Swift toolchain, which only the person at the machine can choose, and a
# few system packages, which are installed where they are missing.
prepare() {
    command -v swift >/dev/null \
        || die "there is no swift in PATH. Install Swift 6.3 or newer (https://www.swift.org/install), then run me again."
    [ "$(uname -s)" = Linux ] || return 0
    local missing=()
    command -v git >/dev/null || missing+=(git ca-certificates)
    # The index links the system's SQLite, and so needs its header.
    [ -e /usr/include/sqlite3.h ] || missing+=(libsqlite3-dev)
    # What the toolchain itself needs at the link and at run time.
    command -v ld >/dev/null || missing+=(binutils)
    [ -e /usr/include/stdio.h ] || missing+=(libc6-dev)
    compgen -G '/usr/lib/gcc/*/*/libstdc++.so' >/dev/null || missing+=(libstdc++-12-dev)
    [ "${#missing[@]}" -eq 0 ] || install_packages "${missing[@]}"
    if ! swift --version >/dev/null 2>&1; then
        install_packages libxml2 libcurl4 libedit2 libncurses6 zlib1g
        swift --version >/dev/null || die "swift is in PATH but does not run; what it says is above."
    fi
    local version
    version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\)\.\([0-9]*\).*/\1 \2/p' | head -n 1)
    local major=${version% *} minor=${version#* }
    if [ -n "$version" ] && { [ "$major" -lt 6 ] || { [ "$major" -eq 6 ] && [ "$minor" -lt 3 ]; }; }; then
        die "this is Swift $major.$minor; the package needs 6.3 or newer (https://www.swift.org/install)."
    fi
}

# Waits until a command succeeds, for at most so many seconds; returns 1 where it never does.
wait_until() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.02
    done
}

# A gateway in the background: its process and port, and the log that tells both apart from earlier ones.
gateway_pid=
gateway_port=

# start_gateway LOG COMMAND...: runs a gateway and waits until it listens.
start_gateway() {
    local log=$1
    shift
    : >"$log"
    "$@" 2>>"$log" &
    gateway_pid=$!
    # A build may have to come first.
    wait_until 900 gateway_listens_or_ended "$log" || die "the gateway does not listen; its log: $(cat "$log")"
    gateway_port=$(listening_port "$log")
    [ -n "$gateway_port" ] || die "the gateway ended instead of listening; its log: $(cat "$log")"
}

listening_port() { sed -n 's|.*url=ws://[^ ]*:\([0-9]*\)/.*listening.*|\1|p' "$1" | head -n 1; }

gateway_listens_or_ended() {
    [ -n "$(listening_port "$1")" ] || ! kill -0 "$gateway_pid" 2>/dev/null
}

# stop_gateway SIGNAL: ends the gateway and leaves its exit status in gateway_status.
gateway_status=
stop_gateway() {
    kill "-$1" "$gateway_pid"
    gateway_status=0
    # The shell's own notice of a killed child would only confuse.
    wait "$gateway_pid" 2>/dev/null || gateway_status=$?
    gateway_pid=
}

# test_targets: the names of the targets with tests, one in a line. Each is run by itself, so that those of one do not starve
# those of the next on a small machine.
test_targets() {
    local folder
    for folder in "$root"/Tests/*Tests; do
        ! grep -rq "@Test" "$folder" || basename "$folder"
    done
    echo FuzzReplayTests
}

# A directory that goes with the script, and the gateway with it.
make_temporary_directory() {
    temporary=$(mktemp -d "${TMPDIR:-/tmp}/audio-stream-cache.XXXXXX")
    trap clean_up EXIT
}

clean_up() {
    if [ -n "$gateway_pid" ]; then
        kill -KILL "$gateway_pid" 2>/dev/null || true
        wait "$gateway_pid" 2>/dev/null || true
    fi
    rm -rf "$temporary"
}

# find_commands NAME...: sets GATEWAY, AUDIO_CLIENT and CACHE_INSPECT, as far as they are named here and not set already,
# to what is built then, with BUILD_FLAGS (such as `-c release`).
find_commands() {
    local name variable flags bin=
    read -r -a flags <<<"${BUILD_FLAGS:-}"
    for name in "$@"; do
        variable=$(tr 'a-z-' 'A-Z_' <<<"$name")
        [ -z "${!variable:-}" ] || continue
        prepare
        swift build --package-path "$root" "${flags[@]}" --product "$name"
        [ -n "$bin" ] || bin=$(swift build --package-path "$root" "${flags[@]}" --show-bin-path)
        declare -g "$variable=$bin/$name"
    done
}

# Sets python to a Python that is new enough for Tests/Faults, installing one where there is none.
python=
find_python() {
    command -v python3 >/dev/null || install_packages python3-minimal
    python=$(command -v python3)
    "$python" -c 'import sys, asyncio, sqlite3; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || install_packages python3
    "$python" -c 'import sys, asyncio, sqlite3; sys.exit(sys.version_info < (3, 11))' \
        || die "$python is older than 3.11, or has no sqlite3; install a newer one, then run me again."
}
