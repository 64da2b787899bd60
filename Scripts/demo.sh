#!/usr/bin/env bash
# Installs what is missing, builds for release, and sends a real recording and 256 MB of generated audio through a
# gateway and back, each compared byte by byte with what was sent.
#
#   Scripts/demo.sh [--build]
#
#   --build     build, and do no more
#
# Environment: SCRATCH_PATH, where to build (default: .build).
set -euo pipefail
# shellcheck source=Scripts/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/support.sh"

readonly generated_bytes=$((256 * 1000 * 1000))

# generate FILE: a WAV header (RIFF, PCM, 16 bits, stereo, 48 kHz) and noise, so that nothing on the way can compress it
# or mistake one part of it for another.
generate() {
    local data=$((generated_bytes - 44))
    little_endian() {
        local value=$1 bytes=$2
        for ((; bytes > 0; bytes--, value >>= 8)); do
            # shellcheck disable=SC2059 # The format is the byte.
            printf "\\x$(printf %02x $((value & 255)))"
        done
    }
    {
        printf RIFF && little_endian $((data + 36)) 4 && printf WAVE
        printf 'fmt ' && little_endian 16 4 && little_endian 1 2 && little_endian 2 2
        little_endian 48000 4 && little_endian $((48000 * 4)) 4 && little_endian 4 2 && little_endian 16 2
        printf data && little_endian "$data" 4
        head -c "$data" /dev/urandom
    } >"$1"
}

# roundtrip FILE: there and back again, with the client's report.
roundtrip() {
    say "Round trip of $(basename "$1") ($(wc -c <"$1" | tr -d ' ') bytes)"
    "$binaries/audio-client" roundtrip --quiet --server "ws://127.0.0.1:$gateway_port/audio" "$1"
}

builds_only=false
case "${1:-}" in
"") ;;
--build) builds_only=true ;;
*) die "unknown argument $1; there is --build" ;;
esac
prepare
cd "$root"
readonly build=(swift build -c release --scratch-path "${SCRATCH_PATH:-.build}")
timed "Release build of gateway" "${build[@]}" --product gateway
timed "Release build of audio-client" "${build[@]}" --product audio-client
if $builds_only; then exit 0; fi
binaries=$("${build[@]}" --show-bin-path)
make_temporary_directory
generate "$temporary/generated.wav"

start_gateway "$temporary/log" \
    "$binaries/gateway" --config Configs/mmap.json --port 0 --cache-dir "$temporary/cache"
say "A gateway listens at ws://127.0.0.1:$gateway_port/audio and keeps its streams in a temporary directory"
roundtrip Samples/hello.mp3
roundtrip "$temporary/generated.wav"
stop_gateway TERM
[ "$gateway_status" -eq 0 ] || die "the gateway ended with status $gateway_status; its log: $(cat "$temporary/log")"
say "Both came back the same, and the gateway stopped in order"
