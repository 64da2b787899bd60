#!/usr/bin/env bash
# The three commands that the system is for, run for real, and what must come of them: gateway, audio-client and
# cache-inspect, with uploads, a gateway that is killed in the middle of one, and damaged files.
#
# SWIFT_RUN_FLAGS go to `swift run`, such as `--skip-build` or `-c release`.
set -euo pipefail
# shellcheck source=Scripts/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/support.sh"

read -r -a flags <<<"${SWIFT_RUN_FLAGS:-}"

# tool NAME ARGUMENTS...: what a person would type, but for its noise; after the first time without `swift run`, which takes
# longer than what it runs. It becomes the tool: there is one process.
tool() {
    local name=$1
    shift
    if [ -e "$temporary/$name.was-run" ]; then exec "$binaries/$name" "$@"; fi
    touch "$temporary/$name.was-run"
    exec swift run --quiet "${flags[@]}" "$name" "$@"
}

# expect STATUS COMMAND...: runs a command that is to end so; what it wrote is in $out and $err.
expect() {
    local status=0 wanted=$1
    shift
    ("$@") >"$temporary/out" 2>"$temporary/err" || status=$?
    out=$(cat "$temporary/out") err=$(cat "$temporary/err")
    [ "$status" -eq "$wanted" ] \
        || die "'$*' ended with $status, not $wanted. It wrote:"$'\n'"$out"$'\n'"$err"
}

# contains TEXT PATTERN: looks for a line that matches an extended regular expression.
contains() { grep -E -q -- "$2" <<<"$1" || die "no line matches '$2' in:"$'\n'"$1"; }

# lacks TEXT PATTERN: the opposite.
lacks() { ! grep -E -q -- "$2" <<<"$1" || die "a line matches '$2' in:"$'\n'"$1"; }

# same FILE FILE: byte for byte.
same() { cmp -s "$1" "$2" || die "$1 and $2 differ"; }

# size FILE: its length in bytes, 0 where there is none.
size() { if [ -e "$1" ]; then wc -c <"$1" | tr -d ' '; else echo 0; fi; }

is_longer_than() { [ "$(size "$1")" -gt "$2" ]; }

# tool_is_quiet NAME ARGUMENTS...: whether a tool succeeds.
tool_is_quiet() { (tool "$@") >/dev/null 2>&1; }

is_equal_report() {
    contains "$1" '^size .* same$'
    contains "$1" '^MD5 .* same$'
    contains "$1" '^SHA-256 .* same$'
    lacks "$1" DIFFERENT
}

prepare
cd "$root"
make_temporary_directory
build_flags=()
for flag in "${flags[@]}"; do [ "$flag" = --skip-build ] || build_flags+=("$flag"); done
binaries=$(swift build "${build_flags[@]}" --show-bin-path)

say "swift run audio-client roundtrip: alone, it brings audio and a gateway of its own"
expect 0 tool audio-client roundtrip
is_equal_report "$out"
printf '%s\n' "$out"

say "swift run gateway --config Configs/mmap.json: files go there and back, and lie on the disk as they are"
start_gateway "$temporary/log" tool gateway --config Configs/mmap.json --port 0 --cache-dir "$temporary/mmap"
server=ws://127.0.0.1:$gateway_port/audio
for name in hello.mp3 hello.opus; do
    expect 0 tool audio-client roundtrip --server "$server" "Samples/$name" "$temporary/$name"
    is_equal_report "$out"
    same "Samples/$name" "$temporary/$name"
done
expect 0 tool audio-client upload --id plain-file --server "$server" Samples/hello.mp3
same Samples/hello.mp3 "$temporary/mmap/plain-file.audio"
expect 0 tool audio-client download --server "$server" plain-file "$temporary/plain-file.mp3"
same Samples/hello.mp3 "$temporary/plain-file.mp3"
expect 66 tool audio-client download --server "$server" no-such-stream "$temporary/nothing"

say "audio-client: from a pipe and into one while it is written, resuming both ways, list, info, delete"
# What is written into the pipe is uploaded as it comes; who follows it has it before the upload ends. The follower must
# not hold the pipe open.
mkfifo "$temporary/microphone"
(tool audio-client upload - --id live --server "$server" <"$temporary/microphone") >"$temporary/live-log" 2>&1 &
upload=$!
exec 3>"$temporary/microphone"
head -c 50000 Samples/hello.mp3 >&3
wait_until 60 tool_is_quiet audio-client info live --server "$server" || die "the live upload does not begin"
(tool audio-client tail live --server "$server" 3>&-) >"$temporary/heard" 2>"$temporary/tail-log" &
tail=$!
wait_until 60 is_longer_than "$temporary/heard" 49999 || die "the follower hears nothing: $(cat "$temporary/tail-log")"
tail -c +50001 Samples/hello.mp3 >&3
exec 3>&-
wait "$upload" || die "the live upload failed: $(cat "$temporary/live-log")"
wait "$tail" || die "following failed: $(cat "$temporary/tail-log")"
same Samples/hello.mp3 "$temporary/heard"
# Both ways from what is there already: the file's half here, the gateway's half there.
head -c 40000 Samples/hello.mp3 >"$temporary/half.mp3"
expect 0 tool audio-client download live "$temporary/half.mp3" --resume --server "$server"
same Samples/hello.mp3 "$temporary/half.mp3"
head -c 40000 Samples/hello.mp3 >"$temporary/mmap/half.part"
expect 0 tool audio-client upload Samples/hello.mp3 --resume --id half --server "$server"
same Samples/hello.mp3 "$temporary/mmap/half.audio"
expect 0 tool audio-client list --names --prefix half --server "$server"
[ "$out" = half ] || die "list says '$out' instead of 'half'"
expect 0 tool audio-client info half --json --server "$server"
contains "$out" '"state" *: *"sealed"'
expect 0 tool audio-client delete half --server "$server"
expect 66 tool audio-client info half --server "$server"
expect 0 tool audio-client bench get --seconds 0.2 --warm-up 0 --repeat 1 --size 1MiB --json --server "$server"
stop_gateway TERM
[ "$gateway_status" -eq 0 ] || die "SIGTERM ended the gateway with status $gateway_status: $(cat "$temporary/log")"
expect 69 tool audio-client roundtrip --retries 0 --server "$server" Samples/hello.mp3

say "A wrong configuration is refused by name"
printf '{ "backend": { "type": "mmap", "directroy": "cache" } }\n' >"$temporary/wrong.json"
expect 78 tool gateway --config "$temporary/wrong.json"
contains "$err" 'backend\.directroy: found an unknown key.*directory'

say "swift run cache-inspect: what a gateway with an index has stored, while it runs and after kill -9"
cache=$temporary/indexed
config=$temporary/sqlite.json
sed "s|\"directory\": *\"[^\"]*\"|\"directory\": \"$cache\"|" Configs/sqlite.json >"$config"
expect 66 tool cache-inspect list --config "$config"
start_gateway "$temporary/log" tool gateway --config "$config" --port 0
server=ws://127.0.0.1:$gateway_port/audio
expect 0 tool audio-client upload --id greeting-mp3 --server "$server" Samples/hello.mp3
expect 0 tool audio-client upload --id greeting-opus --server "$server" Samples/hello.opus
full() { "$@" >/dev/full; }
expect 74 full tool audio-client list --server "$server"
expect 0 tool cache-inspect list --config "$config"
contains "$out" 'greeting-mp3.*sealed'
contains "$out" 'greeting-opus.*sealed'
expect 0 tool cache-inspect verify --config "$config"

# The file is sparse, so that it costs no disk, and long, so that the upload lasts.
truncate -s 4G "$temporary/long"
(tool audio-client upload --quiet --retries 0 --id cut-short --server "$server" "$temporary/long") \
    >/dev/null 2>"$temporary/upload-log" &
upload=$!
wait_until 60 is_longer_than "$cache/cut-short.part" 4000000 || die "the upload does not begin: $(cat "$temporary/upload-log")"
stop_gateway KILL
[ "$gateway_status" -eq 137 ] || die "kill -9 ended the gateway with status $gateway_status"
upload_status=0
wait "$upload" || upload_status=$?
[ "$upload_status" -ne 0 ] || die "an upload whose gateway was killed says that it succeeded"
stored=$(size "$cache/cut-short.part")
printf 'Killed with %s bytes of the upload in its file.\n' "$stored"

start_gateway "$temporary/log" tool gateway --config "$config" --port 0
server=ws://127.0.0.1:$gateway_port/audio
expect 0 tool cache-inspect list --config "$config"
printf '%s\n' "$out"
contains "$out" 'cut-short.*suspended'
contains "$out" 'greeting-mp3.*sealed'
expect 0 tool cache-inspect list --json --config "$config"
contains "$out" "\"size\" *: *$stored\b"
expect 0 tool cache-inspect verify --config "$config"
printf '%s\n' "$out"
expect 0 tool audio-client download --server "$server" cut-short "$temporary/cut-short"
[ "$(size "$temporary/cut-short")" -eq "$stored" ] || die "the suspended stream does not have its $stored bytes"
cmp -s -n "$stored" "$temporary/cut-short" "$temporary/long" || die "the suspended stream's bytes are not those sent"
expect 0 tool audio-client download --server "$server" greeting-mp3 "$temporary/greeting.mp3"
same Samples/hello.mp3 "$temporary/greeting.mp3"
stop_gateway TERM

say "swift run cache-inspect verify finds a flipped bit, a file cut short and one that is gone"
# flip FILE: turns one bit over, or back.
flip() {
    local byte
    byte=$(dd if="$1" bs=1 skip=1000 count=1 status=none | od -An -tu1 | tr -d ' ')
    # shellcheck disable=SC2059 # The format is the byte.
    printf "\\x$(printf %02x $((byte ^ 1)))" | dd of="$1" bs=1 seek=1000 conv=notrunc status=none
}

flip "$cache/greeting-mp3.audio"
expect 1 tool cache-inspect verify --config "$config"
contains "$out" 'digest differs: greeting-mp3'
flip "$cache/greeting-mp3.audio"
expect 0 tool cache-inspect verify --config "$config"
truncate -s 100000 "$cache/greeting-opus.audio"
expect 1 tool cache-inspect verify greeting-opus --config "$config"
contains "$out" 'size differs: greeting-opus'
rm "$cache/greeting-opus.audio"
expect 1 tool cache-inspect verify --config "$config"
contains "$out" 'missing file: greeting-opus'
printf '%s\n' "$out"

say "All three commands do what they are for"
