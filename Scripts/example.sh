#!/usr/bin/env bash
# Builds the backend in a package of its own, runs the promises of the contract over it, and serves it with a gateway
# of its own to the client of this package, which has been built.
#
# EXAMPLE_SCRATCH_PATH is where it is built; its own package unless told.
set -euo pipefail
# shellcheck source=Scripts/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/support.sh"

prepare
cd "$root"
readonly package=Examples/ToyBackend
client=$(swift build --show-bin-path)/audio-client
place=(--package-path "$package" --scratch-path "${EXAMPLE_SCRATCH_PATH:-$package/.build}")
timed "Build of $package" swift build "${place[@]}" --build-tests
say "Test of $package"
swift test "${place[@]}" --skip-build --disable-xctest --quiet

make_temporary_directory
sed 's/"port": *[0-9]*/"port": 0/' "$package/config.json" >"$temporary/config.json"
start_gateway "$temporary/log" "$(swift build "${place[@]}" --show-bin-path)/dictionary-gateway" \
    "$temporary/config.json"
say "A gateway with the dictionary behind it"
"$client" roundtrip --quiet --server "ws://127.0.0.1:$gateway_port/audio" \
    Samples/hello.opus
stop_gateway TERM
[ "$gateway_status" -eq 0 ] || die "the gateway ended with status $gateway_status; its log: $(cat "$temporary/log")"
