#!/usr/bin/env bash
# Makes the reference of the libraries with DocC, into .build/docs or the directory that is named: one archive of all of them,
# so that links from one to another lead there. A link that leads nowhere, or anything else that DocC warns of, fails.
set -euo pipefail
# shellcheck source=Scripts/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/support.sh"

prepare
cd "$root"
output=${1:-.build/docs}
mkdir -p "$output"
# Only this needs the plugin.
export AUDIO_STREAM_CACHE_DOCS=1
targets=()
for target in CacheProtocol BackendTestKit MmapBackend MemoryPoolBackend SQLiteBackend S3Backend TieredBackend; do
    targets+=(--target "$target")
done
timed "Reference" swift package --allow-writing-to-directory "$output" generate-documentation "${targets[@]}" \
    --enable-experimental-combined-documentation --warnings-as-errors --output-path "$output"
say "The reference is in $output"
